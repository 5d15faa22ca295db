/** Runs the host suite in the desktop editor: on the oldest version that package.json promises, and on stable. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { z } from 'zod';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { slipwayCache } from '../../src/clients/embedded.ts';
import { asError } from '../../src/core/base/errors.ts';
import { bundleHostSuite } from './bundle.ts';
import { faults, readHostReport, type HostRun } from './report.ts';

const manifest = z.object({ engines: z.object({ vscode: z.string() }) });

/** Downloads each version once, into the cache. Needs a display: on Linux, run it under xvfb-run. */
export async function runElectronSuites(): Promise<readonly HostRun[]> {
  const { engines } = manifest.parse(
    JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')),
  );
  const suite = await bundleHostSuite();
  const runs: HostRun[] = [];
  for (const version of [engines.vscode.replace('^', ''), 'stable']) runs.push(await runOnce(version, suite));
  return runs;
}

async function runOnce(version: string, suite: string): Promise<HostRun> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-electron-'));
  const reportPath = join(folder, 'report.json');
  const workspace = join(folder, 'workspace');
  await cp(join(repositoryRoot, 'test', 'fixtures', 'kfp', 'samples'), workspace, { recursive: true });
  try {
    const ended = await runTests({
      version,
      cachePath: join(slipwayCache(), 'vscode'),
      extensionDevelopmentPath: repositoryRoot,
      extensionTestsPath: suite,
      extensionTestsEnv: { SLIPWAY_HOST_REPORT: reportPath, SLIPWAY_HOME: join(folder, 'home') },
      launchArgs: [
        workspace,
        '--disable-extensions',
        '--disable-workspace-trust',
        ...['--user-data-dir', join(folder, 'data')],
      ],
    }).then(
      () => [],
      (error: unknown) => [`VS Code ${version}: ${asError(error).message}`],
    );
    const report = await readHostReport(reportPath);
    return { report, faults: [...faults(report), ...ended] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
