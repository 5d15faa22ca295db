import type { Gesture } from '../../core/ir/edit/gesture.ts';
import type { TextEdit } from '../../core/ir/edit/splice.ts';
import type { Problem } from '../../core/ir/model.ts';

export type ProblemFix = { readonly id: string; readonly title: string } & (
  { readonly gesture: Gesture } | { readonly edits: readonly TextEdit[] }
);

/** What can be done about a problem, the surest first. */
export function fixesOf(problem: Problem): readonly ProblemFix[] {
  return problem.fix === undefined
    ? []
    : [{ id: 'text', title: problem.fix.title, edits: problem.fix.edits }];
}
