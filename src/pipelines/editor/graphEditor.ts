/** What the canvas asks of the document that it edits, without vscode. */
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import { fixesFor, type Fix } from '../../core/ir/edit/fixes.ts';
import { gesture, type ComponentDefinition, type Gesture } from '../../core/ir/edit/gesture.ts';
import { inspectGroup, inspectNodes } from '../../core/ir/inspect.ts';
import type { PipelineDocument, Problem } from '../../core/ir/model.ts';
import type { GraphEditContract } from '../../core/protocol/canvas.ts';
import type { EditOutcome, Editing } from '../../core/protocol/graphEdit.ts';
import type { Plan } from '../../core/ir/edit/plan.ts';
import type { Handlers } from '../../core/protocol/rpc.ts';
import type { Analyser } from '../analyser.ts';
import type { AnalysedDocument } from '../graph/documentView.ts';
import type { EditedText } from './editedText.ts';
import { GestureQueue } from './gestureQueue.ts';
import type { EditServices, Palette } from './services.ts';
import { TextDrawing } from './textDrawing.ts';

interface KnownProblem {
  readonly id: string;
  readonly problem: Problem;
  readonly fixes: readonly Fix[];
}

export class GraphEditor implements Disposable {
  readonly text: EditedText;
  readonly #services: EditServices;
  readonly #disposables = new DisposableStore();
  readonly #drawing: TextDrawing;
  readonly #queue: GestureQueue;
  /** Keys are faster than the worker: what is pasted is what was copied last. */
  #copying: Promise<void> = Promise.resolve();
  #hasFocus = false;
  /** Of the revision that the list was last asked for. */
  #problems: { readonly revision: number; readonly known: readonly KnownProblem[] } | undefined;

  constructor(text: EditedText, analyser: Analyser, services: EditServices) {
    this.text = text;
    this.#services = services;
    this.#drawing = this.#disposables.add(new TextDrawing(text, analyser));
    this.#queue = new GestureQueue(this.#drawing);
  }

  get document(): AnalysedDocument {
    return this.#drawing.document;
  }

  get editing(): Editing {
    const reason = this.#drawing.readOnlyReason;
    if (reason !== undefined) return { kind: 'readOnly', reason };
    return this.text.python === undefined
      ? { kind: 'text' }
      : { kind: 'python', file: this.text.python.file };
  }

  get palette(): Pick<Palette, 'revision' | 'onDidChange'> {
    return this.#services.palette;
  }

