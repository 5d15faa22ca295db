/**
 * Runs the host suite in VS Code's server with a headless Chromium: no Electron needed.
 *
 * A crashed extension host is reported with exit code 0 (seen: SIGKILL, abort() and process.exit(3) alike), so the code
 * alone proves nothing. A run is good only when all of these hold: code 0, a report written by this very run in which
 * every test found has passed, and the server's line that the host left by itself.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { delay } from '../../src/core/base/abort.ts';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { startEditor } from '../e2e/harness/editor.ts';
import { bundleHostSuite } from './bundle.ts';
import { faults, readHostReport, type HostRun } from './report.ts';

const cleanExit = 'Extension Host Process exited with code: 0, signal: null';

/** `onOutput`: what the tests and the host print. */
export async function runHostSuite(onOutput: (text: string) => void, signal: AbortSignal): Promise<HostRun> {
  const suite = await bundleHostSuite();
  const first = await runOnce(suite, onOutput, signal);
  // Seen once in 30 runs: every test passed, and the server's line did not come. Cause unknown.
  return first.onlyLineMissing ? runOnce(suite, onOutput, signal) : first;
}

async function runOnce(
  suite: string,
  onOutput: (text: string) => void,
  signal: AbortSignal,
): Promise<HostRun & { readonly onlyLineMissing: boolean }> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-host-'));
  const reportPath = join(folder, 'report.json');
  const workspace = join(folder, 'workspace');
  await cp(join(repositoryRoot, 'test', 'fixtures', 'kfp', 'samples'), workspace, { recursive: true });
  const { promise: exited, resolve: exit } = Promise.withResolvers<number>();
  try {
    const editor = await startEditor({
      name: 'host',
      folder: workspace,
      extension: 'none',
      env: { SLIPWAY_HOST_REPORT: reportPath },
      serverArgs: ['--enable-smoke-test-driver'],
      payload: { extensionDevelopmentPath: repositoryRoot, extensionTestsPath: suite },
      preparePage: async (page) => {
        await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) =>
          onOutput(`${format(...args)}\n`),
        );
        await page.exposeFunction('codeAutomationExit', exit);
      },
    });
    try {
      const code = await within(exited, 10 * 60_000, signal);
      await waitFor(() => editor.serverOutput().includes(cleanExit), 5_000, signal);
      const report = await readHostReport(reportPath);
      const found = faults(report);
      const lineMissing = !editor.serverOutput().includes(cleanExit);
      return {
        report,
        faults: [
          ...found,
          ...(code === undefined ? ['The suite did not end in ten minutes.'] : []),
          ...(code !== undefined && code !== 0 ? [`The extension host's run ended with ${code}.`] : []),
          ...(lineMissing ? ['The extension host did not leave by itself.'] : []),
        ],
        onlyLineMissing: lineMissing && code === 0 && found.length === 0,
      };
    } finally {
      await editor.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `undefined` when it does not come in time; leaves no timer behind. */
async function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal): Promise<T | undefined> {
  const came = new AbortController();
  const timeout = delay(ms, AbortSignal.any([signal, came.signal])).then(
    () => undefined,
    () => undefined,
  );
  return Promise.race([promise, timeout]).finally(() => came.abort());
}

async function waitFor(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition() && Date.now() < end) await delay(50, signal);
}
