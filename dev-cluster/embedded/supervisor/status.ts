/** What the supervisor says about itself and its components: the file that `up`, `status` and `down` read. */
import { z } from 'zod';
import { readStateFile } from '../files.ts';
import { isSameProcess, groupMemoryMiB, processRecord } from '../processes.ts';
import { supervisorPaths, type SupervisorPaths } from './paths.ts';

/** `waiting`: for what it depends on. `failed`: it will be tried again, later and later. */
const componentState = z.enum(['waiting', 'starting', 'ready', 'restarting', 'failed', 'stopped']);
export type ComponentState = z.infer<typeof componentState>;

const componentStatus = z.object({
  name: z.string(),
  state: componentState,
  version: z.string(),
  endpoint: z.url().nullable(),
  /** What it does now, or why it failed: one sentence. */
  message: z.string(),
  fraction: z.number().optional(),
  /** When the state was last entered, milliseconds since the epoch. */
  at: z.number(),
  process: processRecord.optional(),
  /** False for what may go on behind a cluster that can be used already. */
  isNeeded: z.boolean(),
});
export type ComponentStatus = z.infer<typeof componentStatus>;

const clusterStatus = z.object({
  version: z.literal(1),
  supervisor: processRecord,
  /** Of the supervisor; the first ones wrote none down. */
  build: z.object({ release: z.string(), digest: z.string() }).default({ release: '0.0.0', digest: '' }),
  components: z.array(componentStatus),
});
export type ClusterStatus = z.infer<typeof clusterStatus>;

/** The last status, whoever wrote it. */
export function readStatus(paths: SupervisorPaths = supervisorPaths()): Promise<ClusterStatus | undefined> {
  return readStateFile(paths.status, clusterStatus);
}

export function isSupervisorAlive(status: ClusterStatus | undefined): status is ClusterStatus {
  return status !== undefined && isSameProcess(status.supervisor.pid, status.supervisor.started);
}

/** One line of `slipway status`. */
export interface ReportedComponent {
  readonly name: string;
  readonly state: ComponentState;
  readonly version: string;
  readonly endpoint: string | null;
  readonly memoryMiB: number | null;
  /** What it does now, or why it failed. */
  readonly message: string;
  /** Of what it does now, 0 to 1; null when that can't be told. */
  readonly fraction: number | null;
}

/** With a dead supervisor everything counts as stopped, although its children may wait to be adopted. */
export async function report(status: ClusterStatus | undefined): Promise<readonly ReportedComponent[]> {
  if (status === undefined) return [];
  const isAlive = isSupervisorAlive(status);
  const leaders = status.components.flatMap(({ process }) => process?.pid ?? []);
  const memory = isAlive ? await groupMemoryMiB(leaders) : new Map<number, number>();
  return status.components.map(({ name, state, version, endpoint, message, fraction, process: child }) => ({
    name,
    state: isAlive ? state : 'stopped',
    version,
    endpoint: isAlive ? endpoint : null,
    memoryMiB: child === undefined ? null : (memory.get(child.pid) ?? null),
    message: isAlive ? message : 'Not running',
    fraction: isAlive ? (fraction ?? null) : null,
  }));
}
