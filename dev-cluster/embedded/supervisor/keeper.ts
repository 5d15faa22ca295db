/** Keeps one component going: starts it, watches it, starts it again with back-off. */
import type { EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { delay } from '../../../src/core/base/abort.ts';
import { asError, isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import type { ProcessRecord } from '../processes.ts';
import { backoffMs } from './backoff.ts';
import { adopt, kill, startProcess, stopProcess, type Supervised } from './childProcess.ts';
import type { Component, Report, ServiceStart } from './component.ts';
import { lastLogLine, logSize, rotateLive } from './logFile.ts';
import { forgetService, livingService, recordService } from './records.ts';
import type { ComponentState, ComponentStatus } from './status.ts';

/** Doubled with each look, up to the longest: others wait for each that starts, and looking costs, too. */
const START_INTERVAL_MS = 25;
const LONGEST_START_INTERVAL_MS = 100;
const HEALTH_INTERVAL_MS = 5_000;
const HEALTH_TIMEOUT_MS = 5_000;
/** A service that never answers after its start is started again. */
const START_TIMEOUT_MS = 120_000;
/** Of a busy machine the API server may not hear for half a minute; killed, it would be longer still. */
const HEALTH_MISSES = 6;
/** After so long in health, failures are counted anew. */
const STEADY_MS = 60_000;
/** So many failures in a row are called a failure, not a hiccup. */
const FAILURES_UNTIL_FAILED = 3;

export interface KeeperOptions {
  readonly component: Component;
  /** Of Slipway: its digest. */
  readonly build: string;
  readonly logPath: string;
  /** Resolves when all that it depends on is ready. `onWait` gets the names of what isn't. */
  readonly dependencies: (onWait: (names: readonly string[]) => void, signal: AbortSignal) => Promise<void>;
  readonly onChange: (status: ComponentStatus) => void;
  readonly log: (line: string) => void;
}

interface Ended {
  readonly reason: string;
  /** It had been well for a while. */
  readonly steady: boolean;
}

export class Keeper {
  readonly #component: Component;
  readonly #options: KeeperOptions;
  #status: ComponentStatus;
  #process: ProcessRecord | undefined;
  #endpoints: Partial<EmbeddedEndpoints> = {};
  #retry = new AbortController();

  constructor(options: KeeperOptions) {
    this.#component = options.component;
    this.#options = options;
    const { name, version, isNeeded, isOnDemand } = options.component;
    this.#status = {
      name,
      version,
      isNeeded,
      state: isOnDemand === true ? 'stopped' : 'waiting',
      endpoint: null,
      message: isOnDemand === true ? 'Not started' : 'Waiting',
      at: Date.now(),
    };
  }

  get component(): Component {
    return this.#component;
  }

  get status(): ComponentStatus {
    return this.#status;
  }

  /** What it offered when it was last ready: addresses stay over a restart. */
  get endpoints(): Partial<EmbeddedEndpoints> {
    return this.#endpoints;
  }

  /** Ends the back-off after a failure. */
  retry(): void {
    this.#retry.abort();
    this.#retry = new AbortController();
  }

  /** Resolves when the signal has aborted (a service then still runs until `stop`), or a task is done. */
  async run(signal: AbortSignal): Promise<void> {
    const { start } = this.#component;
    // Asked anew each time: an await may have seen it abort.
    const isStopping = (): boolean => signal.aborted;
    let failures = 0;
    while (!isStopping()) {
      let steady = false;
      let reason: string;
      try {
        await this.#options.dependencies(
          (names) => this.#set('waiting', { message: `Waiting for ${names.join(', ')}` }),
          signal,
        );
        this.#set(failures === 0 ? 'starting' : 'restarting', { message: 'Starting' });
        if (start.kind === 'task') {
          await start.run(this.#report, signal);
          this.#set('ready', { message: 'Ready' });
          return;
        }
        ({ reason, steady } = await this.#runService(start, signal));
      } catch (error) {
        if (isStopping()) return;
        if (isAbort(error)) this.#options.log(`${this.#component.name}: ${asError(error).stack ?? ''}`);
        reason = sentence(error);
      }
      if (isStopping()) return;
      failures = steady ? 1 : failures + 1;
      this.#options.log(`${this.#component.name}: ${reason} (failure ${failures} in a row)`);
      this.#set(failures < FAILURES_UNTIL_FAILED ? 'restarting' : 'failed', { message: reason });
      const wait = AbortSignal.any([signal, this.#retry.signal]);
      await delay(backoffMs(start.kind, failures), wait).catch(() => undefined);
    }
  }

  /** After `run`. Stops the service, whoever started it; until it has, it is in the given state. */
  async stop(meanwhile: ComponentState = this.#status.state): Promise<void> {
    const { name, start } = this.#component;
    const record = start.kind === 'service' ? await livingService(name) : undefined;
    if (start.kind === 'service' && record !== undefined) {
      this.#process = record;
      this.#set(meanwhile, { message: 'Stopping' });
      if (!(await stopProcess(record, start)))
        this.#options.log(`${name}: process ${record.pid} does not stop`);
    }
    this.#process = undefined;
    this.#endpoints = {};
    await forgetService(name);
    this.#set('stopped', { message: 'Stopped' });
  }

  readonly #report: Report = (message, fraction) =>
    this.#set(this.#status.state, { message, ...(fraction === undefined ? {} : { fraction }) });

  async #runService(start: ServiceStart, signal: AbortSignal): Promise<Ended> {
    const position = logSize(this.#options.logPath);
    const child = (await this.#adopt(start, signal)) ?? (await this.#startProcess(start, signal));
    this.#process = child.record;
    const gone = new AbortController();
    let ending: string | undefined;
    void child.ended.then((text) => {
      ending = text;
      gone.abort();
    });
    const readyAt = await this.#watch(start, AbortSignal.any([signal, gone.signal]));
    const steady = readyAt !== undefined && Date.now() - readyAt > STEADY_MS;
    if (signal.aborted) return { reason: '', steady };
    const isGone = gone.signal.aborted;
    if (!isGone) {
      kill(child.record);
      await child.ended;
    }
    this.#process = undefined;
    await forgetService(this.#component.name);
    if (!isGone) return { reason: 'It did not answer and was stopped.', steady };
    const said = await lastLogLine(this.#options.logPath, position);
    // Killed, it could not say why.
    const isKilled = ending?.includes('SIG') === true;
    return { reason: (isKilled ? undefined : said) ?? ending ?? 'It ended.', steady };
  }

  /** What an earlier supervisor started, when it is what this one would start; another one gives way. */
  async #adopt(start: ServiceStart, signal: AbortSignal): Promise<Supervised | undefined> {
    const { name, version } = this.#component;
    const record = await livingService(name);
    if (record === undefined) return undefined;
    if (record.version !== version || record.build !== this.#options.build) {
      this.#report(`Stopping version ${record.version} of an earlier build`);
      await stopProcess(record, start);
      return undefined;
    }
    this.#options.log(`${name}: adopted process ${record.pid}`);
    return adopt(record, signal);
  }

  async #startProcess(start: ServiceStart, signal: AbortSignal): Promise<Supervised> {
    const { name, version } = this.#component;
    const command = await start.command(this.#report, signal);
    signal.throwIfAborted();
    this.#report('Starting');
    const child = await startProcess(command, this.#options.logPath);
    try {
      recordService(name, { ...child.record, version, build: this.#options.build });
    } catch (error) {
      // Nobody would find it again.
      kill(child.record);
      throw error;
    }
    return child;
  }

  /** Returns when the signal aborts or the service has stopped answering; the time since when it was well. */
  async #watch({ health }: ServiceStart, signal: AbortSignal): Promise<number | undefined> {
    const startedAt = Date.now();
    const isGone = (): boolean => signal.aborted;
    let readyAt: number | undefined;
    let misses = 0;
    let interval = START_INTERVAL_MS;
    while (!isGone()) {
      try {
        const { endpoint, endpoints } = await health(
          AbortSignal.any([signal, AbortSignal.timeout(HEALTH_TIMEOUT_MS)]),
        );
        if (isGone()) break;
        misses = 0;
        readyAt ??= Date.now();
        this.#endpoints = endpoints ?? {};
        this.#set('ready', { message: 'Ready', endpoint });
        rotateLive(this.#options.logPath);
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
      interval = Math.min(interval * 2, LONGEST_START_INTERVAL_MS);
      await delay(readyAt === undefined ? interval : HEALTH_INTERVAL_MS, signal).catch(() => undefined);
    }
    return readyAt;
  }

  #set(
    state: ComponentState,
    change: { readonly message: string; readonly fraction?: number; readonly endpoint?: string | null },
  ): void {
    const { name, version, isNeeded, endpoint, at } = this.#status;
    const next: ComponentStatus = {
      name,
      version,
      isNeeded,
      state,
      message: change.message,
      ...(change.fraction === undefined ? {} : { fraction: change.fraction }),
      endpoint: change.endpoint ?? (state === 'ready' ? endpoint : null),
      process: this.#process,
      at: state === this.#status.state && state !== 'failed' ? at : Date.now(),
    };
    const isSame =
      next.at === at &&
      next.message === this.#status.message &&
      next.fraction === this.#status.fraction &&
      next.endpoint === endpoint &&
      next.process?.pid === this.#status.process?.pid;
    this.#status = next;
    if (!isSame) this.#options.onChange(next);
  }
}

function sentence(error: unknown): string {
  const { message } = asError(error);
  return error instanceof SlipwayError && error.action !== undefined ? `${message} ${error.action}` : message;
}
