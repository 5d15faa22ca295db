/** One edit after the other: each is planned on the text that the one before it left. */
import type { EditOutcome } from '../../core/protocol/graphEdit.ts';
import type { Plan } from '../../core/ir/edit/plan.ts';
import { planForText } from './blankText.ts';
import type { TextDrawing } from './textDrawing.ts';

const MOVED_ON = 'The text has changed since this was drawn. Look at it again, then repeat what you did.';

export class GestureQueue {
  readonly #drawing: TextDrawing;
  #last: Promise<unknown> = Promise.resolve();

  constructor(drawing: TextDrawing) {
    this.#drawing = drawing;
  }

  /**
   * Makes what `plan` says of the text one undo step. Resolves when the result is drawn, so that what it selects is
   * there. `revision`: of the drawing that the user saw.
   */
  perform(revision: number, plan: (text: string) => Promise<Plan>): Promise<EditOutcome> {
    const turn = this.#last.then(() => this.#perform(revision, plan));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #perform(revision: number, plan: (text: string) => Promise<Plan>): Promise<EditOutcome> {
    const drawing = this.#drawing;
    const { text } = drawing;
    const refusal = drawing.readOnlyReason ?? (drawing.isEditable(revision) ? undefined : MOVED_ON);
    if (refusal !== undefined) return { kind: 'refused', reason: refusal };
    const { version, text: before } = text;
    const drawn = drawing.drawnText;
    const planned = planForText(await plan(drawn), before, drawn);
    if (planned.kind === 'refused') return planned;
    if (planned.edits.length > 0) {
      if (!(await text.apply(planned.edits, version))) return { kind: 'refused', reason: MOVED_ON };
      // The change has set off its drawing.
      await drawing.document.settled();
    }
    return { kind: 'done', selection: planned.selection, title: planned.title };
  }
}
