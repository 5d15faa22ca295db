/** `npm test [-- stage…] [--nightly]`: every stage, cheap ones first. Run by bootstrap.mjs on Node 24. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findProgram } from '../dev-cluster/embedded/binaries/find.ts';
import { programs } from '../dev-cluster/embedded/binaries/programs.ts';
import { installCodeServer } from '../dev-cluster/start/codeServerInstall.ts';
import { repositoryRoot } from '../dev-cluster/start/root.ts';
import { asError } from '../src/core/base/errors.ts';
import { ensureChromium } from './browser/harness/chromium.ts';
import { runHostSuite } from './host/browser.ts';
import { runElectronSuites } from './host/electron.ts';
import type { HostRun } from './host/report.ts';
import { outputFolder } from './runner/output.ts';
import { programStage } from './runner/program.ts';
import { failedCount, type Stage, type StageResult } from './runner/stage.ts';
import { vitestStage } from './runner/vitestStage.ts';

const bin = (...path: string[]): string => join(repositoryRoot, 'node_modules', ...path);
const tsc = bin('typescript', 'bin', 'tsc');

const stageLimitMs = 40 * 60_000;

/** The cluster's Go programs, built where nobody has them: minutes that no test's own limit could hold. */
const programsStage: Stage = {
  name: 'programs',
  async run({ log, signal }) {
    for (const { name } of programs)
      await findProgram(name, { report: (line) => log(`${name}: ${line}\n`), signal });
    return { found: 1, passed: 1, failures: [] };
  },
};

/** The editor and the browser that the last stages drive: a fault here is the stage's, not a skipped test. */
const editorsStage: Stage = {
  name: 'editors',
  async run({ signal }) {
    await installCodeServer(signal);
    await ensureChromium(signal);
    return { found: 1, passed: 1, failures: [] };
  },
};

/** The host suite, in the server that every machine can run. */
const hostStage: Stage = {
  name: 'host',
  async run({ log, signal }) {
    return hostResult([await runHostSuite(log, signal)]);
  },
};

/** The same suite in the desktop editor, where its download and a display can be had: only when asked for. */
const electronStage: Stage = {
  name: 'electron',
  async run() {
    return hostResult(await runElectronSuites());
  },
};

function hostResult(runs: readonly HostRun[]): StageResult {
  return {
    found: runs.reduce((sum, { report }) => sum + (report?.found ?? 1), 0),
    passed: runs.reduce((sum, { report }) => sum + (report?.passed ?? 0), 0),
    failures: runs.flatMap(({ faults }) => faults),
  };
}

/** What only reads the sources, the longest first: each keeps one core busy, so two of them run at a time. */
const checks: readonly Stage[] = [
  programStage('lint', [[bin('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0']]),
  programStage(
    'types',
    ['src/core', '.', 'webviews', 'test'].map((project) => [tsc, '-p', project]),
  ),
  programStage('format', [[bin('prettier', 'bin', 'prettier.cjs'), '--check', '.']]),
  // The bundles and the .vsix as they ship: what the later stages test is what users get.
  programStage('build', [['esbuild.mjs', '--production'], ['package.mjs']]),
];
const CHECKS_AT_ONCE = 2;

/** One after the other: these want the whole machine. */
const suites: readonly Stage[] = [
  vitestStage('unit'),
  vitestStage('contract'),
  programsStage,
  vitestStage('integration'),
  vitestStage('cluster'),
  editorsStage,
  vitestStage('browser'),
  hostStage,
  vitestStage('e2e'),
];
const stages = [...checks, ...suites];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { nightly: { type: 'boolean', default: false } },
});
const known = [...stages, electronStage];
const unknown = positionals.filter((name) => !known.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`No stage ${unknown.join(', ')}. There are: ${known.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const wanted = positionals.length > 0 ? known.filter(({ name }) => positionals.includes(name)) : stages;

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());

// Some containers forbid it; then each step of each test compiles what it imports.
delete process.env['PYTHONDONTWRITEBYTECODE'];
if (wanted.some(({ name }) => name === 'build')) process.env['SLIPWAY_TEST_CLI'] = join('dist', 'cli.js');

await mkdir(outputFolder, { recursive: true });
const totals = { passed: 0, failed: 0 };
await runStages(
  wanted.filter((stage) => checks.includes(stage)),
  CHECKS_AT_ONCE,
);
await runStages(
  wanted.filter((stage) => !checks.includes(stage)),
  1,
);
if (stopping.signal.aborted) {
  console.error('Stopped.');
  process.exit(130);
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);

async function runStages(some: readonly Stage[], atOnce: number): Promise<void> {
  const waiting = [...some];
  const runWaiting = async (): Promise<void> => {
    for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift()) {
      if (stopping.signal.aborted) return;
      const result = await runStage(stage);
      totals.passed += result.passed;
      totals.failed += failedCount(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runWaiting));
}

async function runStage(stage: Stage): Promise<StageResult> {
  const started = performance.now();
  const logPath = join(outputFolder, `${stage.name}.log`);
  const log = createWriteStream(logPath);
  const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(stageLimitMs)]);
  let result: StageResult;
  try {
    result = await stage.run({ log: (text) => log.write(text), nightly: values.nightly, signal });
  } catch (error) {
    result = { found: 1, passed: 0, failures: [describe(error)] };
  }
  await new Promise((resolve) => log.end(resolve));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const counts = `${result.passed} of ${result.found} passed`;
  console.log(`${stage.name.padEnd(12)} ${counts.padEnd(22)} ${seconds.padStart(6)} s`);
  if (failedCount(result) > 0) {
    for (const failure of result.failures) console.log(`\n✖ ${failure.slice(0, 6_000)}`);
    console.log(`\nThe whole output of this stage: ${logPath}\n`);
  }
  return result;
}

function describe(error: unknown): string {
  const { message, cause } = asError(error);
  return cause === undefined ? message : `${message}\n${asError(cause).message}`;
}
