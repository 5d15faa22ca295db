/** Who depends on whom, and the order in which components stop. */
import type { Component } from './component.ts';

/**
 * Who is told at its start where the component with this name is: what depends on it. Tasks have no address of their own
 * and pass it on, so what depends on those counts, too.
 */
export function toldOf(name: string, components: readonly Component[]): ReadonlySet<string> {
  const told = new Set<string>();
  const tell = (one: string): void => {
    for (const { name: dependent, dependsOn, start } of components) {
      if (!dependsOn.includes(one) || told.has(dependent)) continue;
      told.add(dependent);
      if (start.kind === 'task') tell(dependent);
    }
  };
  tell(name);
  return told;
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
