/** A searchable list at the pointer: what can be added here, and what fits the wire that was let go. */
import type { IconName } from '../../../shared/icons.ts';
import type { PaletteEntry } from '../../../../src/core/protocol/graphEdit.ts';
import type { EditStore } from './editStore.ts';
import type { ChooserItem } from './popup.ts';
import { mayFit, type Point } from './ports.ts';
import type { Wire } from './wire.ts';

export const PALETTE_GROUP_TEXT: Readonly<Record<PaletteEntry['group'], string>> = {
  file: 'In this file',
  workspace: 'Workspace',
  python: 'Python',
  starter: 'Starters',
};
export const PALETTE_GROUP_ICON: Readonly<Record<PaletteEntry['group'], IconName>> = {
  file: 'symbol-method',
  workspace: 'file-code',
  python: 'symbol-field',
  starter: 'rocket',
};

export interface QuickAdd {
  readonly at: Point;
  readonly group: string;
  readonly wire?: Wire;
}

export function quickAdd(edit: EditStore, { at, group, wire }: QuickAdd): void {
  edit.open({
    kind: 'chooser',
    at,
    label: wire === undefined ? 'Add a step' : `Add a step for ${wire.label}`,
    load: async (query, signal) => {
      const entries = await edit.graph.ask('palette', { query, ...fitsOf(wire) }, { signal });
      return [
        ...entries.map((entry) =>
          paletteItem(edit, entry, { at, group, ...(wire === undefined ? {} : { wire }) }),
        ),
        ...(wire === undefined || query !== '' ? [] : interfaceItems(edit, wire, group, at)),
        ...(wire === undefined ? [newPythonItem(edit, group, at)] : []),
      ];
    },
  });
}

function fitsOf(wire: Wire | undefined): {
  fits?: { side: 'input' | 'output'; kind: 'parameter' | 'artifact'; type: string };
} {
  if (wire === undefined || wire.carried.kind === 'order') return {};
  const { kind, type } = wire.carried;
  return { fits: { side: wire.end.kind === 'input' ? 'output' : 'input', kind, type } };
}

function paletteItem(edit: EditStore, entry: PaletteEntry, { at, group, wire }: QuickAdd): ChooserItem {
  return {
    id: entry.id,
    label: entry.name,
    detail: entry.description ?? entry.origin,
    icon: PALETTE_GROUP_ICON[entry.group],
    group: PALETTE_GROUP_TEXT[entry.group],
    run: () => void edit.addFromPalette(entry.id, group, extraOf(entry, wire), at),
  };
}

/** How the new step is joined to the wire: by the first port that takes it, a required one before the others. */
function extraOf(entry: PaletteEntry, wire: Wire | undefined): Parameters<EditStore['addFromPalette']>[2] {
  if (wire === undefined) return {};
  if (wire.end.kind === 'source') {
    const fits = entry.inputs.filter((input) => mayFit(wire.carried, input));
    const input = fits.find((one) => !one.isOptional) ?? fits[0];
    return input === undefined ? {} : { inputs: { [input.name]: wire.end.source } };
  }
  if (wire.end.kind === 'order') return {};
  const output = entry.outputs.find((one) => mayFit(one, wire.carried));
  return output === undefined
    ? {}
    : { feeds: { task: wire.node, input: wire.end.input, output: output.name } };
}

/** A wire into the empty can also mean the pipeline's own border. */
function interfaceItems(edit: EditStore, wire: Wire, group: string, at: Point): readonly ChooserItem[] {
  const { end } = wire;
  if (end.kind === 'source' && end.source.kind === 'taskOutput') {
    const { task, output } = end.source;
    return [
      {
        id: '#output',
        label: 'Pipeline output',
        detail: `${wire.label} becomes an output`,
        icon: 'symbol-field',
        group: 'Interface',
        run: () => edit.open({ kind: 'form', at, form: { kind: 'output', group, from: { task, output } } }),
      },
    ];
  }
  if (end.kind !== 'input' || wire.carried.kind === 'order') return [];
  const { carried } = wire;
  const { input } = end;
  const kind = carried.kind === 'artifact' ? 'artifact' : 'parameter';
  return [
    {
      id: '#input',
      label: 'Pipeline input',
      detail: `A new input that feeds ${wire.label}`,
      icon: 'symbol-parameter',
      group: 'Interface',
      run: () => void addInputFor(edit, { kind, type: carried.type }, wire.node, input, at),
    },
  ];
}

async function addInputFor(
  edit: EditStore,
  port: { readonly kind: 'parameter' | 'artifact'; readonly type: string },
  task: string,
  input: string,
  at: Point,
): Promise<void> {
  const outcome = await edit.perform({ kind: 'addInput', group: '', port: { name: input, ...port } }, at);
  if (outcome?.kind !== 'done') return;
  // The engine may have numbered the name.
  const id = outcome.selection.find((one) => one.startsWith('in:')) ?? `in:${input}`;
  const source = { kind: 'groupInput', group: '', name: id.slice('in:'.length) } as const;
  await edit.perform({ kind: 'connect', task, input, source }, at);
}

function newPythonItem(edit: EditStore, group: string, at: Point): ChooserItem {
  return {
    id: '#python',
    label: 'New Python component…',
    detail: 'A blank function to fill in',
    icon: 'file-code',
    group: 'New',
    run: () => edit.open({ kind: 'form', at, form: { kind: 'python', group } }),
  };
}
