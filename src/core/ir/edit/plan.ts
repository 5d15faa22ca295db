import type { SourceRange } from '../model.ts';
import type { Gesture } from './gesture.ts';
import { applyGesture } from './apply.ts';
import { isEqual } from './jsonPath.ts';
import { SpecText } from './specText.ts';
import type { Edited, Refused } from './spec.ts';
import type { TextEdit } from './textEdits.ts';
import { CannotSplice } from './yamlPlaces.ts';

export type Plan =
  | {
      readonly kind: 'edits';
      /** Ascending, not overlapping; ranges count in the text that was planned on. */
      readonly edits: readonly TextEdit[];
      /** Node ids to select when they are drawn. */
      readonly selection: readonly string[];
      readonly title: string;
    }
  | Refused;

/**
 * The splices that one gesture is, or why it cannot be. A plan is checked: the text with its splices means exactly
 * what the gesture meant, and nothing outside them changed. `file` keeps the parse from one text to the next.
 */
export function planGesture(text: string, gesture: Gesture, file = new SpecText()): Plan {
  return planEdit(text, (spec) => applyGesture(spec, gesture), file);
}

function planEdit(
  text: string,
  edit: (spec: Edited['spec']) => Edited | Refused,
  file = new SpecText(),
): Plan {
  const opened = file.read(text);
  if (opened.kind === 'notPipeline') {
    return {
      kind: 'refused',
      reason: `The text cannot be edited here until this is mended: ${opened.problem.message}`,
    };
  }
  try {
    const edited = edit(opened.spec);
    if (edited.kind === 'refused') return edited;
    const { spec, renames, selection, title } = edited;
    const edits = opened.splices(spec, renames);
    const now = file.read(applyEdits(text, edits));
    const isRight =
      now.kind === 'opened' &&
      isEqual(now.spec.pipeline, spec.pipeline) &&
      (now.spec.platforms === spec.platforms || isEqual(now.spec.platforms, spec.platforms));
    if (isRight) return { kind: 'edits', edits, selection, title };
    return {
      kind: 'refused',
      reason: 'The file is written in a way that this cannot be edited here: change it in the text.',
    };
  } catch (error) {
    // Edits follow components into each other, without end where one contains itself.
    if (error instanceof RangeError) {
      return { kind: 'refused', reason: 'A component of this pipeline contains itself: mend that first.' };
    }
    if (!(error instanceof CannotSplice)) throw error;
    return {
      kind: 'refused',
      reason: `Line ${lineOf(text, error.at)} ${error.message}: change it in the text.`,
    };
  }
}

/** The text with the edits done; they are ascending and do not overlap. */
export function applyEdits(
  text: string,
  edits: readonly { readonly range: SourceRange; readonly text: string }[],
): string {
  const parts: string[] = [];
  let at = 0;
  for (const { range, text: inserted } of edits) {
    parts.push(text.slice(at, range.start), inserted);
    at = range.end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}
