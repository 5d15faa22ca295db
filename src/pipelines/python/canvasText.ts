/** The graph of a pipeline in Python as the editor sees it: its IR to draw, its Python to edit. */
import {
  commands,
  Position,
  Range,
  Uri,
  ViewColumn,
  window,
  workspace,
  WorkspaceEdit,
  type TextDocument,
} from 'vscode';
import { editorType } from '../../contributions.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import type { Gesture } from '../../core/ir/edit/gesture.ts';
import type { Plan } from '../../core/ir/edit/plan.ts';
import type { TextEdit } from '../../core/ir/edit/textEdits.ts';
import type { EditedText } from '../editor/editedText.ts';
import type { Planner } from '../editor/services.ts';
import { DocumentText } from '../editor/vscodeText.ts';
import { editPython, type PythonEdited } from './edit/editPython.ts';
import type { PythonPipelines } from './pythonPipelines.ts';
import type { PythonParser } from './syntax.ts';

type Edited = Extract<PythonEdited, { kind: 'edits' }>;

export interface PythonCanvasDeps {
  readonly pipelines: PythonPipelines;
  readonly parser: () => Promise<PythonParser>;
  /** Says what a gesture does to IR text. */
  readonly planner: Pick<Planner, 'plan'>;
}

export class PythonCanvasText implements EditedText {
  readonly uri: string;
  readonly #ir: DocumentText;
  readonly #document: TextDocument;
  readonly #deps: PythonCanvasDeps;
  /** What was planned last, until it is applied. */
  #planned: Edited | undefined;

  constructor(document: TextDocument, deps: PythonCanvasDeps) {
    this.#document = document;
    this.#ir = new DocumentText(document);
    this.uri = this.#ir.uri;
    this.#deps = deps;
  }

  get text(): string {
    return this.#ir.text;
  }

  get version(): number {
    return this.#ir.version;
  }

  get readOnlyReason(): string | undefined {
    return workspace.isTrusted ? undefined : 'This folder is not trusted, so nothing in it is changed here.';
  }

  get onDidChange(): EditedText['onDidChange'] {
    return this.#ir.onDidChange;
  }

  get #file(): Uri {
    return Uri.parse(this.#document.uri.query);
  }

  get python(): NonNullable<EditedText['python']> {
    return {
      file: workspace.asRelativePath(this.#file),
      plan: (text, gesture, signal) => this.#plan(text, gesture, signal),
      showCode: (nodeId) => this.#showCode(nodeId),
    };
  }

  /** Edits of the Python, tried out by compiling; for the canvas they look like the change of the IR that they make. */
  async #plan(text: string, gesture: Gesture, signal: AbortSignal): Promise<Plan> {
    const { pipelines, parser, planner } = this.#deps;
    this.#planned = undefined;
    await pipelines.compile(this.#file, signal);
    const found = pipelines.find(this.#document.uri);
    if (found === undefined) return { kind: 'refused', reason: 'The file has errors: mend them first.' };
    if (found.pipeline.text !== text)
      return {
        kind: 'refused',
        reason: 'The file has changed since this was drawn. Look at it again, then repeat what you did.',
      };
    const edited = await editPython(
      {
        parser: await parser(),
        compile: (source, by) => pipelines.compileText(this.#file, source, by),
        plan: (ir, wanted, by) => planner.plan({ text: ir, source: this.uri, gesture: wanted }, by),
      },
      { file: this.#file.fsPath, text: found.text, pipeline: found.pipeline },
      gesture,
      signal,
    );
    if (edited.kind === 'refused') return edited;
    this.#planned = edited;
    const now =
      edited.compiled.pipelines.find((one) => one.function === found.pipeline.function)?.text ?? text;
    const edits = now === text ? [] : [{ range: { start: 0, end: text.length }, text: now }];
    return { kind: 'edits', edits, selection: edited.selection, title: edited.title };
  }

  async #showCode(nodeId: string): Promise<void> {
    const node = this.#deps.pipelines.find(this.#document.uri)?.pipeline.nodes[nodeId];
    const { component, call } = node ?? {};
    const at = component ?? (call ? { file: this.#file.fsPath, line: call[0] } : undefined);
    if (at === undefined) throw new SlipwayError('noCode', 'This step is not written in this file.');
    const place = new Position(at.line - 1, 0);
    await window.showTextDocument(Uri.file(at.file), {
      viewColumn: ViewColumn.One,
      selection: new Range(place, place),
    });
  }

  async apply(_splices: readonly TextEdit[], version: number): Promise<boolean> {
    const planned = this.#planned;
    this.#planned = undefined;
    if (planned === undefined || version !== this.version) return false;
    const document = await workspace.openTextDocument(this.#file);
    const found = this.#deps.pipelines.find(this.#document.uri);
    if (document.getText() !== found?.text) return false;
    const edit = new WorkspaceEdit();
    for (const { range, text } of planned.edits)
      edit.replace(
        document.uri,
        new Range(document.positionAt(range.start), document.positionAt(range.end)),
        text.replaceAll(/\r?\n/g, found.text.includes('\r\n') ? '\r\n' : '\n'),
      );
    const changed = new Promise<void>((resolve) => {
      const listening = this.#ir.onDidChange(() => {
        listening.dispose();
        resolve();
      });
      setTimeout(resolve, 2_000);
    });
    if (!(await workspace.applyEdit(edit))) return false;
    this.#deps.pipelines.note(this.#file, document.getText(), planned.compiled);
    // VS Code asks for the new text of a document of ours in its own time.
    await changed;
    return true;
  }

  undo(): Promise<void> {
    return this.#inPython('undo');
  }

  redo(): Promise<void> {
    return this.#inPython('redo');
  }

  dispose(): void {
    this.#ir.dispose();
  }

  /** Undo belongs to the Python file, where it takes back one gesture or what was typed; then the graph has the focus again. */
  async #inPython(command: 'undo' | 'redo'): Promise<void> {
    const graph = window.tabGroups.activeTabGroup.viewColumn;
    const shown = window.visibleTextEditors.find(
      ({ document }) => document.uri.toString() === this.#file.toString(),
    );
    const beside = graph === ViewColumn.One ? ViewColumn.Beside : ViewColumn.One;
    await window.showTextDocument(this.#file, {
      viewColumn: shown?.viewColumn ?? beside,
      preserveFocus: false,
    });
    await commands.executeCommand(command);
    await commands.executeCommand('vscode.openWith', this.#document.uri, editorType, graph);
    await this.#deps.pipelines.compile(this.#file, AbortSignal.timeout(60_000));
  }
}
