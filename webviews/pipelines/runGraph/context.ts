import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { NodeStatus } from './fold.ts';
import type { GraphStore, Snapshot } from './store.ts';

const StoreContext = createContext<GraphStore | undefined>(undefined);

export const StoreProvider = StoreContext.Provider;

/** For acts and requests; what is drawn comes by useSelected. */
export function useStore(): GraphStore {
  const store = useContext(StoreContext);
  if (store === undefined) throw new Error('A component of the run graph is outside its StoreProvider.');
  return store;
}

/** Re-renders when what `select` returns changes identity. */
export function useSelected<T>(select: (snapshot: Snapshot, store: GraphStore) => T): T {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => select(store.getSnapshot(), store));
}

/** Undefined without a run, and before the run reached the node. */
export function useNodeStatus(nodeId: string): NodeStatus | undefined {
  return useSelected((_, store) => store.statusOf(nodeId));
}

const clock = { listeners: new Set<() => void>(), timer: undefined as number | undefined, now: Date.now() };

function onTick(listener: () => void): () => void {
  clock.listeners.add(listener);
  if (clock.timer === undefined) clock.now = Date.now();
  clock.timer ??= window.setInterval(() => {
    clock.now = Date.now();
    for (const one of clock.listeners) one();
  }, 1000);
  return () => {
    clock.listeners.delete(listener);
    if (clock.listeners.size > 0) return;
    window.clearInterval(clock.timer);
    clock.timer = undefined;
  };
}

const never = (): (() => void) => () => undefined;

/** The time, once a second while `isTicking`; one timer for the whole page. */
export function useNow(isTicking: boolean): number {
  return useSyncExternalStore(isTicking ? onTick : never, () => clock.now);
}

/** Milliseconds since `startedAt`, up to `finishedAt` or, while that is open, to now. */
export function useElapsed(
  startedAt: number | undefined,
  finishedAt: number | undefined,
): number | undefined {
  const now = useNow(startedAt !== undefined && finishedAt === undefined);
  if (startedAt === undefined) return undefined;
  return Math.max(0, (finishedAt ?? now) - startedAt);
}

/** The size of an element, for lists that draw only what is seen. */
export function useElementSize(element: HTMLElement | null): {
  readonly width: number;
  readonly height: number;
} {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (element === null) return undefined;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
