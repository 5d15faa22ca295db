import { cycleText, findCycles } from '../../cycles.ts';
import type { Draft } from '../draft.ts';
import { refuse } from '../refusal.ts';
import { inputsOf } from '../sources.ts';

/** The tasks of the same dag that a task reads from or waits for. */
export function upstreamOf(draft: Draft, component: string, key: string): ReadonlySet<string> {
  const upstream = new Set(draft.dependencies(component, key));
  for (const { source } of inputsOf(draft.task(component, key))) {
    if (source.kind === 'taskOutput' || source.kind === 'finalStatus') upstream.add(source.task);
  }
  return upstream;
}

/** Refuses an edit that makes tasks of a dag wait for each other. */
export function checkNoCycle(draft: Draft, component: string): void {
  const [cycle] = findCycles(
    Object.keys(draft.tasks(component)),
    (key) => [...upstreamOf(draft, component, key)].map((to) => ({ to, data: undefined })),
    1,
  );
  if (cycle === undefined) return;
  const names = cycle.path.map((key) => draft.nameOf(component, key));
  refuse(`These would wait for each other: ${cycleText(names)}. Choose what lies between them, too.`);
}
