/** Components in YAML files, read when a palette asks and again when the file has changed. */
import type { GraphWorker } from '../../clients/graphWorker.ts';
import { isAbort } from '../../core/base/errors.ts';
import type { FoundComponent } from '../../core/ir/edit/definitions.ts';
import type { ComponentDefinition } from '../../core/ir/edit/gesture.ts';
import type { PaletteEntry } from '../../core/protocol/graphEdit.ts';
import type { PaletteSource } from './palette.ts';

export interface ComponentFile {
  readonly uri: string;
  /** Shown, e.g. the path in the workspace. */
  readonly origin: string;
}

export interface FileReader {
  /** Something that changes with the file. Rejects when it is gone. */
  version(uri: string): Promise<string>;
  read(uri: string): Promise<string>;
}

interface Known {
  readonly version: string;
  readonly found: readonly FoundComponent[];
}

/** Files looked into; a palette of more is no choice any more. */
const MAX_FILES = 200;

export class ComponentFiles implements PaletteSource {
  readonly #group: PaletteEntry['group'];
  readonly #files: () => Promise<readonly ComponentFile[]>;
  readonly #reader: FileReader;
  readonly #worker: Pick<GraphWorker, 'definitions'>;
  readonly #onProblem: (cause: unknown) => void;
  readonly #known = new Map<string, Known>();

  constructor(options: {
    readonly group: PaletteEntry['group'];
    readonly files: () => Promise<readonly ComponentFile[]>;
    readonly reader: FileReader;
    readonly worker: Pick<GraphWorker, 'definitions'>;
    readonly onProblem: (cause: unknown) => void;
  }) {
    this.#group = options.group;
    this.#files = options.files;
    this.#reader = options.reader;
    this.#worker = options.worker;
    this.#onProblem = options.onProblem;
  }

  async entries(shown: string, signal: AbortSignal): Promise<readonly PaletteEntry[]> {
    const files = (await this.#files()).filter(({ uri }) => uri !== shown).slice(0, MAX_FILES);
    const entries: PaletteEntry[] = [];
    for (const { uri, origin } of files) {
      for (const { name, description, inputs, outputs, definition } of await this.#componentsOf(
        uri,
        signal,
      )) {
        const id = idOf(uri, definition);
        entries.push({ id, name, description, group: this.#group, origin, inputs, outputs });
      }
    }
    return entries;
  }

  async definition(id: string, signal: AbortSignal): Promise<ComponentDefinition | undefined> {
    for (const { uri } of await this.#files()) {
      if (!id.startsWith(`${uri}#`)) continue;
      const found = await this.#componentsOf(uri, signal);
      return found.find((one) => idOf(uri, one.definition) === id)?.definition;
    }
    return undefined;
  }

  /** All of one file, whether or not it is listed. */
  async #componentsOf(uri: string, signal: AbortSignal): Promise<readonly FoundComponent[]> {
    try {
      const version = await this.#reader.version(uri);
      const known = this.#known.get(uri);
      if (known?.version === version) return known.found;
      const text = await this.#reader.read(uri);
      const found = await this.#worker.definitions({ text }, signal);
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

function idOf(uri: string, definition: ComponentDefinition): string {
  return `${uri}#${definition.name}`;
}
