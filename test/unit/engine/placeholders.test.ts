import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TaskError } from '../../../dev-cluster/embedded/kfp/engine/errors.ts';
import { evaluateCondition, selectValue } from '../../../dev-cluster/embedded/kfp/engine/expressions.ts';
import type { ExecutorInput } from '../../../dev-cluster/embedded/kfp/engine/executorInput.ts';
import {
  resolveCommand,
  resolveText,
  type Names,
} from '../../../dev-cluster/embedded/kfp/engine/placeholders.ts';
import { parseOutputText, toText } from '../../../dev-cluster/embedded/kfp/engine/values.ts';
import type { JsonValue } from '../../../src/core/base/json.ts';

const names: Names = {
  jobName: 'my run',
  jobResourceName: 'pipe-1a2b3',
  jobId: 'run-id',
  taskName: 'train',
  taskId: 'task-id',
  pipelineRoot: '/root/of/all',
  createTime: '2026-11-24T06:00:00Z',
  scheduleTime: '2026-11-24T06:00:01Z',
  workspacePath: '/work/space',
};

const dataset = {
  name: 'data',
  type: { schemaTitle: 'system.Dataset' },
  uri: '/a/data',
  metadata: { rows: 3, owner: 'me "x"' },
};

const input: ExecutorInput = {
  parameters: new Map<string, JsonValue>([
    ['n', 5],
    ['tiny', 1e-7],
    ['huge', 1e21],
    ['b', true],
    ['l', [1, 'a']],
    ['d', { k: 1 }],
    ['s', 'say "hi"'],
    ['evil', "{{$.inputs.parameters['s']}}"],
    ['nothing', null],
  ]),
  inputArtifacts: new Map([['data', [dataset, { ...dataset, uri: '/b/data' }]]]),
  outputParameterFiles: new Map([['o', '/out/o']]),
  outputArtifacts: new Map([['model', [{ name: 'model', type: {}, uri: '/out/model', metadata: {} }]]]),
  mirror: undefined,
  outputFile: '/out/executor_output.json',
  json: '{"inputs":{}}',
};

describe('placeholders', () => {
  test.each([
    ['{{$}}', '{"inputs":{}}'],
    ["{{$.inputs.parameters['n']}}", '5'],
    ["{{$.inputs.parameters['tiny']}} {{$.inputs.parameters['huge']}}", '0.0000001 1000000000000000000000'],
    ["{{$.inputs.parameters['b']}}", 'true'],
    ["{{$.inputs.parameters['l']}}", '[1,"a"]'],
    ["x-{{$.inputs.parameters['d']}}-y", 'x-{"k":1}-y'],
    ["{{$.inputs.parameters['nothing']}} {{$.inputs.parameters['absent']}}", 'null null'],
    ["{{$.inputs.artifacts['data'].uri}}", '/a/data'],
    ["{{$.inputs.artifacts['data'].path}}", '/a/data'],
    ["{{$.inputs.artifacts['data'].metadata['rows']}}", '3'],
    ["{{$.inputs.artifacts['data'].metadata}}", '{"rows":3,"owner":"me \\"x\\""}'],
    ["{{$.outputs.parameters['o'].output_file}}", '/out/o'],
    ["{{$.outputs.artifacts['model'].uri}}", '/out/model'],
    [
      '{{$.outputs.output_file}} {{$.outputMetadataUri}}',
      '/out/executor_output.json /out/executor_output.json',
    ],
    [
      '{{$.pipeline_job_name}}|{{$.pipeline_job_resource_name}}|{{$.pipeline_job_uuid}}',
      'my run|pipe-1a2b3|run-id',
    ],
    ['{{$.pipeline_task_name}}|{{$.pipeline_task_uuid}}|{{$.pipeline_root}}', 'train|task-id|/root/of/all'],
    ['{{$.pipeline_job_create_time_utc}}', '2026-11-24T06:00:00Z'],
    ['{{$.pipeline_job_schedule_time_utc}}', '2026-11-24T06:00:01Z'],
    ['{{$.workspace_path}}/x', '/work/space/x'],
    ["{{$.inputs.parameters['s'].json_escape[1]}}", 'say \\"hi\\"'],
    ['{{$.json_escape[1]}}', '{\\"inputs\\":{}}'],
    // Not one that KFP knows, and not a placeholder at all.
    ['{{$.unknown}} {{ x }} $5', '{{$.unknown}} {{ x }} $5'],
    // What a value contains is data.
    ["{{$.inputs.parameters['evil']}}", "{{$.inputs.parameters['s']}}"],
  ])('%s', (template, text) => {
    expect(resolveText(template, input, names)).toBe(text);
  });

  test('a whole list of artifacts is JSON', () => {
    const text = resolveText("{{$.inputs.artifacts['data']}}", input, names);
    expect(JSON.parse(text)).toMatchObject([{ uri: '/a/data' }, { uri: '/b/data' }]);
  });

  test.each([
    ['{"Concat": ["a", "{{$.inputs.parameters[\'n\']}}", "b"]}', ['a5b']],
    ['{"IfPresent": {"InputName": "n", "Then": ["--n", "{{$.inputs.parameters[\'n\']}}"]}}', ['--n', '5']],
    ['{"IfPresent": {"InputName": "nothing", "Then": ["--n"], "Else": "none"}}', ['none']],
    ['{"IfPresent": {"InputName": "absent", "Then": ["--n"]}}', []],
    ['{"IfPresent": {"InputName": "data", "Then": "there"}}', ['there']],
    [
      '{"IfPresent": {"InputName": "n", "Then": [{"Concat": ["--x=", {"IfPresent": {"InputName": "absent", "Then": "1", "Else": "2"}}]}]}}',
      ['--x=2'],
    ],
    ['{"Concatenate": []}', ['{"Concatenate": []}']],
    ['{"Concat": [', ['{"Concat": [']],
  ])('%s', (element, argv) => {
    expect(resolveCommand([element], input, names)).toEqual(argv);
  });

  test('a structure that KFP does not know is refused', () => {
    expect(() => resolveCommand(['{"Concat": 5}'], input, names)).toThrow(TaskError);
  });
});

