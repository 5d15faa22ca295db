import { createContext, useContext, useSyncExternalStore } from 'react';
import type { DiffSnapshot, DiffStore } from './diffStore.ts';

const DiffContext = createContext<DiffStore | undefined>(undefined);

export const DiffProvider = DiffContext.Provider;

/** For acts; what is drawn comes by useDiffSelected. */
export function useDiff(): DiffStore {
  const store = useContext(DiffContext);
  if (store === undefined) throw new Error('A component of the comparison is outside its DiffProvider.');
  return store;
}

/** Re-renders when what `select` returns changes identity. */
export function useDiffSelected<T>(select: (snapshot: DiffSnapshot) => T): T {
  const store = useDiff();
  return useSyncExternalStore(store.subscribe, () => select(store.getSnapshot()));
}
