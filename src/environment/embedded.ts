/** The cluster on this machine: found by its endpoints file, started and stopped by dist/cli.js. Knows no vscode. */
import { mkdirSync, readFileSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import {
  endpointsPath,
  readEmbeddedEndpoints,
  slipwayHome,
  type EmbeddedEndpoints,
} from '../clients/embedded.ts';
import { toolEnvironment } from '../clients/toolEnvironment.ts';
import { asError, isAbort, isSlipwayError, SlipwayError } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';
import { isDeepStrictEqual } from 'node:util';
import { runCli, type CliCommand } from './cli.ts';
import type { Endpoints, Environment, EnvironmentState, StartProgress } from './environment.ts';

export class EmbeddedEnvironment implements Environment {
  readonly id = 'embedded';
  readonly label = 'Embedded cluster';
  readonly isManaged = true;
  readonly discovered: Promise<void>;
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #cli: CliCommand;
  readonly #home: string;
  #state: EnvironmentState = { kind: 'unknown' };
  #starting: Promise<void> | undefined;
  #progress = new Set<(progress: StartProgress) => void>();
  #watcher: FSWatcher | undefined;
  #reading = 0;
  #isDisposed = false;

  constructor(cli: CliCommand, home = slipwayHome()) {
    this.#cli = cli;
    this.#home = home;
    this.#watch();
    this.discovered = this.refresh();
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  /** Reads the endpoints file again. Never rejects: what is wrong becomes the state. */
  async refresh(): Promise<void> {
    const reading = ++this.#reading;
    let next: EnvironmentState;
    try {
      const endpoints = await readEmbeddedEndpoints(this.#home);
      next = stateOf(endpoints);
    } catch (error) {
      next = {
        kind: 'failed',
        error: new SlipwayError(
          'endpointsUnreadable',
          `${endpointsPath(this.#home)} cannot be read: ${asError(error).message}`,
          { cause: error, action: 'Start the embedded cluster again' },
        ),
      };
    }
    if (reading !== this.#reading || this.#isDisposed) return;
    // While starting, only "ready" is news: the file of an earlier cluster may still lie there.
    if (this.#starting !== undefined && next.kind !== 'ready') return;
    this.#set(next);
  }

  start(onProgress: (progress: StartProgress) => void, signal: AbortSignal): Promise<void> {
    this.#progress.add(onProgress);
    this.#starting ??= this.#up(signal).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting.finally(() => this.#progress.delete(onProgress));
  }

  async stop(signal: AbortSignal): Promise<void> {
    await runCli(this.#cli, ['down', '--json'], () => undefined, signal);
    await this.refresh();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#watcher?.close();
    this.#changed.dispose();
  }

  async #up(signal: AbortSignal): Promise<void> {
    const wasRunning = this.#state.kind === 'ready';
    this.#set({ kind: 'starting', message: 'Starting' });
    try {
      await runCli(
        this.#cli,
        ['up', '--json'],
        (event) => {
          if (event.event !== 'progress') return;
          if (this.#state.kind === 'starting') this.#set({ kind: 'starting', message: event.message });
          for (const report of this.#progress) report({ message: event.message, fraction: event.fraction });
        },
        signal,
      );
    } catch (error) {
      if (isAbort(error)) {
        // What was not running before a cancelled start is not running after it.
        if (!wasRunning)
          await runCli(this.#cli, ['down', '--json'], () => undefined, AbortSignal.timeout(30_000)).catch(
            () => undefined,
          );
        this.#set({ kind: 'stopped' });
        this.#starting = undefined;
        await this.refresh();
        throw error;
      }
      const failure = isSlipwayError(error)
        ? error
        : new SlipwayError('startFailed', `The embedded cluster did not start: ${asError(error).message}`, {
            cause: error,
            action: 'Show the log',
          });
      this.#set({ kind: 'failed', error: failure });
      throw failure;
    }
    await this.refresh();
    if (this.#state.kind !== 'ready') {
      const failure = new SlipwayError(
        'startFailed',
        'The embedded cluster started, but its pipeline service is missing.',
        {
          action: 'Show the log',
        },
      );
      this.#set({ kind: 'failed', error: failure });
      throw failure;
    }
  }

  #watch(): void {
    const path = endpointsPath(this.#home);
    try {
      // The folder, not the file: the file is replaced by rename, and may not be there yet.
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      this.#watcher = watch(dirname(path), (_event, name) => {
        if (name === null || name === 'endpoints.json') void this.refresh();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch (error) {
      this.#set({
        kind: 'failed',
        error: new SlipwayError(
          'homeUnwritable',
          `${dirname(path)} cannot be used: ${asError(error).message}`,
          {
            cause: error,
          },
        ),
      });
    }
  }

  #set(state: EnvironmentState): void {
    if (isDeepStrictEqual(state, this.#state)) return;
    this.#state = state;
    this.#changed.fire();
  }
}

function stateOf(found: EmbeddedEndpoints | undefined): EnvironmentState {
  if (found === undefined || !isAlive(found.supervisorPid)) return { kind: 'stopped' };
  // Started by somebody else, e.g. in a terminal, and not there yet; or its service is being started again.
  if (found.kfp === undefined) return { kind: 'starting', message: 'The pipeline service is being started' };
  return { kind: 'ready', endpoints: endpointsOf(found) };
}

function endpointsOf(found: EmbeddedEndpoints): Endpoints {
  const { kfp, kubernetes, gateway, mlflow, s3, postgres, redis, feast } = found;
  return {
    kfp: kfp === undefined ? undefined : { ...kfp, label: 'The pipeline service' },
    kubernetes: kubernetes === undefined ? undefined : { paths: [kubernetes.kubeconfig], context: undefined },
    services: { gateway, mlflow, s3, postgres, redis, feast },
    tools: toolEnvironment(found),
    parts: [],
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Dead, but never waited for by its parent: what becomes of every orphan in a container whose pid 1 reaps nothing. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    // The state follows the command's name, which stands in brackets and may hold some itself.
    return /\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
