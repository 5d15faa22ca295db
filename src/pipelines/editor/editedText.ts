/** The text that a graph is drawn from and edited as; vscodeText.ts is an editor's, tests bring their own. */
import type { Event } from '../../core/base/event.ts';
import type { Gesture } from '../../core/ir/edit/gesture.ts';
import type { Plan } from '../../core/ir/edit/plan.ts';
import type { TextEdit } from '../../core/ir/edit/textEdits.ts';

export interface EditedText {
  readonly uri: string;
  /** As the user sees it, unsaved changes included. */
  readonly text: string;
  /** Moves with every change of `text`. */
  readonly version: number;
  /** One sentence why the text cannot be changed here, if so. */
  readonly readOnlyReason: string | undefined;
  /** `typed`: more of it may follow at once. `step`: an undo, a redo, a whole edit. Fires after `text` has changed. */
  readonly onDidChange: Event<'typed' | 'step'>;
  /** Set where a gesture is not planned on the text itself, but on the Python that it is compiled from. */
  readonly python?: {
    /** The file, as people call it. */
    readonly file: string;
    plan(text: string, gesture: Gesture, signal: AbortSignal): Promise<Plan>;
    /** Where the node is written: its function, else its call. */
    showCode(nodeId: string): Promise<void>;
  };
  /** All splices as one undo step. False when `version` is not the text's any more, and nothing was changed. */
  apply(splices: readonly TextEdit[], version: number): Promise<boolean>;
  undo(): Promise<void>;
  redo(): Promise<void>;
}