describe('expressions', () => {
  const values = new Map<string, JsonValue>([
    ['i', 5],
    ['d', 2.5],
    ['s', 'heads'],
    ['b', true],
  ]);
  const p = (name: string) => `inputs.parameter_values['${name}']`;

  // As kfp.compiler writes them.
  test.each([
    [`int(${p('i')}) > 4`, true],
    [`${p('i')} == 5`, true],
    [`double(${p('d')}) <= 2.4`, false],
    [`${p('s')} == 'heads'`, true],
    [`!(${p('s')} == 'heads') && ${p('b')} == true`, false],
    [`${p('b')} == false || ${p('i')} != 5`, false],
    [`${p('s')} == 5`, false],
  ])('%s', (condition, isTrue) => {
    expect(evaluateCondition(condition, values)).toBe(isTrue);
  });

  test.each([p('s'), `${p('gone')} == 1`, 'not cel (', `${p('i')} + 1`])('%s is refused', (condition) => {
    expect(() => evaluateCondition(condition, values)).toThrow(TaskError);
  });

  test('is never code, and knows no prototypes', () => {
    expect(() => evaluateCondition('process.exit()', values)).toThrow(TaskError);
    expect(() => evaluateCondition("inputs.parameter_values['constructor'] != null", values)).toThrow(
      TaskError,
    );
  });

  test.each<[JsonValue, string, JsonValue]>([
    [{ a: 1, b: { c: [1, 'x'] } }, 'parseJson(string_value)["a"]', 1],
    [{ a: 1, b: { c: [1, 'x'] } }, 'parseJson(string_value)["b"]["c"]', [1, 'x']],
    ['{"a": {"k": true}}', 'parseJson(string_value)["a"]', { k: true }],
    [[1, 2, 3], 'parseJson(string_value)[2]', 3],
    [7, 'string_value', '7'],
    [{ a: 'x' }, 'struct_value.a', 'x'],
  ])('select from %j by %s', (from, selector, expected) => {
    expect(selectValue(selector, from)).toEqual(expected);
  });

  test('a missing key is a sentence', () => {
    expect(() => selectValue('parseJson(string_value)["zz"]', { a: 1 })).toThrow(/zz.*can't be evaluated/);
  });
});

describe('values', () => {
  test('every number comes back from its text, without an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = toText(value);
        expect(text).not.toContain('e');
        expect(Number(text)).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  test.each<[Parameters<typeof parseOutputText>[1], string, JsonValue]>([
    ['STRING', ' as it is\n', ' as it is\n'],
    ['NUMBER_INTEGER', '42\n', 42],
    ['NUMBER_DOUBLE', ' 1e3 ', 1000],
    ['BOOLEAN', 'True\n', true],
    ['BOOLEAN', 'false', false],
    ['LIST', '[1, {"a": null}]', [1, { a: null }]],
    ['STRUCT', '{"a": [1]}', { a: [1] }],
  ])('%s from %j', (type, text, expected) => {
    expect(parseOutputText('o', type, text)).toEqual(expected);
  });

  test.each<[Parameters<typeof parseOutputText>[1], string]>([
    ['NUMBER_INTEGER', '4.5'],
    ['NUMBER_DOUBLE', ''],
    ['NUMBER_DOUBLE', 'NaN'],
    ['BOOLEAN', 'yes'],
    ['LIST', '{}'],
    ['STRUCT', '[]'],
    ['STRUCT', '{'],
  ])('%s is not %j', (type, text) => {
    expect(() => parseOutputText('o', type, text)).toThrow(TaskError);
  });
});
