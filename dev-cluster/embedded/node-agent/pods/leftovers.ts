/** Containers that run without anybody who looks after them. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { slipwayHome } from '../../../../src/clients/embedded.ts';
import { isSameProcess } from '../../processes.ts';
import { signalGroup } from '../../kfp/engine/attemptProcess.ts';
import { besidesIn } from './besides.ts';
import { type EngineContainer, removeContainer } from '../images/containerEngine.ts';
import { Instance, killGroups } from './instance.ts';

const GRACE_MS = 5_000;
const POLL_MS = 50;
const FIND_TIMEOUT_MS = 10_000;

/** The nodes' folders: `<node>/pods/<uid>/containers/<name>/<attempt>`. */
export function nodesFolder(home = slipwayHome()): string {
  return join(home, 'embedded', 'nodes');
}

/**
 * Stops every container of this home: SIGTERM, and SIGKILL after 5 seconds. For when no agent runs any more (`slipway
 * down`): one that does would start them again.
 */
export async function stopLeftoverContainers(home = slipwayHome()): Promise<void> {
  const nodes = nodesFolder(home);
  const pods = await Promise.all(
    (await list(nodes)).map(async (node) => {
      const folder = join(nodes, node, 'pods');
      return (await list(folder)).map((uid) => join(folder, uid));
    }),
  );
  await stopContainersOf(pods.flat());
}

/** The same for some pods' folders. */
export async function stopContainersOf(podFolders: readonly string[], graceMs = GRACE_MS): Promise<void> {
  const running = (await Promise.all(podFolders.map(runningIn))).flat();
  if (running.length === 0) return;
  for (const { pid } of running) signalGroup(pid, 'SIGTERM');
  const until = Date.now() + graceMs;
  const isAlive = ({ pid, identity }: Leader): boolean => isSameProcess(pid, identity);
  while (running.some(isAlive) && Date.now() < until) await delay(POLL_MS);
  // Also where the leader is gone: others of its group may have stayed.
  await killGroups(running.map(({ pid }) => pid));
  for (const { engineContainer } of running)
    if (engineContainer !== undefined) await removeContainer(engineContainer);
}

interface Leader {
  readonly pid: number;
  readonly identity: string;
  readonly engineContainer?: EngineContainer | undefined;
}

async function runningIn(podFolder: string): Promise<readonly Leader[]> {
  const containers = join(podFolder, 'containers');
  const signal = AbortSignal.timeout(FIND_TIMEOUT_MS);
  const instances = await Promise.all(
    (await list(containers)).map((name) => Instance.restore(join(containers, name), signal)),
  );
  return instances.flat().flatMap(({ record, running, besidesFolder }) => {
    running?.ended.catch(() => undefined);
    const besides = besidesIn(besidesFolder).map(({ pid, started }) => ({ pid, identity: started }));
    if (running === undefined) return besides;
    return [{ ...running, engineContainer: record.engineContainer }, ...besides];
  });
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
