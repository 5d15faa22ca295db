import { createContext, useContext, useSyncExternalStore } from 'react';
import type { PipelineGraph } from '../../../../src/core/ir/graphModel.ts';
import { useSelected } from '../context.ts';
import type { EditSnapshot, EditStore } from './editStore.ts';
import { wiredInputs } from './ports.ts';

const EditContext = createContext<EditStore | undefined>(undefined);

export const EditProvider = EditContext.Provider;

/** For acts; what is drawn comes by useEditSelected. */
export function useEdit(): EditStore {
  const edit = useContext(EditContext);
  if (edit === undefined) throw new Error('A component of the editor is outside its EditProvider.');
  return edit;
}

/** Re-renders when what `select` returns changes identity. */
export function useEditSelected<T>(select: (snapshot: EditSnapshot) => T): T {
  const edit = useEdit();
  return useSyncExternalStore(edit.subscribe, () => select(edit.getSnapshot()));
}

/** Whether edits of the document are possible at all. */
export function useCanEdit(): boolean {
  return useSelected(({ host }) => host !== undefined && host.editing.kind !== 'readOnly');
}

/** Inputs that an edge feeds (`inputKey`); one set for the whole drawing. */
export function useWiredInputs(): ReadonlySet<string> {
  return useSelected(({ drawing }) => (drawing === undefined ? NONE : wiredOf(drawing.graph)));
}

const NONE: ReadonlySet<string> = new Set();
const wired = new WeakMap<PipelineGraph, ReadonlySet<string>>();

function wiredOf(graph: PipelineGraph): ReadonlySet<string> {
  const known = wired.get(graph) ?? wiredInputs(graph);
  wired.set(graph, known);
  return known;
}
