/**
 * The components of the embedded cluster, as `slipway status --json` has them. Looked at when the supervisor writes its
 * status file, and now and then for the memory; only while somebody looks. Knows no vscode.
 */
import { existsSync, mkdirSync, watch, type FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { endpointsPath, slipwayHome } from '../clients/embedded.ts';
import { delay } from '../core/base/abort.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { asError, isAbort } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';
import { readCli, type CliCommand } from './cli.ts';

const componentSchema = z.object({
  name: z.string(),
  state: z.string(),
  version: z.string(),
  endpoint: z.string().nullable(),
  memoryMiB: z.number().nullable(),
  /** What it does now, or why it failed. */
  message: z.string().default(''),
  fraction: z.number().nullable().default(null),
});
const statusSchema = z.object({ components: z.array(componentSchema) });
export type ComponentStatus = z.infer<typeof componentSchema>;

/** Between two looks while the status changes all the time, as it does during a build. */
const SHORTEST_PAUSE_MS = 1_000;
/** Memory grows without a word in the file. */
const LONGEST_PAUSE_MS = 20_000;
const STATUS_TIMEOUT_MS = 15_000;

export class ComponentStatuses implements Disposable {
  readonly #cli: CliCommand;
  readonly #statusFile: string;
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  #components: readonly ComponentStatus[] = [];
  #error: Error | undefined;
  #watching: AbortController | undefined;
  #news = Promise.withResolvers<undefined>();

  constructor(cli: CliCommand, home = slipwayHome()) {
    this.#cli = cli;
    this.#statusFile = join(dirname(endpointsPath(home)), 'status.json');
  }

  /** Empty: never started. */
  get components(): readonly ComponentStatus[] {
    return this.#components;
  }

  /** Why they could not be read the last time. */
  get error(): Error | undefined {
    return this.#error;
  }

  setWatching(isWatching: boolean): void {
    if (isWatching === (this.#watching !== undefined)) return;
    this.#watching?.abort();
    this.#watching = undefined;
    if (!isWatching) return;
    const watching = new AbortController();
    this.#watching = watching;
    void this.#loop(watching.signal).catch((error: unknown) => {
      if (!isAbort(error)) this.#set(this.#components, asError(error));
    });
  }

  /** Something was done to a component: look now. */
  wake(): void {
    this.#news.resolve(undefined);
  }

  dispose(): void {
    this.setWatching(false);
    this.#changed.dispose();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const watcher = this.#watchFile();
    try {
      while (!signal.aborted) {
        this.#news = Promise.withResolvers<undefined>();
        await this.#look(signal);
        await delay(SHORTEST_PAUSE_MS, signal);
        const pause = new AbortController();
        await Promise.race([
          this.#news.promise,
          delay(LONGEST_PAUSE_MS, AbortSignal.any([signal, pause.signal])),
        ]).finally(() => pause.abort());
      }
    } finally {
      watcher?.close();
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    if (!existsSync(this.#statusFile)) {
      this.#set([], undefined);
      return;
    }
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(STATUS_TIMEOUT_MS)]);
      const { components } = await readCli(this.#cli, ['status', '--json'], statusSchema, limit);
      if (!signal.aborted) this.#set(components, undefined);
    } catch (error) {
      if (!signal.aborted) this.#set(this.#components, asError(error));
    }
  }

  #watchFile(): FSWatcher | undefined {
    try {
      mkdirSync(dirname(this.#statusFile), { recursive: true, mode: 0o700 });
      const watcher = watch(dirname(this.#statusFile), { persistent: false }, (_event, name) => {
        if (name === null || name === 'status.json') this.wake();
      });
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      // The slow look goes on without it.
      return undefined;
    }
  }

  #set(components: readonly ComponentStatus[], error: Error | undefined): void {
    this.#components = components;
    this.#error = error;
    this.#changed.fire();
  }
}