  /** Adds a task of a component that comes from outside the canvas. */
  add(definition: ComponentDefinition, signal: AbortSignal): Promise<EditOutcome> {
    return this.#edit(
      this.document.revision,
      { kind: 'addTask', group: '', component: { definition } },
      signal,
    );
  }

  dispose(): void {
    if (this.#hasFocus) this.#services.setCanvasFocus(false);
    this.#disposables.dispose();
  }

  readonly handlers: Handlers<GraphEditContract> = {
    edit: ({ revision, gesture: wanted }, signal) => this.#edit(revision, wanted, signal),
    targets: ({ source: from }, signal) => this.#services.planner.targets({ ...this.#request, from }, signal),
    inspect: ({ nodeIds }) => Promise.resolve(inspectNodes(this.#known, nodeIds)),
    inspectGroup: ({ group }) => {
      const view = inspectGroup(this.#known, group);
      if (view === undefined) throw new SlipwayError('noGroup', 'This group is no longer in the pipeline.');
      return Promise.resolve(view);
    },
    problems: () => {
      const { revision, known } = this.#listProblems();
      return Promise.resolve({
        revision,
        rows: known.map(({ id, problem, fixes }) => ({
          id,
          code: problem.code,
          severity: problem.severity,
          message: problem.message,
          nodeId: problem.taskPath,
          fixes: fixes.map((fix) => ({ id: fix.id, title: fix.title })),
        })),
      });
    },
    applyFix: ({ revision, problemId, fixId }, signal) => {
      const fix = this.#problem(problemId).fixes.find((one) => one.id === fixId);
      if (fix === undefined) throw new SlipwayError('noFix', 'This fix no longer applies.');
      return fix.kind === 'gesture'
        ? this.#edit(revision, fix.gesture, signal)
        : this.#queue.perform(revision, () =>
            Promise.resolve({ kind: 'edits', edits: fix.edits, selection: [], title: fix.title }),
          );
    },
    showProblemText: async ({ problemId }) => {
      await this.#services.showText(this.text.uri, this.#problem(problemId).problem.range);
      return null;
    },
    palette: (query, signal) =>
      this.#services.palette.entries(
        query,
        { uri: this.text.uri, document: this.document.analysis?.document },
        signal,
      ),
    paletteItem: async ({ id }, signal) => {
      if (!this.#known.components.has(id)) return this.#services.palette.definition(id, signal);
      const own = await this.#services.planner.definitions(this.#request, signal);
      const found = own.find(({ definition }) => definition.name === id);
      if (found === undefined)
        throw new SlipwayError('noComponent', 'This component is no longer in the file.');
      return found.definition;
    },
    copy: async ({ nodeIds }, signal) => {
      const copying = this.#copy(nodeIds, signal);
      this.#copying = copying.catch(() => undefined);
      await copying;
      return null;
    },
    paste: async ({ revision, group }, signal) => {
      await this.#copying;
      const pasted = parsePaste(group, await this.#services.clipboard.readText());
      if (pasted === undefined)
        return { kind: 'refused', reason: 'There are no copied steps on the clipboard.' };
      return this.#edit(revision, pasted, signal);
    },
    editCode: async ({ nodeId }) => {
      if (this.text.python !== undefined) {
        await this.text.python.showCode(nodeId);
        return null;
      }
      const node = this.document.analysis?.drawing?.graph.nodes.find((one) => one.id === nodeId);
      if (node?.component === undefined)
        throw new SlipwayError('noCode', 'This step has no code in the pipeline.');
      await this.#services.code.open(this.text.uri, node.component);
      return null;
    },
    newPythonComponent: async ({ revision, group, name }, signal) => {
      const definition = this.#services.code.blank(name);
      return this.#edit(revision, { kind: 'addTask', group, component: { definition } }, signal);
    },
    canvasFocus: ({ isFocused }) => {
      this.#hasFocus = isFocused;
      this.#services.setCanvasFocus(isFocused);
      return Promise.resolve(null);
    },
    undo: async () => {
      await this.text.undo();
      return null;
    },
    redo: async () => {
      await this.text.redo();
      return null;
    },
    exportDrawing: async ({ format, data }) => {
      await this.#services.saveDrawing(this.document.analysis?.document.name ?? 'pipeline', format, data);
      return null;
    },
  };

  #edit(revision: number, wanted: Gesture, signal: AbortSignal): Promise<EditOutcome> {
    const { python, uri } = this.text;
    return this.#queue.perform(revision, (text): Promise<Plan> =>
      python === undefined
        ? this.#services.planner.plan({ text, source: uri, gesture: wanted }, signal)
        : python.plan(text, wanted, signal),
    );
  }

  async #copy(nodeIds: readonly string[], signal: AbortSignal): Promise<void> {
    const copied = await this.#services.planner.copy({ ...this.#request, nodeIds }, signal);
    if (copied !== undefined) await this.#services.clipboard.writeText(JSON.stringify(copied, null, 2));
  }

  get #request(): { readonly text: string; readonly source: string } {
    return { text: this.#drawing.drawnText, source: this.text.uri };
  }

  get #known(): PipelineDocument {
    const document = this.document.analysis?.document;
    if (document === undefined) throw new SlipwayError('notDrawn', 'There is no pipeline to look at now.');
    return document;
  }

  #listProblems(): { readonly revision: number; readonly known: readonly KnownProblem[] } {
    const { revision, problems, analysis } = this.document;
    if (this.#problems?.revision !== revision) {
      const known = problems.map((problem, at) => ({
        id: `${revision}:${at}`,
        problem,
        fixes: analysis === undefined ? [] : fixesFor(analysis.document, problem),
      }));
      this.#problems = { revision, known };
    }
    return this.#problems;
  }

  /** Ids carry their revision: one of an older list is of a text that is gone. */
  #problem(id: string): KnownProblem {
    const found = this.#listProblems().known.find((one) => one.id === id);
    if (found === undefined) throw new SlipwayError('noProblem', 'This problem is gone; the list is new.');
    return found;
  }
}

function parsePaste(group: string, text: string): Gesture | undefined {
  let clipboard: unknown;
  try {
    clipboard = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = gesture.safeParse({ kind: 'paste', group, clipboard });
  return parsed.success ? parsed.data : undefined;
}
