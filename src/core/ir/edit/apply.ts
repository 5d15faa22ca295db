import { controlFlowEdits } from './controlFlow/edits.ts';
import { refused } from './scope.ts';
import type { Gesture, GestureKind } from './gesture.ts';
import type { EditOf, Edited, Refused, Spec } from './spec.ts';
import { taskEdits } from './tasks.ts';
import { wireEdits } from './wires.ts';

type Edits = { readonly [K in GestureKind]?: EditOf<K> };

const edits: Edits = { ...taskEdits, ...wireEdits, ...controlFlowEdits };

/** What a gesture makes of a spec. Pure; a gesture that would leave something broken is refused. */
export function applyGesture(spec: Spec, gesture: Gesture): Edited | Refused {
  // Each edit takes the gesture of its own kind, which the compiler cannot follow through the index.
  const edit = edits[gesture.kind] as ((spec: Spec, gesture: Gesture) => Edited | Refused) | undefined;
  return edit === undefined ? refused('This cannot be done in the text yet.') : edit(spec, gesture);
}
