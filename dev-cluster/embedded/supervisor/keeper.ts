/** Keeps one component going: starts it, watches it, starts it again with back-off. */
import { delay } from '../../../src/core/base/abort.ts';
import { asError, isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import { backoffMs } from './backoff.ts';
import { adopt, kill, lastLogLine, startInternal, stopProcess, type Supervised } from './childProcess.ts';
import type { Component, ServiceStart, TaskStart } from './component.ts';
import type { ComponentState, ComponentStatus } from './status.ts';

const START_INTERVAL_MS = 50;
const HEALTH_INTERVAL_MS = 5_000;
/** A service that never answers after its start is started again. */
const START_TIMEOUT_MS = 60_000;
const HEALTH_MISSES = 3;
/** After so long in health, failures are counted anew. */
const STEADY_MS = 60_000;
/** So many failures in a row are called a failure, not a hiccup. */
const FAILURES_UNTIL_FAILED = 3;

export interface KeeperOptions {
  readonly component: Component;
  readonly logPath: string;
  readonly onChange: (status: ComponentStatus) => void;
  readonly log: (line: string) => void;
}

export class Keeper {
  readonly #component: Component;
  readonly #options: KeeperOptions;
  #status: ComponentStatus;
  #child: Supervised | undefined;

  constructor(options: KeeperOptions) {
    this.#component = options.component;
    this.#options = options;
    const { name, version, isNeeded } = options.component;
    this.#status = {
      name,
      version,
      isNeeded,
      state: 'waiting',
      endpoint: null,
      message: 'Waiting',
      at: Date.now(),
    };
  }

  get status(): ComponentStatus {
    return this.#status;
  }

  /** Resolves when the signal has aborted; a service then still runs until `stop`. */
  async run(signal: AbortSignal): Promise<void> {
    const { start } = this.#component;
    // Asked anew each time: an await may have seen it abort.
    const isStopping = (): boolean => signal.aborted;
    let failures = 0;
    while (!isStopping()) {
      let steady = false;
      let reason: string;
      try {
        if (failures === 0) this.#set('starting', { message: 'Starting' });
        if (start.kind === 'task') {
          await this.#runTask(start, signal);
          return;
        }
        ({ reason, steady } = await this.#runService(start, signal));
      } catch (error) {
        if (isStopping() || isAbort(error)) return;
        reason = sentence(error);
      }
      if (isStopping()) return;
      failures = steady ? 1 : failures + 1;
      this.#options.log(`${this.#component.name}: ${reason} (failure ${failures} in a row)`);
      this.#set(failures < FAILURES_UNTIL_FAILED ? 'restarting' : 'failed', { message: reason });
      await delay(backoffMs(start.kind, failures), signal).catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined) {
      this.#set('stopped', { message: 'Stopping' });
      await stopProcess(this.#child.record);
    }
    this.#child = undefined;
    this.#set('stopped', { message: 'Stopped' });
  }

  async #runTask({ run }: TaskStart, signal: AbortSignal): Promise<void> {
    await run((message) => this.#set(this.#status.state, { message }), signal);
    this.#set('ready', { message: 'Ready' });
  }

  async #runService(
    start: ServiceStart,
    signal: AbortSignal,
  ): Promise<{ readonly reason: string; readonly steady: boolean }> {
    const adopted = adopt(await start.find(), signal);
    if (adopted !== undefined)
      this.#options.log(`${this.#component.name}: adopted process ${adopted.record.pid}`);
    const child = adopted ?? startInternal(start.args, this.#options.logPath);
    this.#child = child;
    const gone = new AbortController();
    void child.ended.then(() => gone.abort());
    const readyAt = await this.#watch(start, AbortSignal.any([signal, gone.signal]));
    const steady = readyAt !== undefined && Date.now() - readyAt > STEADY_MS;
    if (signal.aborted) return { reason: '', steady };
    if (gone.signal.aborted) {
      this.#child = undefined;
      return { reason: (await lastLogLine(this.#options.logPath)) ?? 'It ended.', steady };
    }
    kill(child.record);
    await child.ended;
    this.#child = undefined;
    return { reason: 'It did not answer and was stopped.', steady };
  }

  /** Returns when the signal aborts or the service has stopped answering; the time since when it was well. */
  async #watch({ health }: ServiceStart, signal: AbortSignal): Promise<number | undefined> {
    const startedAt = Date.now();
    const isGone = (): boolean => signal.aborted;
    let readyAt: number | undefined;
    let misses = 0;
    while (!isGone()) {
      try {
        const endpoint = await health(signal);
        misses = 0;
        readyAt ??= Date.now();
        this.#set('ready', { message: 'Ready', endpoint });
      } catch (error) {
        if (isGone()) break;
        misses += 1;
        const isHopeless =
          readyAt === undefined ? Date.now() - startedAt > START_TIMEOUT_MS : misses >= HEALTH_MISSES;
        if (isHopeless) {
          this.#options.log(`${this.#component.name}: ${asError(error).message}`);
          return readyAt;
        }
      }
      await delay(readyAt === undefined ? START_INTERVAL_MS : HEALTH_INTERVAL_MS, signal).catch(
        () => undefined,
      );
    }
    return readyAt;
  }

  #set(state: ComponentState, change: { readonly message: string; readonly endpoint?: string }): void {
    const { endpoint, ...status } = this.#status;
    const next: ComponentStatus = {
      ...status,
      state,
      message: change.message,
      endpoint: change.endpoint ?? (state === 'ready' ? endpoint : null),
      process: this.#child?.record,
      at: state === this.#status.state && state !== 'failed' ? this.#status.at : Date.now(),
    };
    const isSame =
      next.at === this.#status.at &&
      next.message === this.#status.message &&
      next.endpoint === this.#status.endpoint &&
      next.process?.pid === this.#status.process?.pid;
    this.#status = next;
    if (!isSame) this.#options.onChange(next);
  }
}

function sentence(error: unknown): string {
  const { message } = asError(error);
  return error instanceof SlipwayError && error.action !== undefined ? `${message} ${error.action}` : message;
}
