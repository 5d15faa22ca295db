/**
 * What the differential suite runs. Nothing is left out in silence: a pipeline that kfp.local cannot run says why, and
 * what we expect of it is written out by hand, as it is for the rest.
 */
import type { JsonObject, JsonValue } from '../../../src/core/base/json.ts';

export interface Case {
  readonly name: string;
  /** From the repository's root. */
  readonly pipeline: string;
  /** `FILES` in a text stands for a folder of this case's own. */
  readonly parameters: JsonObject;
  /** Put into FILES before the run. */
  readonly given: Readonly<Record<string, string>>;
  /** Edits of the pipeline's text for both sides: dice are loaded, so that both throw the same. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  readonly state: 'SUCCEEDED' | 'FAILED';
  /** Of the pipeline; an artifact output is given by its text. `undefined`: whatever the peer says. */
  readonly outputs: JsonObject | undefined;
  /** Text of files that steps wrote into FILES; `null`: must not be there. */
  readonly files: Readonly<Record<string, string | null>>;
  /** More than once: with caching, in the same state. */
  readonly times: number;
  /** Why kfp.local 2.17 cannot be asked, and what shows it in its result, as JSON; a test sees that it still does. */
  readonly peerCannot: readonly [reason: string, shows: RegExp] | undefined;
  /** Why the steps' own results are not compared, only the pipeline's. */
  readonly stepsDiffer: string | undefined;
}

type Options = Partial<Omit<Case, 'name' | 'pipeline'>>;

function define(folder: string, name: string, options: Options = {}, variant = ''): Case {
  return {
    name: variant === '' ? name : `${name} (${variant})`,
    pipeline: `${folder}/${name}.yaml`,
    parameters: {},
    given: {},
    edits: [],
    state: 'SUCCEEDED',
    outputs: undefined,
    files: {},
    times: 1,
    peerCannot: undefined,
    stepsDiffer: undefined,
    ...options,
  };
}

const ours = (name: string, options: Options, variant?: string): Case =>
  define('test/fixtures/pipelines', name, options, variant);
const sample = (name: string, options: Options = {}, variant?: string): Case =>
  define('test/fixtures/kfp/samples', name, options, variant);
const seed = (name: string, options: Options = {}, variant?: string): Case =>
  define('dev-cluster/seed/pipelines', `${name}.pipeline`, options, variant);

const NEEDS_DOCKER: Case['peerCannot'] = [
  'it runs no container components without Docker',
  /Container Component/,
];
const coin = (side: 'heads' | 'tails'): Case['edits'] => [
  ['random.randint(0, 1)', side === 'heads' ? '0' : '1'],
];

const status = (state: string, hasError: boolean): string =>
  JSON.stringify(['done', state, 'exit-handler-1', hasError]).replaceAll(',', ', ');

