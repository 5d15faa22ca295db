import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPythonFunction, shellCommands } from '../../../src/core/ir/pythonFunction.ts';

const range = { start: 0, end: 0 };
const launcher =
  'program_path=$(mktemp -d)\n\nprintf "%s" "$0" > "$program_path/ephemeral_component.py"\n_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main --component_module_path "$program_path/ephemeral_component.py" "$@"\n';
const args = ['--executor_input', '{{$}}', '--function_to_execute', 'train'];

function install(script: string): ReturnType<typeof readPythonFunction> {
  const texts = ['sh', '-c', script, 'sh', '-ec', launcher, 'def train(): pass\n'];
  return readPythonFunction(
    texts.map((text) => ({ text, range })),
    args,
  );
}

/** As the SDK writes them: kfp 2.17, 2.0, and the betas, each with packages and indexes of the user. */
const head =
  '\nif ! [ -x "$(command -v pip)" ]; then\n    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip\nfi\n\nPIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location ';
const tail = ' && "$0" "$@"\n';
const kfp217 = `'kfp==2.17.0' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<"3.9"'`;

describe('packages to install', () => {
  test.each([
    ['none', `${head}${kfp217}${tail}`, [], [], '2.17.0'],
    [
      'before kfp',
      `${head}'pandas==2.2' 'torch>=2'  &&  python3 -m pip install --quiet --no-warn-script-location ${kfp217}${tail}`,
      ['pandas==2.2', 'torch>=2'],
      [],
      '2.17.0',
    ],
    [
      'with kfp, as the betas did',
      `${head}'pandas' 'kfp==2.0.0-beta.13'${tail}`,
      ['pandas'],
      [],
      '2.0.0-beta.13',
    ],
    [
      'from other indexes',
      `${head}--index-url https://a/simple --extra-index-url https://b/simple --trusted-host https://a/simple 'pandas'  &&  python3 -m pip install --quiet --no-warn-script-location --index-url https://a/simple --extra-index-url https://b/simple --trusted-host https://a/simple ${kfp217}${tail}`,
      ['pandas'],
      ['https://a/simple', 'https://b/simple'],
      '2.17.0',
    ],
    [
      'with markers, extras, quotes and URLs',
      `${head}"x; python_version<'3.9'" 'mlflow[extras]' 'git+https://g/x@main#egg=x' 'kfp-kubernetes'${tail}`,
      ["x; python_version<'3.9'", 'mlflow[extras]', 'git+https://g/x@main#egg=x', 'kfp-kubernetes'],
      [],
      undefined,
    ],
    [
      'in a new venv',
      `\nexport PIP\ntmp=$(mktemp -d)\npython3 -m venv "$tmp/venv" --system-site-packages\n. "$tmp/venv/bin/activate"\n${head}'x'${tail}`,
      ['x'],
      [],
      undefined,
    ],
  ])('%s', (_name, script, packages, indexes, kfpVersion) => {
    const python = install(script);
    expect(python?.packages).toEqual(packages);
    expect(python?.pipIndexUrls).toEqual(indexes);
    expect(python?.kfpVersion).toBe(kfpVersion);
    expect(python?.functionName).toBe('train');
    expect(python?.source).toBe('def train(): pass\n');
  });
});

test.each([
  ['a container', ['sh', '-c', 'echo'], []],
  ['a containerized component: its image holds the source', ['python3', '-m', 'kfp.dsl.executor_main'], args],
  ['no function named', ['sh', '-ec', launcher, 'def f(): pass'], ['--executor_input', '{{$}}']],
])('%s is no lightweight component', (_name, command, arguments_) => {
  expect(
    readPythonFunction(
      command.map((text) => ({ text, range })),
      arguments_,
    ),
  ).toBeUndefined();
});

test('words are the shell’s words', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    ' ',
    "'",
    '"',
    '\\"',
    "\\'",
    '==',
    '<',
    '-',
    '\t',
    "'x y'",
    '"x y"',
    '"it\'s"',
  );
  const scripts = fc
    .sample(fc.array(piece, { maxLength: 12 }), { numRuns: 120, seed: 7 })
    .map((pieces) => pieces.join(''))
    // Redirections and open quotes are not what the SDK writes.
    .filter((text) => !text.includes('<') && isBalanced(text));
  expect(scripts.length).toBeGreaterThan(20);
  const program = scripts.map(
    (text) => `set -- ${text}\nfor word in "$@"; do printf '%s\\n' "$word"; done\necho ---`,
  );
  const shell = execFileSync('sh', ['-c', program.join('\n')], { encoding: 'utf8' });
  const ours = scripts.map((text) => [...(shellCommands(text)[0] ?? []), '---\n'].join('\n')).join('');
  expect(ours).toBe(shell);
});

function isBalanced(text: string): boolean {
  try {
    execFileSync('sh', ['-n', '-c', `set -- ${text}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
