/** What the extension adds to the start of an editor: loading its code and calling activate, as VS Code measures them. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { delay } from '../../src/core/base/abort.ts';
import { command } from '../../dev-cluster/start/command.ts';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { startEditor } from '../e2e/harness/editor.ts';
import { copyWorkspace } from '../e2e/harness/workspace.ts';
import { outputFolder } from '../runner/output.ts';
import type { BenchSuite } from './suite.ts';

const sessions = 3;

/** A small built-in extension that starts at the same moment: a busy machine slows both. */
const peer = 'vscode.merge-conflict';

interface Activation {
  readonly load: number;
  readonly activate: number;
}

interface Session {
  readonly ours: Activation;
  readonly theirs: Activation;
}

/** On a folder without pipelines, so that what is measured is what every folder pays. */
export const run: BenchSuite = async (report) => {
  const bundles = join(outputFolder, 'bench');
  const probe = join(bundles, 'activationProbe.js');
  await mkdir(bundles, { recursive: true });
  // The repository is ESM; the extension host requires CommonJS.
  await writeFile(join(bundles, 'package.json'), '{"type":"commonjs"}\n');
  await build({
    entryPoints: [join(repositoryRoot, 'test', 'bench', 'activationProbe.ts')],
    outfile: probe,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  });
  const seen: Session[] = [];
  const extension = await buildAsShipped();
  try {
    for (let session = 0; session < sessions; session++) seen.push(await measure(extension, probe));
  } finally {
    await rm(extension, { recursive: true, force: true });
  }
  for (const part of ['load', 'activate'] as const) {
    report({
      case: part,
      metric: 'ms',
      ours: median(seen.map((one) => one.ours[part])),
      peer,
      theirs: median(seen.map((one) => one.theirs[part])),
    });
  }
};

/** The extension as the package holds it, in a folder of its own: `dist` of the clone stays what it is. */
async function buildAsShipped(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-shipped-'));
  for (const name of ['package.json', 'resources', 'src', 'webviews', 'dev-cluster', 'node_modules'])
    await symlink(join(repositoryRoot, name), join(folder, name));
  await command(process.execPath, [join(repositoryRoot, 'esbuild.mjs'), '--production'], {
    cwd: folder,
    signal: AbortSignal.timeout(120_000),
  });
  return folder;
}

async function measure(extension: string, probe: string): Promise<Session> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-activation-'));
  const path = join(folder, 'report.md');
  const workspace = await copyWorkspace('resources');
  try {
    const editor = await startEditor({
      name: 'activation',
      folder: workspace.folder,
      extension: 'none',
      env: { SLIPWAY_ACTIVATION_REPORT: path },
      serverArgs: ['--enable-smoke-test-driver'],
      payload: { extensionDevelopmentPath: extension, extensionTestsPath: probe },
    });
    try {
      const signal = AbortSignal.timeout(60_000);
      for (;;) {
        const text = await readFile(path, 'utf8').catch(() => '');
        if (text !== '')
          return { ours: activationIn(text, 'slipway.slipway'), theirs: activationIn(text, peer) };
        await delay(200, signal);
      }
    } finally {
      await editor.close();
    }
  } finally {
    await workspace.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A row of the startup report's table: `| extension | eager | load | call | finish | event | by |`. */
function activationIn(text: string, extension: string): Activation {
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const header = rows.find((row) => row.includes('Load Code'));
  const row = rows.find((cells) => cells[1] === extension);
  if (header === undefined || row === undefined)
    throw new Error(`No activation of ${extension} in:\n${text}`);
  const column = (name: string): number => Number(row[header.indexOf(name)]);
  return { load: column('Load Code'), activate: column('Call Activate') + column('Finish Activate') };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
