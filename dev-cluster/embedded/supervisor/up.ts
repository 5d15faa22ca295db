/** `slipway up`: starts the supervisor, if need be, and waits. */
import { mkdir } from 'node:fs/promises';
import { delay } from '../../../src/core/base/abort.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { isAtLeast } from '../../../src/core/base/versions.ts';
import { ownBuild } from './build.ts';
import { startProcess, type Supervised } from './childProcess.ts';
import { internalCommand } from './component.ts';
import { components } from './components.ts';
import { stopSupervisor } from './down.ts';
import { lastLogLine } from './logFile.ts';
import { componentLog, supervisorPaths } from './paths.ts';
import {
  isSupervisorAlive,
  readStatus,
  report,
  type ClusterStatus,
  type ComponentStatus,
  type ReportedComponent,
} from './status.ts';
import { wake } from './wake.ts';
import { changeWanted, isWanted, readWanted, type Wanted } from './wanted.ts';

const POLL_MS = 50;
const UP_TIMEOUT_MS = 180_000;
/** Programs may have to be built. */
const WAIT_TIMEOUT_MS = 60 * 60_000;
/** A supervisor that stops, or loses to another, is followed by another try. */
const MAX_STARTS = 5;

export interface UpProgress {
  readonly component: string;
  readonly message: string;
  readonly fraction?: number;
}

export interface UpOptions {
  /** For every component, not only for those without which the editor can't work. */
  readonly waitForAll: boolean;
  readonly onProgress: (progress: UpProgress) => void;
}

/**
 * Resolves when all that is needed is ready. Any number may run at once: one supervisor wins, all wait for it. What was
 * stopped by name is started again. A cluster of another build gives way to this one's. Aborting stops the waiting, not the cluster.
 */
export async function up(
  { waitForAll, onProgress }: UpOptions,
  signal: AbortSignal,
): Promise<readonly ReportedComponent[]> {
  const paths = supervisorPaths();
  await makeFolder(paths.folder);
  const timeoutMs = waitForAll ? WAIT_TIMEOUT_MS : UP_TIMEOUT_MS;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  // An old failure does not count: the supervisor is woken and tries again.
  const startedAt = Date.now();
  await changeWanted(onlyStarted, limit);
  const wanted = await readWanted();
  const wantedNames = new Set(
    components.filter((component) => isWanted(component, wanted)).map(({ name }) => name),
  );
  await wake();
  const said = new Map<string, string>();
  let own: Supervised | undefined;
  let hasReplaced = false;
  let starts = 0;
  for (;;) {
    const status = await readStatus(paths);
    if (isSupervisorAlive(status) && !hasReplaced && givesWay(status)) {
      // Once: two builds that are asked at the same time would go on for ever.
      hasReplaced = true;
      const { release } = status.build;
      onProgress({
        component: 'supervisor',
        message: `What runs is another build of Slipway (${release}): it stops and starts anew, all data is kept`,
      });
      await stopSupervisor(status);
    } else if (isSupervisorAlive(status)) {
      tellNews(status, said, onProgress);
      const awaited = status.components.filter(({ name, isNeeded }) =>
        waitForAll ? wantedNames.has(name) : isNeeded,
      );
      if (awaited.every(({ state }) => state === 'ready')) return report(status);
      throwFailure(awaited, startedAt);
    } else if (own === undefined) {
      starts += 1;
      const logPath = componentLog(paths, 'supervisor');
      if (starts > MAX_STARTS)
        throw new SlipwayError(
          'supervisorFailed',
          `The supervisor did not start: ${(await lastLogLine(logPath)) ?? 'it said nothing.'}`,
          { action: 'Run slipway doctor' },
        );
      const child = await startProcess(internalCommand(['supervisor']), logPath);
      own = child;
      void child.ended.then(() => {
        own = undefined;
      });
    }
    await wait(limit, timeoutMs, signal);
  }
}

/** Not when it is of a later release: what that has written, this one may not be able to read. */
function givesWay({ build }: ClusterStatus): boolean {
  const own = ownBuild();
  return build.digest !== own.digest && isAtLeast(own.release, build.release);
}

const onlyStarted = (wanted: Wanted): Wanted =>
  Object.fromEntries(Object.entries(wanted).filter(([, isOn]) => isOn));

function throwFailure(components: readonly ComponentStatus[], since: number): void {
  const failed = components.find(({ state, at }) => state === 'failed' && at >= since);
  if (failed === undefined) return;
  throw new SlipwayError('componentFailed', `${failed.name} did not start: ${failed.message}`, {
    action: `Run slipway logs ${failed.name}`,
  });
}

async function wait(limit: AbortSignal, timeoutMs: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(POLL_MS, limit);
  } catch (error) {
    signal.throwIfAborted();
    throw new SlipwayError('timeout', `The cluster was not ready within ${timeoutMs / 60_000} minutes.`, {
      action: 'Run slipway status',
      cause: error,
    });
  }
}

function tellNews(
  status: ClusterStatus,
  said: Map<string, string>,
  onProgress: (progress: UpProgress) => void,
): void {
  for (const { name, message, fraction } of status.components) {
    if (said.get(name) === message) continue;
    said.set(name, message);
    onProgress({ component: name, message, ...(fraction === undefined ? {} : { fraction }) });
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SlipwayError('homeUnwritable', `${folder} cannot be made: ${asError(error).message}`, {
      action: 'Make it writable, or choose another SLIPWAY_HOME',
      cause: error,
    });
  }
}
