import type { Gesture } from './gesture.ts';
import { Draft } from './draft.ts';
import { refusable } from './refusal.ts';
import type { Edited, Refused, Rename, Spec } from './spec.ts';

export type GestureOf<K extends Gesture['kind']> = Extract<Gesture, { kind: K }>;

export interface Outcome {
  readonly title: string;
  readonly selection: readonly string[];
  readonly renames?: readonly Rename[];
}

/** An edit that works on a draft and refuses by throwing (refusal.ts). */
export function editing<G>(
  edit: (draft: Draft, gesture: G) => Outcome,
): (spec: Spec, gesture: G) => Edited | Refused {
  return (spec, gesture) =>
    refusable(() => {
      const draft = new Draft(spec);
      const { title, selection, renames = [] } = edit(draft, gesture);
      return { kind: 'edited', spec: draft.spec, renames, selection, title };
    });
}

/** `'train'`, `3 tasks`. */
export function tasksText(draft: Draft, nodeIds: readonly string[]): string {
  const [first] = nodeIds;
  if (nodeIds.length !== 1 || first === undefined) return `${nodeIds.length} tasks`;
  const { parent, key } = draft.place(first);
  return draft.nameOf(parent, key);
}

/** What to say of an edit inside a component that several tasks use: it shows in all of them. */
export function elsewhere(draft: Draft, component: string): string {
  const uses = component === '' ? 0 : draft.uses(component);
  return uses > 1 ? ` (in all ${uses} uses of the sub-pipeline)` : '';
}
