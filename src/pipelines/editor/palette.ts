/** Components to choose from: the document's own, the workspace's files, Python functions, and ours to start with. */
import { pythonScheme } from '../../contributions.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import { Emitter, type Event } from '../../core/base/event.ts';
import { distinctComponents } from '../../core/ir/distinctComponents.ts';
import { nameOfComponent } from '../../core/ir/edit/definitions.ts';
import type { ComponentDefinition } from '../../core/ir/edit/gesture.ts';
import type { Component, PipelineDocument } from '../../core/ir/model.ts';
import { fits } from '../../core/ir/edit/ports.ts';
import type { PaletteEntry, PortView } from '../../core/protocol/graphEdit.ts';
import type { Palette, PaletteQuery } from './services.ts';

/** Where components come from; each has a group of its own in the palette. */
export interface PaletteSource {
  /** `entries` would answer something new. */
  readonly onDidChange?: Event<void>;
  /** Ids are unique over all sources. Not what `shown` itself holds. Files that cannot be read are left out. */
  entries(shown: string, signal: AbortSignal): Promise<readonly PaletteEntry[]>;
  /** `undefined`: not one of its own. */
  definition(id: string, signal: AbortSignal): Promise<ComponentDefinition | undefined>;
}

/** More rows than anybody reads; the search narrows them. */
const MAX_ROWS = 200;

const order: readonly PaletteEntry['group'][] = ['file', 'python', 'workspace', 'starter'];

export class Palettes implements Palette {
  readonly #sources: readonly PaletteSource[];
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  #revision = 0;

  constructor(sources: readonly PaletteSource[]) {
    this.#sources = sources;
    for (const { onDidChange } of sources)
      onDidChange?.(() => {
        this.#revision++;
        this.#changed.fire();
      });
  }

  get revision(): number {
    return this.#revision;
  }

  async entries(
    { query, fits: wanted }: PaletteQuery,
    { uri, document }: { readonly uri: string; readonly document: PipelineDocument | undefined },
    signal: AbortSignal,
  ): Promise<readonly PaletteEntry[]> {
    const found = await Promise.all(this.#sources.map((source) => source.entries(uri, signal)));
    const all = [...(document === undefined ? [] : ownComponents(document, uri)), ...found.flat()];
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return all
      .filter((entry) => {
        const text = `${entry.name} ${entry.description ?? ''} ${entry.origin}`.toLowerCase();
        return words.every((word) => text.includes(word)) && (wanted === undefined || doesFit(entry, wanted));
      })
      .toSorted((a, b) => order.indexOf(a.group) - order.indexOf(b.group))
      .slice(0, MAX_ROWS);
  }

  async definition(id: string, signal: AbortSignal): Promise<ComponentDefinition> {
    for (const source of this.#sources) {
      const found = await source.definition(id, signal);
      if (found !== undefined) return found;
    }
    throw new SlipwayError('noComponent', 'This component is gone: its file was changed or deleted.');
  }
}

function ownComponents(document: PipelineDocument, uri: string): readonly PaletteEntry[] {
  const ignoresSettings = uri.startsWith(`${pythonScheme}:`);
  return distinctComponents(document, { ignoresSettings }).map((component) => ({
    id: component.name,
    name: nameOfComponent(component.name),
    description: undefined,
    group: 'file',
    origin: 'This file',
    ...ports(component),
  }));
}

function ports({ inputs, outputs }: Component): {
  readonly inputs: readonly PortView[];
  readonly outputs: readonly PortView[];
} {
  return {
    inputs: [
      ...inputs.parameters.map(({ name, type, isOptional, defaultValue }) => ({
        name,
        kind: 'parameter' as const,
        type,
        isOptional: isOptional || defaultValue !== undefined,
      })),
      ...inputs.artifacts.map(({ name, type, isOptional }) => ({
        name,
        kind: 'artifact' as const,
        type: type.schemaTitle,
        isOptional,
      })),
    ],
    outputs: [
      ...outputs.parameters.map(({ name, type }) => ({
        name,
        kind: 'parameter' as const,
        type,
        isOptional: false,
      })),
      ...outputs.artifacts.map(({ name, type }) => ({
        name,
        kind: 'artifact' as const,
        type: type.schemaTitle,
        isOptional: false,
      })),
    ],
  };
}

/** `side: input`: a dangling output looks for an input; `output`: the other way round. */
function doesFit(entry: PaletteEntry, { side, kind, type }: NonNullable<PaletteQuery['fits']>): boolean {
  const dangling = { kind, type, isList: false, definition: {} };
  return (side === 'input' ? entry.inputs : entry.outputs).some((port) => {
    const own = { ...port, isList: false, definition: {} };
    return side === 'input' ? fits(dangling, own) : fits(own, dangling);
  });
}
