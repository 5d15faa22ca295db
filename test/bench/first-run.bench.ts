/**
 * A scripted newcomer with a clock: `npm start` in a fresh clone, with empty caches but the package managers', then two
 * clicks. Milliseconds since the command was typed: the editor is open, ▶ can be pressed, the run is green with its
 * confusion matrix; and how long a second `npm start` takes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { command } from '../../dev-cluster/start/command.ts';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { launchChromium } from '../browser/harness/chromium.ts';
import { runToGreen, showConfusionMatrix, trustAndFindGraph } from '../e2e/harness/newcomer.ts';
import { Workbench } from '../e2e/harness/workbench.ts';
import type { BenchSuite } from './suite.ts';

export const run: BenchSuite = async (report) => {
  const signal = AbortSignal.timeout(15 * 60_000);
  const root = await mkdtemp(join(tmpdir(), 'slipway-first-run-'));
  const clone = join(root, 'slipway');
  // What is committed, as a newcomer gets it.
  await command('git', ['clone', '--quiet', '--local', repositoryRoot, clone], { signal });
  const home = join(root, 'home');
  await mkdir(home);
  // Without Node 24 of this repository: the newcomer's own Node runs the bootstrap.
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    PATH: path,
    SLIPWAY_HOME: join(home, '.slipway'),
    SLIPWAY_CACHE: join(home, '.cache', 'slipway'),
    // The package managers' caches are warm.
    npm_config_cache: join(homedir(), '.npm'),
    UV_CACHE_DIR: join(homedir(), '.cache', 'uv'),
    PIP_CACHE_DIR: join(homedir(), '.cache', 'pip'),
  };
  const browser = await launchChromium(signal);
  try {
    const typed = performance.now();
    const clock = (metric: string): void =>
      report({ case: metric, metric: 'ms', ours: Math.round(performance.now() - typed) });
    const first = await npmStart(clone, env);
    clock('address-printed');
    for (const phase of await phasesOf(join(home, '.slipway')))
      report({
        case: `phase: ${phase.name.replace(/ in \/.*/, '')}`,
        metric: 'ms',
        ours: phase.endedAt - phase.startedAt,
      });
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(first.url);
    const workbench = new Workbench(page);
    await workbench.waitUntilReady();
    clock('editor-open');
    const graph = await trustAndFindGraph(page, workbench);
    clock('first-click-possible');
    await runToGreen(graph, 300_000);
    clock('green');
    await showConfusionMatrix(graph);
    clock('confusion-matrix');
    await page.close();
    await stop(first.child);

    const again = performance.now();
    const second = await npmStart(clone, env);
    report({ case: 'second-npm-start', metric: 'ms', ours: Math.round(performance.now() - again) });
    await stop(second.child);
  } finally {
    await browser.close();
    const node = join(clone, 'node_modules', 'node', 'bin', 'node');
    await command(node, [join(clone, 'dist', 'cli.js'), 'down'], { env, signal }).catch(() => undefined);
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
};

const phasesFile = z.object({
  phases: z.array(z.object({ name: z.string(), startedAt: z.number(), endedAt: z.number() })),
});

/** What `npm start` wrote down of itself; the first is everything before TypeScript ran. */
async function phasesOf(slipwayHome: string) {
  const text = await readFile(join(slipwayHome, 'editor', 'start-phases.json'), 'utf8');
  const { phases } = phasesFile.parse(JSON.parse(text));
  const installed = Math.min(...phases.map(({ startedAt }) => startedAt));
  return [{ name: 'npm packages and Node 24', startedAt: 0, endedAt: installed }, ...phases];
}

/** Resolves with the printed address. */
async function npmStart(
  clone: string,
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn('node', ['bootstrap.mjs', 'start'], {
    cwd: clone,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /http:\S+tkn=\S+/.exec(output);
      if (found !== null) resolve(found[0]);
    });
    child.on('close', (code) => reject(new Error(`npm start ended with ${code ?? 'a signal'}:\n${output}`)));
  });
  return { child, url };
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
}
