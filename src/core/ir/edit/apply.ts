import { controlFlowEdits } from './controlFlow/edits.ts';
import { cycleText, findCycles } from '../cycles.ts';
import { clipboardEdits } from './clipboard.ts';
import { upstreamOf } from './controlFlow/order.ts';
import { Draft } from './draft.ts';
import { executorEdits } from './executors.ts';
import { fixEdits } from './fixEdits.ts';
import { interfaceEdits } from './interface.ts';
import { pythonEdits } from './pythonSource.ts';
import type { Gesture, GestureKind } from './gesture.ts';
import type { EditOf, Edited, Refused, Spec } from './spec.ts';
import { valueAt } from './jsonPath.ts';
import { allDags, refused } from './scope.ts';
import { settingEdits } from './settings.ts';
import { taskEdits } from './tasks.ts';
import { wireEdits } from './wires.ts';

type Edits = { readonly [K in GestureKind]: EditOf<K> };

const edits: Edits = {
  ...taskEdits,
  ...wireEdits,
  ...interfaceEdits,
  ...settingEdits,
  ...executorEdits,
  ...clipboardEdits,
  ...pythonEdits,
  ...controlFlowEdits,
  ...fixEdits,
};

/** What a gesture makes of a spec. Pure; a gesture that would leave something broken is refused. */
export function applyGesture(spec: Spec, gesture: Gesture): Edited | Refused {
  // Each edit takes the gesture of its own kind, which the compiler cannot follow through the index.
  const edit = edits[gesture.kind] as (spec: Spec, gesture: Gesture) => Edited | Refused;
  const edited = edit(spec, gesture);
  return edited.kind === 'refused' ? edited : (newCycle(spec, edited.spec) ?? edited);
}

/** Whatever the edit was, tasks must not come to wait for each other; dags that it left alone are not looked at. */
function newCycle(before: Spec, after: Spec): Refused | undefined {
  const draft = new Draft(after);
  for (const { path, component } of allDags(after)) {
    if (valueAt(before.pipeline, ...path) === component) continue;
    const name = path[1] ?? '';
    const cycle = cycleIn(draft, name);
    // Who repairs a pipeline with several cycles begins with one of them.
    if (cycle === undefined || cycleIn(new Draft(before), name) !== undefined) continue;
    const names = cycle.map((key) => draft.nameOf(name, key));
    return refused(`Then these would wait for each other and never start: ${cycleText(names)}.`);
  }
  return undefined;
}

function cycleIn(draft: Draft, component: string): readonly string[] | undefined {
  const upstream = (key: string): { to: string; data: undefined }[] =>
    [...upstreamOf(draft, component, key)].map((to) => ({ to, data: undefined }));
  return findCycles(Object.keys(draft.tasks(component)), upstream, 1)[0]?.path;
}
