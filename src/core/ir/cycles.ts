/** An edge from a node, with what it means to the caller. */
export interface Edge<T> {
  readonly to: string;
  readonly data: T;
}

export interface Cycle<T> {
  /** Node names in order; the last one leads back to the first by `closing`. */
  readonly path: readonly string[];
  readonly closing: T;
}

/** The cycles that one depth-first walk meets, at most `limit`. Linear, and no deeper on the stack for a long chain. */
export function findCycles<T>(
  nodes: Iterable<string>,
  edgesOf: (node: string) => readonly Edge<T>[],
  limit: number,
): readonly Cycle<T>[] {
  const cycles: Cycle<T>[] = [];
  const done = new Set<string>();
  const position = new Map<string, number>();
  const path: { readonly node: string; readonly edges: readonly Edge<T>[]; next: number }[] = [];
  const enter = (node: string): void => {
    position.set(node, path.length);
    path.push({ node, edges: edgesOf(node), next: 0 });
  };
  for (const start of nodes) {
    if (!done.has(start)) enter(start);
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const edge = frame.edges[frame.next++];
      if (edge === undefined) {
        path.pop();
        position.delete(frame.node);
        done.add(frame.node);
        continue;
      }
      const at = position.get(edge.to);
      if (at !== undefined) {
        cycles.push({ path: path.slice(at).map(({ node }) => node), closing: edge.data });
        if (cycles.length >= limit) return cycles;
      } else if (!done.has(edge.to)) enter(edge.to);
    }
  }
  return cycles;
}

/** `a → b → a`, with the middle of a long one left out. */
export function cycleText(path: readonly string[]): string {
  const shown =
    path.length > 6 ? [...path.slice(0, 3), `… ${path.length - 4} more …`, ...path.slice(-1)] : path;
  return [...shown, path[0] ?? ''].join(' → ');
}
