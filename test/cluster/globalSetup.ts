/** One whole embedded cluster for all files of this project; at the end nothing of it may be left. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { processesIn } from './processes.ts';
import { slipway } from './slipway.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** SLIPWAY_HOME of the running cluster. */
    readonly home: string;
  }
}

/** `$SLIPWAY_TEST_CLUSTER`, while you work: the home of a cluster that you have started yourself. It is left running. */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const own = process.env['SLIPWAY_TEST_CLUSTER'];
  if (own !== undefined) {
    project.provide('home', own);
    return undefined;
  }
  // Folders have such names on people's machines.
  const home = await mkdtemp(join(await realpath(tmpdir()), 'slipway clüster '));
  const { code, stderr } = await slipway(home, ['up', '--wait']);
  if (code !== 0) {
    const { stdout } = await slipway(home, ['status']);
    const log = await slipway(home, ['logs', 'supervisor']);
    await tearDown(home);
    throw new Error(`The cluster did not start: ${stderr}\n${stdout}\n${log.stdout.slice(-4_000)}`);
  }
  project.provide('home', home);
  return () => tearDown(home);
}

async function tearDown(home: string): Promise<void> {
  const { code, stderr } = await slipway(home, ['down']);
  const left = processesIn(home);
  if (code !== 0 || left.length > 0)
    throw new Error(`slipway down left processes in ${home}: ${stderr}\n${left.join('\n')}`);
  await rm(home, { recursive: true, force: true });
}
