/** The step that the cursor is in, shown in the graph beside the code. */
import { TextEditorSelectionChangeKind, window, type TextEditor, type Uri } from 'vscode';
import type { Disposable } from '../../core/base/disposable.ts';
import { nodeAt } from './nodeAt.ts';
import { outlineOf } from './outline.ts';
import type { PythonPipelines } from './pythonPipelines.ts';
import type { PythonParser } from './syntax.ts';

/** Moving through a file by keys is many changes. */
const QUIET_MS = 150;

export interface CursorFollowerDeps {
  readonly pipelines: PythonPipelines;
  readonly parser: () => Promise<PythonParser>;
  /** Selects a node where the graph is open, without taking the focus. */
  readonly highlight: (graph: Uri, nodeId: string) => void;
  readonly background: (work: Promise<unknown>) => void;
}

/** Until it is disposed. */
export function followCursor(deps: CursorFollowerDeps): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const listening = window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
    clearTimeout(timer);
    // Only what a person does: a jump from the graph to its code is no reason to move the graph.
    const isByHand =
      kind === TextEditorSelectionChangeKind.Keyboard || kind === TextEditorSelectionChangeKind.Mouse;
    if (isByHand && textEditor.document.languageId === 'python')
      timer = setTimeout(() => deps.background(show(textEditor, deps)), QUIET_MS);
  });
  return {
    dispose: () => {
      clearTimeout(timer);
      listening.dispose();
    },
  };
}

async function show({ document, selection }: TextEditor, deps: CursorFollowerDeps): Promise<void> {
  const { pipelines, parser, highlight } = deps;
  const known = pipelines.known(document.uri);
  const text = document.getText();
  // Of a text that has changed since, nobody knows what is where.
  if (known?.text !== text) return;
  const functions = (await parser()).with(text, outlineOf);
  const at = {
    line: selection.active.line + 1,
    column: selection.active.character + 1,
    offset: document.offsetAt(selection.active),
  };
  for (const pipeline of known.result.pipelines) {
    const nodeId = nodeAt(pipeline, { path: document.uri.fsPath, functions }, at);
    if (nodeId !== undefined) highlight(pipelines.uriOf(document.uri, pipeline), nodeId);
  }
}