export const OURS: readonly Case[] = [
  ours('typed_parameters', {
    outputs: {
      number: 42,
      items: [3, 1, 2, 41],
      table: { key: 'value', empty: '', added: `añ "quoted" 'and' \\ {{ braces }}` },
      summary: json([
        42,
        0.25,
        `}} secarb {{ \\ 'dna' "detouq" ña`,
        false,
        [3, 1, 2, 41],
        { added: `añ "quoted" 'and' \\ {{ braces }}`, empty: '', key: 'value' },
      ]),
    },
  }),
  ours(
    'typed_parameters',
    {
      parameters: {
        number: -5,
        ratio: 1e21,
        text: 'line one\nline two\t%s $HOME `x`',
        flag: false,
        items: [],
        table: {},
      },
      outputs: {
        number: -4,
        items: [-5],
        table: { added: 'line one\nline two\t%s $HOME `x`' },
        summary: json([
          -4,
          5e20,
          '`x` EMOH$ s%\towt enil\neno enil',
          true,
          [-5],
          { added: 'line one\nline two\t%s $HOME `x`' },
        ]),
      },
    },
    'other values',
  ),
  ours('artifacts', {
    outputs: {
      data: 'x,y\n1,2\n',
      model: 'sha256:6d6f7836f1e146dc0204afb5133dae52fdc05603d8ac2dc793b481b0e0829fd1',
      seen: json([
        ['a', 'b'],
        'x,y\n1,2\nbare',
        4,
        { nested: { flag: true, list: [1, 2.5, null, 'x'] }, rows: 1 },
        { framework: 'none' },
        { accuracy: 0.75 },
        'some words',
      ]),
    },
  }),
  ours('nested', { outputs: { size: 12, data: 'ab'.repeat(6) } }),
  ours('nested_loops', {
    parameters: { folder: 'FILES' },
    files: { 'x-1': 'made', 'x-2': 'made', 'y-1': 'made', 'y-2': 'made' },
    peerCannot: ['it takes the item of the inner loop for everything that comes from outside it', /"1-1"/],
  }),
  ours('nested_artifacts', {
    outputs: { size: 144, data: 'ab'.repeat(72) },
    peerCannot: [
      'it finds no artifact that is an input of a sub-pipeline',
      /input argument 'data' not found/,
    ],
  }),
  ours('branches', {}, 'heads'),
  ours('branches', { parameters: { kind: 'tails', limit: 9.5, loud: false } }, 'tails'),
  ours('branches', { parameters: { kind: 'rim' } }, 'edge'),
  ...(['a', 'b', 'c'] as const).flatMap((kind) => {
    const said = `said ${kind === 'a' ? 'first' : kind === 'b' ? 'second' : 'third'}`;
    const branch = said.slice(5);
    return [
      ours('one_of_parameter', { parameters: { kind }, outputs: { text: said, used: `said ${said}` } }, kind),
      ours(
        'one_of_artifact',
        {
          parameters: { kind },
          outputs: { text: said, data: `data of ${branch}`, used: `${said}, data of ${branch}, ${branch}` },
          peerCannot: [
            'it refuses an output with several artifact selectors',
            /Expected 1 artifact in ArtifactSelectorSpec/,
          ],
        },
        kind,
      ),
    ];
  }),
  ours('loops', {
    outputs: {
      Output: json([
        [0, 1, 4],
        ['Ada does maths', 'Grace does code'],
      ]),
    },
  }),
  ours(
    'loops',
    {
      parameters: { words: ['only'], count: 1 },
      outputs: { Output: json([[0], ['Ada does maths', 'Grace does code']]) },
    },
    'one item',
  ),
  ours(
    'loops',
    {
      parameters: { words: [], count: 0 },
      outputs: { Output: json([[], ['Ada does maths', 'Grace does code']]) },
      peerCannot: ['it collects nothing at all from a loop over nothing', /Tried to get output/],
    },
    'no items',
  ),
  ours('failing_loop', {
    parameters: { folder: 'FILES' },
    state: 'FAILED',
    files: { '1': '1.0', '2': '0.5', sum: null },
  }),
  ours('collected', { outputs: { text: 'CAB', joined: 'c=c;a=a;b=b;' } }),
  ours('artifact_loop', { outputs: { Output: 8 } }),
  ours('loop_of_branches', { outputs: { Output: -24 } }),
  ours(
    'exit_handler',
    { parameters: { file: 'FILES/end' }, files: { end: status('SUCCEEDED', false) } },
    'body succeeds',
  ),
  ours(
    'exit_handler',
    {
      parameters: { file: 'FILES/end', fail: true },
      state: 'FAILED',
      files: { end: status('FAILED', true) },
    },
    'body fails',
  ),
  ours(
    'exit_handler',
    {
      parameters: { file: 'FILES/end', fail_exit: true },
      state: 'FAILED',
      files: { end: status('SUCCEEDED', false) },
    },
    'exit task fails',
  ),
  ours('ignore_upstream_failure', {
    parameters: { always_file: 'FILES/always', later_file: 'FILES/later', never_file: 'FILES/never' },
    state: 'FAILED',
    files: { always: 'always', later: 'always', never: null },
  }),
  ours('ignore_upstream_failure_default', {
    parameters: { always_file: 'FILES/always', only_after_file: 'FILES/after' },
    state: 'FAILED',
    files: { always: 'nothing came', after: null },
    peerCannot: ['it does not use the default of an input whose producer failed', /task 'work' not found/],
  }),
  ours(
    'ignore_upstream_failure_default',
    {
      parameters: { always_file: 'FILES/always', only_after_file: 'FILES/after', fail: false },
      files: { always: 'worked', after: 'worked' },
    },
    'nothing fails',
  ),
  ours('failure', {
    parameters: { beside_file: 'FILES/beside', behind_file: 'FILES/behind' },
    state: 'FAILED',
    files: { beside: 'worked', behind: null },
    peerCannot: ['it stops at the first failure, whatever else could run', /Inner task failed/],
  }),
  ours(
    'retries',
    {
      parameters: { ledger: 'FILES/ledger' },
      outputs: { Output: 'after 2' },
      files: { ledger: 'try\n'.repeat(2) },
    },
    'second try',
  ),
  ours(
    'retries',
    {
      parameters: { ledger: 'FILES/ledger', succeed_on: 9 },
      state: 'FAILED',
      files: { ledger: 'try\n'.repeat(3) },
    },
    'gives up',
  ),
  ours('retried_pipeline', {
    parameters: { ledger: 'FILES/ledger' },
    outputs: { Output: 2 },
    files: { ledger: 'try\n'.repeat(2) },
    peerCannot: ['it retries steps, not sub-pipelines', /Inner task failed.*flaky/],
  }),
  ours('importer', {
    parameters: { uri: 'FILES/data' },
    given: { data: 'imported' },
    outputs: { Output: json(['imported', {}]) },
  }),
  ours(
    'importer',
    {
      parameters: { uri: 'file://FILES/data' },
      given: { data: 'imported' },
      outputs: { Output: json(['imported', {}]) },
      peerCannot: ['it takes file:// for a part of the path', /Inner task failed.*read/],
    },
    'file URI',
  ),
  ours('optional_inputs', {
    outputs: {
      bare: json(['default', 5, null, [], null]),
      given: json(['pipeline default', 0, 'something', ['a'], 'here']),
    },
  }),
  ours('none_default', {
    outputs: { bare: "'step default'", passed: "'step default'" },
    peerCannot: ['it knows no default of None', /Unknown value type/],
  }),
  ours(
    'none_default',
    { parameters: { text: 'x' }, outputs: { bare: "'step default'", passed: "'x'" } },
    'given',
  ),
  ours('placeholders', { outputs: { joined: 'in-word-in', plain: 'no placeholders' } }),
  ours('run_placeholders', {
    outputs: { Output: 'resolved' },
    peerCannot: ["it has no placeholders for the run's resource name and times", /IndexError/],
  }),
  ours('environment', { outputs: { Output: 'hello there' } }),
  ours('caching', {
    parameters: { ledger: 'FILES/ledger' },
    outputs: { Output: 'same again' },
    files: { ledger: 'cached\nuncached\ndownstream\nkeyed\n' },
  }),
  ours(
    'caching',
    {
      parameters: { ledger: 'FILES/ledger' },
      times: 2,
      outputs: { Output: 'same again' },
      files: { ledger: 'cached\nuncached\ndownstream\nkeyed\nuncached\n' },
    },
    'twice',
  ),
  ours('containers', {
    outputs: { Output: 'some text:--prefix=p:--no-suffix|some text:--prefix=q:--suffix:end!|9' },
    peerCannot: NEEDS_DOCKER,
  }),
  ours('containers', { parameters: { code: 3 }, state: 'FAILED', peerCannot: NEEDS_DOCKER }, 'one fails'),
];

