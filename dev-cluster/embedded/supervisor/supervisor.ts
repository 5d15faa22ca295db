/**
 * The supervisor: one detached process per home that keeps the cluster's components going, whatever happens to the
 * editor. Files: component (data) ← components (the list) ← keeper (one component) ← supervisor; status is what all
 * others read; up and down are the commands' side.
 */
import { readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { endpointsPath, type EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { delay } from '../../../src/core/base/abort.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { writePrivateFile } from '../files.ts';
import { servicePaths } from '../kfp/servicePaths.ts';
import { processStarted } from '../processes.ts';
import { withLock } from '../python/lock.ts';
import type { Component } from './component.ts';
import { components, KFP } from './components.ts';
import { Keeper } from './keeper.ts';
import { componentLog, supervisorPaths } from './paths.ts';
import type { ClusterStatus } from './status.ts';

/** Runs until SIGTERM. Rejects at once with `alreadyRunning` when another supervisor has this home. */
export async function supervisorMain(log: (line: string) => void): Promise<void> {
  const paths = supervisorPaths();
  const alreadyRunning = new AbortController();
  await withLock(paths.lock, () => new Supervisor(log).run(), {
    onWait: () =>
      alreadyRunning.abort(
        new SlipwayError('alreadyRunning', 'Another supervisor already runs in this SLIPWAY_HOME.'),
      ),
    signal: alreadyRunning.signal,
  });
}

/** How long a task may take to stop by itself. */
const TASK_GRACE_MS = 1_000;
const STAYING_MS = 60_000;

class Supervisor {
  readonly #paths = supervisorPaths();
  readonly #log: (line: string) => void;
  readonly #keepers: readonly Keeper[];
  readonly #changed = new EventTarget();
  #writing: Promise<void> = Promise.resolve();
  #isWriteQueued = false;
  #endpoints = '';

  constructor(log: (line: string) => void) {
    this.#log = log;
    this.#keepers = components.map(
      (component) =>
        new Keeper({
          component,
          logPath: componentLog(this.#paths, component.name),
          onChange: ({ name, state, message }) => {
            log(`${name} ${state}: ${message}`);
            this.#onChange();
          },
          log,
        }),
    );
  }

  async run(): Promise<void> {
    const stopping = new AbortController();
    // Children, which may outlive this process, do not keep it; without this it would end while it waits for one to die.
    const staying = setInterval(() => undefined, STAYING_MS);
    const signal = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), once(process, 'SIGHUP')]);
    this.#log(`The supervisor runs as process ${process.pid}`);
    this.#onChange();
    const running = components.map((component, index) => this.#keep(component, index, stopping.signal));
    await signal;
    this.#log('The supervisor stops');
    stopping.abort();
    await Promise.race([Promise.all(running), delay(TASK_GRACE_MS, new AbortController().signal)]);
    // Whoever depends on others goes first.
    for (const keeper of this.#keepers.toReversed()) await keeper.stop();
    await rm(endpointsPath(), { force: true });
    await this.#writing;
    clearInterval(staying);
    endOwnGroup();
  }

  async #keep(component: Component, index: number, signal: AbortSignal): Promise<void> {
    try {
      while (!this.#isReady(component.dependsOn)) await once(this.#changed, 'change', { signal });
      await this.#keepers[index]?.run(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #isReady(names: readonly string[]): boolean {
    return this.#keepers.every(({ status }) => !names.includes(status.name) || status.state === 'ready');
  }

  #onChange(): void {
    this.#changed.dispatchEvent(new Event('change'));
    if (this.#isWriteQueued) return;
    this.#isWriteQueued = true;
    this.#writing = this.#writing.then(() => {
      this.#isWriteQueued = false;
      return this.#write();
    });
  }

  /** A full disk must not stop what runs: it is logged, and the next change tries again. */
  async #write(): Promise<void> {
    try {
      // Addresses first: who reads "ready" will look for them.
      await this.#writeEndpoints();
      const status: ClusterStatus = {
        version: 1,
        supervisor: { pid: process.pid, started: processStarted(process.pid) },
        components: this.#keepers.map((keeper) => keeper.status),
      };
      await writePrivateFile(this.#paths.status, JSON.stringify(status, undefined, 2));
    } catch (error) {
      this.#log(`The state files can't be written: ${asError(error).message}`);
    }
  }

  async #writeEndpoints(): Promise<void> {
    const url = this.#keepers.find(({ status }) => status.name === KFP)?.status.endpoint;
    if (url === null || url === undefined) return;
    const token = (await readFile(servicePaths().token, 'utf8')).trim();
    const endpoints: EmbeddedEndpoints = { version: 1, supervisorPid: process.pid, kfp: { url, token } };
    const text = JSON.stringify(endpoints, undefined, 2);
    if (text === this.#endpoints) return;
    await writePrivateFile(endpointsPath(), text);
    this.#endpoints = text;
  }
}

/**
 * The supervisor leads its process group; components have groups of their own, so what is left in it are tools of a
 * task (pip's and uv's children outlive their parents). The last act: it ends this process, too.
 */
function endOwnGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // Started by hand, it leads no group.
  }
}
