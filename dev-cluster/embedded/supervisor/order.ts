/** Who depends on whom, and the order in which components stop. */
import type { Component } from './component.ts';

/** All that depend on the component with this name, by way of others, too. */
export function dependentsOf(name: string, components: readonly Component[]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (one: string): void => {
    for (const { name: dependent, dependsOn } of components) {
      if (!dependsOn.includes(one) || found.has(dependent)) continue;
      found.add(dependent);
      add(dependent);
    }
  };
  add(name);
  return found;
}

/**
 * Calls `stop` for each component once all that depend on it have stopped; those that have nothing to do with each other
 * stop at the same time. A stop that fails doesn't keep the others: the first failure is thrown at the end.
 */
export async function stopInOrder(
  components: readonly Component[],
  stop: (component: Component) => Promise<void>,
): Promise<void> {
  const stops = new Map<Component, Promise<void>>();
  const stopped = (component: Component): Promise<void> => {
    const known = stops.get(component);
    if (known !== undefined) return known;
    const dependents = components.filter(({ dependsOn }) => dependsOn.includes(component.name));
    const promise = Promise.allSettled(dependents.map(stopped)).then(() => stop(component));
    stops.set(component, promise);
    return promise;
  };
  const results = await Promise.allSettled(components.map(stopped));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