export const SAMPLES: readonly Case[] = [
  sample('artifacts_simple', {
    peerCannot: ['it has no placeholder for a whole list of artifacts', /IndexError/],
  }),
  sample('collected_parameters'),
  sample(
    'if_else_with_oneof_parameters',
    { edits: coin('heads'), outputs: { Output: 'Got heads!' } },
    'heads',
  ),
  sample(
    'if_else_with_oneof_parameters',
    { edits: coin('tails'), outputs: { Output: 'Got tails!' } },
    'tails',
  ),
  sample('kubernetes_create_mount_delete_dynamic_pvc', { state: 'FAILED', peerCannot: NEEDS_DOCKER }),
  sample('kubernetes_node_selector'),
  sample('kubernetes_toleration'),
  sample('metrics_visualization_v2', {
    stepsDiffer: 'it takes the scikit-learn of the day, and shuffles without a seed',
  }),
  sample('pipeline_in_pipeline', { peerCannot: NEEDS_DOCKER }),
  sample('pipeline_with_condition', { edits: coin('heads') }, 'heads'),
  sample('pipeline_with_condition', { edits: coin('tails') }, 'tails'),
  sample('pipeline_with_exit_handler', { state: 'FAILED' }),
  sample('pipeline_with_importer', {
    state: 'FAILED',
    peerCannot: ['its data lies in Google Cloud Storage', /Inner task failed.*train/],
  }),
  sample('pipeline_with_loops'),
  sample('pipeline_with_retry'),
  sample('pipeline_with_string_machine_fields_pipeline_input'),
  sample('two_step_pipeline', { state: 'FAILED', peerCannot: NEEDS_DOCKER }),
];

export const SEED: readonly Case[] = [seed('churn'), seed('churn_search')];

/** A text output that holds JSON; compared by what it says. */
function json(value: JsonValue): string {
  return JSON.stringify(value);
}
