/**
 * The supervisor: one detached process per home that keeps the cluster's components going, whatever happens to the
 * editor. Files: component (data) ← components (the list) ← keeper (one component) ← supervisor; status is what all
 * others read, wanted what they ask for; up, down and single are the commands' side.
 */
import { rm } from 'node:fs/promises';
import { once, setMaxListeners } from 'node:events';
import { endpointsPath, type EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { delay } from '../../../src/core/base/abort.ts';
import { asError, SlipwayError } from '../../../src/core/base/errors.ts';
import { writePrivateFile } from '../files.ts';
import { processStarted } from '../processes.ts';
import { withLock } from '../python/lock.ts';
import { ownBuild } from './build.ts';
import { components } from './components.ts';
import { Keeper } from './keeper.ts';
import { toldOf, stopInOrder } from './order.ts';
import { componentLog, supervisorPaths } from './paths.ts';
import type { ClusterStatus, ComponentStatus } from './status.ts';
import { WAKE_SIGNAL } from './wake.ts';
import { isWanted, readWanted, type Wanted } from './wanted.ts';

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
  readonly #build = ownBuild();
  readonly #keepers: ReadonlyMap<string, Keeper>;
  readonly #changed = new EventTarget();
  #wanted: Wanted = {};
  #writing: Promise<void> = Promise.resolve();
  #isWriteQueued = false;
  #endpoints = '';
  /** Where each component was when it was last ready. */
  readonly #addresses = new Map<string, string>();
  /** Those who were told at their start where something is that has moved since. */
  readonly #misled = new Set<string>();

  constructor(log: (line: string) => void) {
    this.#log = log;
    // Every component that waits for others listens.
    setMaxListeners(0, this.#changed);
    this.#keepers = new Map(
      components.map((component) => [
        component.name,
        new Keeper({
          component,
          build: this.#build.digest,
          logPath: componentLog(this.#paths, component.name),
          dependencies: (onWait, signal) => this.#dependencies(component.dependsOn, onWait, signal),
          onChange: (status) => {
            log(`${status.name} ${status.state}: ${status.message}`);
            this.#noteAddress(status);
            this.#onChange();
          },
          log,
        }),
      ]),
    );
  }

  async run(): Promise<void> {
    const stopping = new AbortController();
    // Children, which may outlive this process, do not keep it; without this it would end while it waits for one to die.
    const staying = setInterval(() => undefined, STAYING_MS);
    const signal = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), once(process, 'SIGHUP')]);
    process.on(WAKE_SIGNAL, () => void this.#wake());
    this.#log(`The supervisor runs as process ${process.pid}`);
    this.#wanted = await readWanted();
    this.#onChange();
    const running = Array.from(this.#keepers.values(), (keeper) => this.#keep(keeper, stopping.signal));
    await signal;
    this.#log('The supervisor stops');
    stopping.abort();
    await Promise.race([Promise.all(running), delay(TASK_GRACE_MS, new AbortController().signal)]);
    await stopInOrder(components, async ({ name }) => this.#keepers.get(name)?.stop());
    await rm(endpointsPath(), { force: true });
    await this.#writing;
    clearInterval(staying);
    endOwnGroup();
  }

  async #wake(): Promise<void> {
    this.#wanted = await readWanted();
    for (const keeper of this.#keepers.values()) keeper.retry();
    this.#changed.dispatchEvent(new Event('change'));
  }

  /** Its port was taken while it was down, and it has another one now: who was told the old one starts anew. */
  #noteAddress({ name, state, endpoint }: ComponentStatus): void {
    if (state !== 'ready' || endpoint === null) return;
    const before = this.#addresses.get(name);
    this.#addresses.set(name, endpoint);
    if (before === undefined || before === endpoint) return;
    for (const told of toldOf(name, components)) this.#misled.add(told);
  }

  /** Runs the component for as long as it is wanted, until the signal aborts. */
  async #keep(keeper: Keeper, signal: AbortSignal): Promise<void> {
    const { name } = keeper.component;
    const isWantedNow = (): boolean => isWanted(keeper.component, this.#wanted);
    try {
      for (;;) {
        await this.#until(isWantedNow, signal);
        this.#misled.delete(name);
        const over = new AbortController();
        const running = keeper.run(AbortSignal.any([signal, over.signal]));
        await this.#until(() => !isWantedNow() || this.#misled.has(name), signal);
        over.abort();
        await running;
        await keeper.stop(isWantedNow() ? 'restarting' : undefined);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    while (!condition()) await once(this.#changed, 'change', { signal });
  }

  async #dependencies(
    names: readonly string[],
    onWait: (names: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const missing = (): readonly string[] =>
      names.filter((name) => this.#keepers.get(name)?.status.state !== 'ready');
    while (missing().length > 0) {
      const change = once(this.#changed, 'change', { signal });
      onWait(missing());
      await change;
    }
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
        build: this.#build,
        components: Array.from(this.#keepers.values(), (keeper) => keeper.status),
      };
      await writePrivateFile(this.#paths.status, JSON.stringify(status, undefined, 2));
    } catch (error) {
      this.#log(`The state files can't be written: ${asError(error).message}`);
    }
  }

  async #writeEndpoints(): Promise<void> {
    let endpoints: EmbeddedEndpoints = { version: 1, supervisorPid: process.pid };
    for (const { endpoints: part } of this.#keepers.values())
      endpoints = {
        ...endpoints,
        ...part,
        // The one part that several components make.
        ...(part.feast === undefined ? {} : { feast: { ...endpoints.feast, ...part.feast } }),
      };
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
