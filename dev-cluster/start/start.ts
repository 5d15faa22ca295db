/** `npm start`: from a fresh clone to an editor that shows the demo pipeline. Run by bootstrap.mjs on Node 24. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { slipwayHome } from '../../src/clients/embedded.ts';
import { asError, SlipwayError } from '../../src/core/base/errors.ts';
import { openBrowserEditor } from './browserEditor.ts';
import { installCodeServer } from './codeServerInstall.ts';
import { command } from './command.ts';
import { hasDesktopEditor, openDesktopEditor } from './desktopEditor.ts';
import { Phases } from './phases.ts';
import { repositoryRoot } from './root.ts';
import { copySeed } from './seed.ts';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());
const { signal } = stopping;

const say = (line: string): void => console.log(line);
const phases = new Phases(Number(process.env['SLIPWAY_STARTED_AT'] ?? Date.now()), say);
const workspace = join(homedir(), 'slipway-demo');
const cli = join(repositoryRoot, 'dist', 'cli.js');
const node = (...args: string[]): Promise<string> =>
  command(process.execPath, args, { cwd: repositoryRoot, signal });

try {
  await start();
} catch (error) {
  if (!signal.aborted) {
    tell(error);
    process.exitCode = 2;
    // What runs beside the step that failed would keep this process waiting.
    stopping.abort();
  }
}

async function start(): Promise<void> {
  const desktop = await hasDesktopEditor(signal);
  const buildAndStartCluster = async (): Promise<{ readonly isUp: Promise<boolean> }> => {
    await phases.run('building the extension', () => node('esbuild.mjs'));
    return startCluster();
  };
  const [serverFolder, cluster] = await Promise.all([
    desktop ? undefined : phases.run('browser editor', () => installCodeServer(signal)),
    buildAndStartCluster(),
    phases.run(`demo project in ${workspace}`, () => copySeed(workspace, signal)),
  ]);
  if (serverFolder === undefined) {
    const vsix = join(repositoryRoot, 'dist', 'slipway.vsix');
    await phases.run('opening VS Code', async () => {
      await node('package.mjs');
      await openDesktopEditor(workspace, vsix, signal);
    });
    await phases.save(phasesFile());
    say('\nVS Code is open on the demo project. The cluster goes on in the background:');
    say(
      '`npm run slipway down` stops it, `code --uninstall-extension slipway.slipway` removes the extension.',
    );
    return;
  }

  const editor = await phases.run('starting the editor', () =>
    openBrowserEditor(serverFolder, workspace, signal),
  );
  await phases.save(phasesFile());
  say(`\nOpen this in a browser:\n\n  ${editor.url}\n`);
  if (editor.server === undefined) {
    say('It was already running, started by another `npm start`.');
    return;
  }
  say('Ctrl+C stops the editor. The cluster goes on in the background: `npm run slipway down` stops it.');
  const told = tellWhenReady(cluster.isUp);
  await Promise.race([editor.server.ended, aborted()]);
  stopping.abort();
  await editor.server.stop();
  await told;
}

/** Detached: it outlives this command, and the editor need not wait for it. True once pipelines can run. */
async function startCluster(): Promise<{ readonly isUp: Promise<boolean> }> {
  const folder = join(slipwayHome(), 'embedded');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const log = openSync(join(folder, 'npm-start.log'), 'a', 0o600);
  const child = spawn(process.execPath, [cli, 'up', '--json'], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  child.unref();
  return {
    isUp: new Promise((resolve) => {
      child.on('error', () => resolve(false));
      child.on('exit', (code) => {
        if (code === 0) say('slipway: pipelines can run; the rest of the cluster comes up behind');
        else
          say(
            `slipway: the cluster did not start. \`npm run slipway doctor\` says why; the log is ${folder}.`,
          );
        resolve(code === 0);
      });
    }),
  };
}

/** The rest of the cluster takes seconds, or, the first time, as long as its programs take to build. */
async function tellWhenReady(isUp: Promise<boolean>): Promise<void> {
  try {
    if (!(await Promise.race([isUp, aborted().then(() => false)]))) return;
    say('slipway: (the first time its programs are built: about 10 minutes; `npm run slipway status` looks)');
    await node(cli, 'up', '--wait', '--json');
    say('slipway: the whole cluster is ready; `npm run slipway kubeconfig` says where its kubeconfig is');
  } catch (error) {
    if (!signal.aborted) say(`slipway: ${sentenceOf(error)}`);
  }
}

function sentenceOf(error: unknown): string {
  const { message, cause } = asError(error);
  // What the command line says of itself is the better sentence.
  return cause === undefined ? message : asError(cause).message;
}

function phasesFile(): string {
  return join(slipwayHome(), 'editor', 'start-phases.json');
}

async function aborted(): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function tell(error: unknown): void {
  console.error(`\nslipway: ${asError(error).message}`);
  if (!(error instanceof SlipwayError)) return;
  if (error.action !== undefined) console.error(error.action);
  if (error.cause !== undefined) console.error(`(${asError(error.cause).message})`);
}
