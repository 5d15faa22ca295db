/** Components in files, read when a palette asks and again when the file has changed. */
import { isAbort } from '../../core/base/errors.ts';
import type { Event } from '../../core/base/event.ts';
import type { ComponentDefinition } from '../../core/ir/edit/gesture.ts';
import type { PaletteEntry } from '../../core/protocol/graphEdit.ts';
import type { PaletteSource } from './palette.ts';

export interface ComponentFile {
  readonly uri: string;
  /** Shown, e.g. the path in the workspace. */
  readonly origin: string;
}

/** One component of a file. */
export type OfferedComponent = Pick<
  PaletteEntry,
  'name' | 'description' | 'inputs' | 'outputs' | 'problem'
> & {
  /** Tells it from the others of its file. */
  readonly key: string;
  definition(signal: AbortSignal): Promise<ComponentDefinition>;
};

export interface FileReader {
  /** Something that changes with the file. Rejects when it is gone. */
  version(uri: string): Promise<string>;
  read(uri: string): Promise<string>;
}

/** What is in a file, e.g. IR by the graph worker. */
export type ReadComponents = (
  file: { readonly uri: string; readonly text: string },
  signal: AbortSignal,
) => Promise<readonly OfferedComponent[]>;

interface Known {
  readonly version: string;
  readonly found: readonly OfferedComponent[];
}

/** Files looked into; a palette of more is no choice any more. */
const MAX_FILES = 200;

export class ComponentFiles implements PaletteSource {
  readonly onDidChange?: Event<void>;
  readonly #group: PaletteEntry['group'];
  readonly #files: () => Promise<readonly ComponentFile[]>;
  readonly #reader: FileReader;
  readonly #components: ReadComponents;
  readonly #isShown: (component: OfferedComponent, uri: string, shown: string) => boolean;
  readonly #onProblem: (cause: unknown) => void;
  readonly #known = new Map<string, Known>();

  constructor(options: {
    readonly group: PaletteEntry['group'];
    readonly files: () => Promise<readonly ComponentFile[]>;
    /** The files, or what is in them. */
    readonly onDidChange?: Event<void>;
    readonly reader: FileReader;
    readonly components: ReadComponents;
    /** True for what the document `shown` has itself. Default: all of that file. */
    readonly isShown?: (component: OfferedComponent, uri: string, shown: string) => boolean;
    readonly onProblem: (cause: unknown) => void;
  }) {
    this.#group = options.group;
    this.#files = options.files;
    if (options.onDidChange !== undefined) this.onDidChange = options.onDidChange;
    this.#reader = options.reader;
    this.#components = options.components;
    this.#isShown = options.isShown ?? ((_component, uri, shown) => uri === shown);
    this.#onProblem = options.onProblem;
  }

  async entries(shown: string, signal: AbortSignal): Promise<readonly PaletteEntry[]> {
    const entries: PaletteEntry[] = [];
    for (const { uri, origin } of (await this.#files()).slice(0, MAX_FILES))
      for (const component of await this.#componentsOf(uri, signal)) {
        if (this.#isShown(component, uri, shown)) continue;
        const { key, name, description, inputs, outputs, problem } = component;
        const id = idOf(uri, key);
        entries.push({ id, name, description, group: this.#group, origin, inputs, outputs, problem });
      }
    return entries;
  }

  async definition(id: string, signal: AbortSignal): Promise<ComponentDefinition | undefined> {
    for (const { uri } of await this.#files()) {
      if (!id.startsWith(`${uri}#`)) continue;
      const found = await this.#componentsOf(uri, signal);
      return found.find(({ key }) => idOf(uri, key) === id)?.definition(signal);
    }
    return undefined;
  }

  /** All of one file, whether or not it is listed. */
  async #componentsOf(uri: string, signal: AbortSignal): Promise<readonly OfferedComponent[]> {
    try {
      const version = await this.#reader.version(uri);
      const known = this.#known.get(uri);
      if (known?.version === version) return known.found;
      const text = await this.#reader.read(uri);
      const found = await this.#components({ uri, text }, signal);
      this.#known.set(uri, { version, found });
      return found;
    } catch (error) {
      if (isAbort(error)) throw error;
      // One file that cannot be read takes nothing from the others.
      this.#onProblem(error);
      return [];
    }
  }
}

function idOf(uri: string, key: string): string {
  return `${uri}#${key}`;
}
