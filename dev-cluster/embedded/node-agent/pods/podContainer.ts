/** A container of a pod: its instances, and what is known of the one that runs. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Container } from '../../../../src/clients/kubernetes/model.ts';
import type { ContainerCommand, ContainerRuntime, PreparedContainer } from '../contract.ts';
import type { ContainerEnd, ContainerRole, ContainerState, ContainerView } from './containerView.ts';
import { CrashBackOff, type CrashBackOffTimes } from './crashBackOff.ts';
import type { Instance } from './instance.ts';
import { LogKeeper } from './logKeeper.ts';

export class PodContainer implements ContainerView {
  spec: Container;
  readonly role: ContainerRole;
  readonly folder: string;
  readonly backOff: CrashBackOff;
  readonly #onError: (error: unknown) => void;
  waiting: { readonly reason: string; readonly message?: string } | undefined;
  /** Not tried again before: ms since 1970. */
  retryAt = 0;
  /** Failures in a row to get it started at all. */
  failures = 0;
  hasStarted = false;
  isReady = false;
  prepared: PreparedContainer | undefined;
  /** Resolves when the instance that runs has ended and its record says how. */
  ended: Promise<void> = Promise.resolve();
  #probes: AbortController | undefined;
  #instance: Instance | undefined;
  #previous: Instance | undefined;
  #log: LogKeeper | undefined;
  /** Of an instance whose folder is gone. */
  readonly #lostCount: number;
  readonly #lost: ContainerEnd | undefined;

  constructor(options: {
    readonly spec: Container;
    readonly role: ContainerRole;
    readonly podFolder: string;
    readonly backOff: CrashBackOffTimes;
    readonly instances: readonly Instance[];
    /** Of the pod's status: goes on where it was, when nothing is found on the disk. */
    readonly restartCount: number;
    /** How it ended, when its folder went with the machine that it ran on. */
    readonly lost: ContainerEnd | undefined;
    readonly onError: (error: unknown) => void;
  }) {
    this.spec = options.spec;
    this.role = options.role;
    this.folder = containerFolder(options.podFolder, options.spec.name);
    this.backOff = new CrashBackOff(options.backOff);
    this.#onError = options.onError;
    [this.#instance, this.#previous] = options.instances;
    this.#lostCount = options.restartCount;
    this.#lost = options.lost;
    if (this.#instance?.running !== undefined) {
      this.hasStarted = this.#instance.record.hasStarted ?? false;
      this.isReady = this.#instance.record.isReady ?? false;
      this.#keepLog(this.#instance);
    }
  }

  get instance(): Instance | undefined {
    return this.#instance;
  }

  /** A process of it lives, though its postStart hook may still be running. */
  get isAlive(): boolean {
    return this.#instance?.running !== undefined;
  }

  get state(): ContainerState {
    const instance = this.#instance;
    if (instance === undefined) return { kind: 'none' };
    const { end } = instance;
    if (end !== undefined) return { kind: 'ended', end };
    if (instance.running !== undefined && instance.record.isUp === true)
      return { kind: 'running', startedAt: instance.record.startedAt };
    // It is being born: what was before is what counts.
    const before = this.#previous?.end;
    return before === undefined ? { kind: 'none' } : { kind: 'ended', end: before };
  }

  get lastEnd(): ContainerEnd | undefined {
    return this.#previous?.end ?? this.#lost;
  }

  get restartCount(): number {
    return this.#instance?.attempt ?? this.#lostCount;
  }

  get imageId(): string {
    return this.#instance?.record.imageId ?? '';
  }

  get containerId(): string | undefined {
    return this.#instance?.containerId;
  }

  get nextAttempt(): number {
    return this.#instance === undefined ? this.#lostCount : this.#instance.attempt + 1;
  }

  begin(instance: Instance, prepared: PreparedContainer): void {
    this.#previous = this.#instance;
    this.#instance = instance;
    this.prepared = prepared;
    this.hasStarted = false;
    this.isReady = false;
    this.#keepLog(instance);
  }

  /** The signal of this instance's probes; aborts those of an earlier call. */
  beginProbes(): AbortSignal {
    this.endProbes();
    this.#probes = new AbortController();
    return this.#probes.signal;
  }

  endProbes(): void {
    this.#probes?.abort();
    this.#probes = undefined;
  }

  /** The process is gone: what it wrote last is in the log's index. */
  async finish(): Promise<void> {
    this.endProbes();
    this.hasStarted = false;
    this.isReady = false;
    await this.#log?.stop();
  }

  /** The agent stops watching; the process goes on. */
  async letGo(): Promise<void> {
    this.endProbes();
    this.#instance?.running?.release();
    await this.#log?.stop();
  }

  /** Says what is true when it is asked: who follows a log must see its end. */
  get runtime(): ContainerRuntime {
    const instance = (): Instance | undefined => this.#instance;
    const logFiles = (): readonly string[] =>
      this.#log?.files ?? (this.#instance === undefined ? [] : logFilesOf(this.#instance));
    const previousLogFiles = (): readonly string[] =>
      this.#previous === undefined ? [] : logFilesOf(this.#previous);
    const { prepared, spec } = this;
    return {
      spec,
      get isRunning(): boolean {
        return instance()?.running !== undefined;
      },
      get pid(): number | undefined {
        return instance()?.pid;
      },
      get startedAt(): number | undefined {
        return instance()?.record.startedAt;
      },
      get logFiles(): readonly string[] {
        return logFiles();
      },
      get previousLogFiles(): readonly string[] {
        return previousLogFiles();
      },
      get stdinPath(): string | undefined {
        return spec.stdin === true ? instance()?.stdinPath : undefined;
      },
      command: (words): ContainerCommand => {
        if (prepared === undefined) throw new Error(`The container ${spec.name} is being adopted.`);
        return { ...prepared.commandFor(words), besidesFolder: instance()?.besidesFolder };
      },
    };
  }

  #keepLog(instance: Instance): void {
    this.#log = new LogKeeper(instance.logPath, rotatedParts(instance), this.#onError);
    this.#log.start();
  }
}

export function containerFolder(podFolder: string, name: string): string {
  return join(podFolder, 'containers', name);
}

function logFilesOf(instance: Instance): readonly string[] {
  return [...rotatedParts(instance).map((part) => `${instance.logPath}.${part}`), instance.logPath];
}

function rotatedParts({ logPath }: Instance): number[] {
  const name = basename(logPath);
  return readdirSync(dirname(logPath))
    .flatMap((file) => {
      const part = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : '';
      return /^\d+$/.test(part) ? [Number(part)] : [];
    })
    .toSorted((a, b) => a - b);
}
