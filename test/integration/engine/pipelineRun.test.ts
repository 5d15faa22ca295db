/** `slipway pipeline run` as its users meet it: a process, its lines, its exit code. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { dag, input, pipeline, step, task, value } from '../../builders/irSpec.ts';
import { cli } from '../../cli.ts';

const event = z.looseObject({ event: z.string() });

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway-cli-'));
  file = join(home, 'p.pipeline.yaml');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const work = step({
  command: ['sh', '-ec', 'printf "%s" "$0" > "$1"'],
  args: ["{{$.inputs.parameters['x']}}", "{{$.outputs.parameters['Output'].output_file}}"],
  in: { x: 'NUMBER_INTEGER' },
  out: { Output: 'NUMBER_INTEGER' },
});

function write(
  root = dag(
    { a: task('work', { parameters: { x: input('n') } }) },
    {
      in: { n: 'NUMBER_INTEGER', l: { parameterType: 'LIST', defaultValue: [], isOptional: true } },
      out: { n: 'NUMBER_INTEGER' },
      outputs: { parameters: { n: value('a') } },
    },
  ),
  components = { work },
): void {
  writeFileSync(file, JSON.stringify(pipeline(root, components).pipelineSpec));
}

function slipway(args: readonly string[], onStart?: (child: ReturnType<typeof spawn>) => void) {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, SLIPWAY_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onStart?.(child);
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise<{ code: number | null; lines: string[]; errors: string }>((resolve) => {
    child.once('close', (code) =>
      resolve({ code, lines: out.split('\n').filter((line) => line !== ''), errors }),
    );
  });
}

test('a run that succeeds: events, outputs, exit code 0', async () => {
  write();
  const { code, lines } = await slipway(['pipeline', 'run', file, '--local', '--json', '--param', 'n=7']);
  const events = lines.map((line) => event.parse(JSON.parse(line)));
  expect(events.at(-1)).toMatchObject({ event: 'run', state: 'SUCCEEDED', outputs: { n: 7 } });
  const states = events.filter(({ scopePath }) => scopePath === 'a').map(({ state }) => state);
  // A note on a task (its Python environment is being made) says its state again.
  expect([...new Set(states)]).toEqual(['RUNNING', 'SUCCEEDED']);
  const log = events.find(({ scopePath, state }) => scopePath === 'a' && state === 'SUCCEEDED')?.['log'];
  expect(existsSync(z.string().parse(log))).toBe(true);
  expect(code).toBe(0);
});

test('a run that fails: exit code 1, and where the log is', async () => {
  write(dag({ a: task('work') }), { work: step({ command: ['sh', '-c', 'exit 3'] }) });
  const { code, lines } = await slipway(['pipeline', 'run', file, '--local']);
  expect(code).toBe(1);
  expect(lines.join('\n')).toMatch(/failed +a: It ended with exit code 3\. Log: \/.*\.log/);
});

test.each([
  [['--param', 'n=one'], /The parameter n is an integer, but one isn't/],
  [['--param', 'm=1'], /no parameter m/],
  [['--param', 'n=1', '--param', 'l={}'], /The parameter l is a list/],
  [['--param', 'n'], /has no value/],
  [[], /parameter n has no value and no default/],
])('%j is a mistake of the caller: exit code 2 and one sentence', async (args, sentence) => {
  write();
  const { code, errors } = await slipway(['pipeline', 'run', file, '--local', ...args]);
  expect(code).toBe(2);
  expect(errors).toMatch(sentence);
  expect(errors.trim().split('\n').length).toBeLessThanOrEqual(2);
});

test('what is no pipeline is said so', async () => {
  writeFileSync(file, 'a: 1');
  const { code, errors } = await slipway(['pipeline', 'run', file, '--local']);
  expect(code).toBe(2);
  expect(errors).toContain(file);
});

test('Ctrl+C terminates the run', async () => {
  const running = join(home, 'running');
  write(dag({ a: task('work') }), { work: step({ command: ['sh', '-c', `touch ${running}; sleep 600`] }) });
  const { code, lines } = await slipway(['pipeline', 'run', file, '--local', '--json'], (child) => {
    const timer = setInterval(() => {
      if (!existsSync(running)) return;
      clearInterval(timer);
      child.kill('SIGINT');
    }, 20);
  });
  expect(event.parse(JSON.parse(lines.at(-1) ?? ''))).toMatchObject({ event: 'run', state: 'CANCELED' });
  expect(code).toBe(1);
});
