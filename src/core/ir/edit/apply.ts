import { controlFlowEdits } from './controlFlow/edits.ts';
import { clipboardEdits } from './clipboard.ts';
import { executorEdits } from './executors.ts';
import { interfaceEdits } from './interface.ts';
import { pythonEdits } from './pythonSource.ts';
import type { Gesture, GestureKind } from './gesture.ts';
import type { EditOf, Edited, Refused, Spec } from './spec.ts';
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
};

/** What a gesture makes of a spec. Pure; a gesture that would leave something broken is refused. */
export function applyGesture(spec: Spec, gesture: Gesture): Edited | Refused {
  // Each edit takes the gesture of its own kind, which the compiler cannot follow through the index.
  const edit = edits[gesture.kind] as (spec: Spec, gesture: Gesture) => Edited | Refused;
  return edit(spec, gesture);
}
