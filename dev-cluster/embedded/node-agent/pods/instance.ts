/**
 * One start of a container: a folder with its record, its log and what `attemptProcess.ts` leaves there (who runs, how it
 * ended), so that an agent that starts anew finds the process, or its exit code.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readStateFile, writePrivateFile } from '../../files.ts';
import {
  find,
  launch,
  signalGroup,
  type ProcessEnd,
  type RunningAttempt,
} from '../../kfp/engine/attemptProcess.ts';
import type { ContainerCommand } from '../contract.ts';
import { groupMembers } from '../usage.ts';
import { removeContainer } from '../images/containerEngine.ts';
import type { ContainerEnd } from './containerView.ts';

const end = z.object({
  exitCode: z.int(),
  reason: z.string(),
  message: z.string().optional(),
  finishedAt: z.number(),
});

const instanceRecord = z.object({
  startedAt: z.number(),
  imageId: z.string(),
  /** postStart, where there is one, is over: the container counts as running. */
  isUp: z.boolean().optional(),
  hasStarted: z.boolean().optional(),
  isReady: z.boolean().optional(),
  /** Why we killed it, e.g. `OOMKilled`. */
  killedFor: z.string().optional(),
  /** What its process is the client of. */
  engineContainer: z.object({ program: z.string(), name: z.string() }).optional(),
  end: end.optional(),
});
export type InstanceRecord = z.infer<typeof instanceRecord>;

/** An instance before this one stays for `kubectl logs --previous`. */
const KEPT = 2;
/** The kubelet's reason for it. */
export const UNKNOWN_END = 'ContainerStatusUnknown';
const RECORD = 'record.json';

export class Instance {
  readonly folder: string;
  readonly attempt: number;
  record: InstanceRecord;
  /** Set while its process runs. */
  running: RunningAttempt | undefined;
  #saving: Promise<void> = Promise.resolve();

  private constructor(folder: string, attempt: number, record: InstanceRecord) {
    this.folder = folder;
    this.attempt = attempt;
    this.record = record;
  }

  static async create(containerFolder: string, attempt: number, imageId: string): Promise<Instance> {
    const folder = join(containerFolder, String(attempt));
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const outdated = (await attemptsIn(containerFolder)).filter((one) => one <= attempt - KEPT);
    for (const one of outdated)
      await rm(join(containerFolder, String(one)), { recursive: true, force: true });
    const instance = new Instance(folder, attempt, { startedAt: Date.now(), imageId });
    await instance.save();
    return instance;
  }

  /** What an earlier agent left of this container: the last instances, the newest first. */
  static async restore(containerFolder: string, signal: AbortSignal): Promise<readonly Instance[]> {
    const instances: Instance[] = [];
    const attempts = (await attemptsIn(containerFolder)).toSorted((a, b) => b - a).slice(0, KEPT);
    for (const attempt of attempts) {
      const folder = join(containerFolder, String(attempt));
      const record = await readStateFile(join(folder, RECORD), instanceRecord);
      if (record === undefined) continue;
      const instance = new Instance(folder, attempt, record);
      if (record.end === undefined) {
        const found = await find(folder, signal);
        if (found.kind === 'neverStarted') continue;
        if (found.kind === 'running') instance.running = found.attempt;
        else {
          // Nobody saw its end: the machine was switched off, or it was killed with all around it.
          if (found.end.kind === 'lost') instance.record = { killedFor: UNKNOWN_END, ...instance.record };
          await instance.close(found.end, undefined, await exitTime(folder));
        }
      }
      instances.push(instance);
    }
    return instances;
  }

  get logPath(): string {
    return join(this.folder, 'log');
  }

  /** Records of what runs beside it: see `besides.ts`. */
  get besidesFolder(): string {
    return join(this.folder, 'besides');
  }

  get stdinPath(): string {
    return join(this.folder, 'stdin');
  }

  /** As runtimes name containers: 64 hexadecimal digits. */
  get containerId(): string {
    return `slipway://${createHash('sha256').update(this.folder).digest('hex')}`;
  }

  get pid(): number | undefined {
    return this.running?.pid;
  }

  /** Throws what `spawn` throws. A container without `stdin` reads from /dev/null. */
  async launch(command: ContainerCommand, hasStdin: boolean): Promise<RunningAttempt> {
    let argv = [command.program, ...command.args];
    if (hasStdin) {
      await promisify(execFile)('mkfifo', ['-m', '600', this.stdinPath]);
      // Open for both ways: it has no end when the first who attached goes.
      argv = ['/bin/sh', '-c', 'exec "$@" 0<>"$0"', this.stdinPath, ...argv];
    }
    if (command.engine !== undefined) await this.save({ engineContainer: command.engine.container });
    this.running = await launch({
      folder: this.folder,
      logPath: this.logPath,
      argv,
      env: { ...command.env },
      cwd: command.cwd,
    });
    return this.running;
  }

  async save(changes: Partial<InstanceRecord> = {}): Promise<void> {
    this.record = { ...this.record, ...changes };
    const write = (): Promise<void> =>
      writePrivateFile(join(this.folder, RECORD), JSON.stringify(this.record));
    this.#saving = this.#saving.then(write, write);
    await this.#saving;
  }

  /** Its process is gone: whatever of its group still lives goes too. */
  async close(processEnd: ProcessEnd, message: string | undefined, finishedAt = Date.now()): Promise<void> {
    if (this.running !== undefined) signalGroup(this.running.pid, 'SIGKILL');
    this.running = undefined;
    const { engineContainer, killedFor } = this.record;
    // Its client may have been killed alone.
    if (engineContainer !== undefined) await removeContainer(engineContainer);
    // A wrapper that is gone without a word was killed with its group.
    const exitCode = processEnd.kind === 'exit' ? processEnd.code : 137;
    const reason = killedFor ?? (exitCode === 0 ? 'Completed' : 'Error');
    const text = message ?? this.record.end?.message;
    await this.save({
      end: { exitCode, reason, finishedAt, ...(text === undefined ? {} : { message: text }) },
    });
  }

  /** It never ran. */
  async refuse(exitCode: number, reason: string, message: string): Promise<void> {
    await this.save({ end: { exitCode, reason, message, finishedAt: Date.now() } });
  }

  /** How it ended; `undefined` while it runs. */
  get end(): ContainerEnd | undefined {
    const { end: ended, startedAt } = this.record;
    if (ended === undefined) return undefined;
    return { ...ended, message: ended.message, startedAt, containerId: this.containerId };
  }

  terminate(): void {
    if (this.running !== undefined) signalGroup(this.running.pid, 'SIGTERM');
  }

  /** All that the container started, in sessions of their own too. */
  async kill(): Promise<void> {
    if (this.running === undefined) return;
    await killGroups([this.running.pid]);
    const { engineContainer } = this.record;
    if (engineContainer !== undefined) await removeContainer(engineContainer);
  }
}

/** SIGKILL for process groups and all their descendants. */
export async function killGroups(leaders: readonly number[]): Promise<void> {
  const members = await groupMembers(leaders);
  for (const leader of leaders) signalGroup(leader, 'SIGKILL');
  for (const pid of [...members.values()].flat()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function attemptsIn(containerFolder: string): Promise<number[]> {
  try {
    return (await readdir(containerFolder)).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function exitTime(folder: string): Promise<number> {
  return stat(join(folder, 'exit')).then(
    ({ mtimeMs }) => Math.round(mtimeMs),
    () => Date.now(),
  );
}
