/**
 * One gesture on a graph that was compiled from Python: planned as edits of the source, compiled again, and only then
 * handed back, if the new pipeline means what the gesture does to the old one.
 */
import type { CompileResult } from '../../../clients/pythonCompiler.ts';
import type { Gesture } from '../../../core/ir/edit/gesture.ts';
import { applyEdits, type Plan } from '../../../core/ir/edit/plan.ts';
import { compareMeaning } from '../../../core/ir/python/sameMeaning.ts';
import type { PythonParser } from '../syntax.ts';
import { planPythonEdit, type PythonText } from './planPythonEdit.ts';
import type { TextEdit } from './source.ts';

export interface PythonEditDeps {
  readonly parser: PythonParser;
  compile(text: string, signal: AbortSignal): Promise<CompileResult>;
  /** What the gesture does to IR text. */
  plan(text: string, gesture: Gesture, signal: AbortSignal): Promise<Plan>;
}

export type PythonEdited =
  | {
      readonly kind: 'edits';
      /** Ascending; of the Python text. */
      readonly edits: readonly TextEdit[];
      readonly text: string;
      /** What the new text compiles to. */
      readonly compiled: CompileResult;
      readonly title: string;
      readonly selection: readonly string[];
    }
  | { readonly kind: 'refused'; readonly reason: string };

export async function editPython(
  deps: PythonEditDeps,
  python: PythonText,
  gesture: Gesture,
  signal: AbortSignal,
): Promise<PythonEdited> {
  const { text, pipeline } = python;
  const meant = await deps.plan(pipeline.text, gesture, signal);
  if (meant.kind === 'refused') return meant;
  const planned = planPythonEdit(deps.parser, python, gesture);
  if (planned.kind === 'refused') return planned;
  const edited = applyEdits(text, planned.edits);
  const compiled = await deps.compile(edited, signal);
  const [problem] = compiled.problems;
  if (problem !== undefined)
    return { kind: 'refused', reason: `The SDK would refuse this: ${problem.message}` };
  const now = compiled.pipelines.find((one) => one.function === pipeline.function);
  if (now === undefined)
    return { kind: 'refused', reason: `${pipeline.function} would no longer be a pipeline.` };
  const compared = compareMeaning(applyEdits(pipeline.text, meant.edits), now.text, {
    // A task more or less, and the SDK numbers those after it anew; what a person called it stays.
    ignoresNumbers: gesture.kind !== 'rename',
  });
  if (compared.kind === 'unreadable') return { kind: 'refused', reason: compared.reason };
  if (compared.kind === 'different')
    return {
      kind: 'refused',
      reason: 'In the code this would change more than what was meant: change it there.',
    };
  return {
    kind: 'edits',
    edits: planned.edits,
    text: edited,
    compiled,
    title: meant.title,
    // Tasks keep the names that the compiler gives them.
    selection: meant.selection.filter((nodeId) => nodeId in now.nodes),
  };
}
