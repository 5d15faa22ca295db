/** The pipeline editor in a bare page, over a text that the real engine edits and the real layout draws. */
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { Browser } from 'playwright-core';
import { analyse } from '../../../src/core/ir/analyse.ts';
import { copyTasks } from '../../../src/core/ir/edit/clipboard.ts';
import { fixesFor, type Fix } from '../../../src/core/ir/edit/fixes.ts';
import type { ComponentDefinition, Gesture, TaskClipboard } from '../../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../../src/core/ir/edit/plan.ts';
import { SpecText } from '../../../src/core/ir/edit/specText.ts';
import { targetsOf } from '../../../src/core/ir/edit/targets.ts';
import type { LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import { inspectGroup, inspectNodes } from '../../../src/core/ir/inspect.ts';
import type { PipelineDocument } from '../../../src/core/ir/model.ts';
import { canvasParsers, type CanvasContract } from '../../../src/core/protocol/canvas.ts';
import type {
  EditOutcome,
  NodeView,
  PaletteEntry,
  ProblemRow,
} from '../../../src/core/protocol/graphEdit.ts';
import type { CanvasCommand } from '../../../src/core/protocol/canvasKeys.ts';
import type { Analysis } from '../../../src/core/protocol/graphWorker.ts';
import type { RunGraphState } from '../../../src/core/protocol/runGraph.ts';
import { graphState, taskDetail } from './builders.ts';
import { openView, type BundleServer, type OpenedView, type ThemeName } from './page.ts';

export interface PaletteFixture {
  readonly entry: PaletteEntry;
  readonly definition: ComponentDefinition;
}

export interface EditorScene {
  readonly text: string;
  readonly palette?: readonly PaletteFixture[];
  /** What the document does not say, for forms. */
  readonly inspect?: (view: NodeView) => NodeView;
  readonly state?: Partial<RunGraphState>;
  /** What a gesture waits for, as behind a host at work. */
  readonly gate?: () => Promise<unknown>;
  /** What the page kept when it was last open. */
  readonly savedState?: unknown;
}

export interface EditorView extends OpenedView<CanvasContract> {
  /** The document as it is now. */
  text(): string;
  /** As if typed beside the canvas. */
  setText(text: string): void;
  /** Gestures that were made, refused ones included. */
  readonly gestures: readonly Gesture[];
  /** Every other request that asks for something to be done. */
  readonly asked: string[];
  undo(): void;
  /** As VS Code's command palette, or a key that was bound to it. */
  command(name: CanvasCommand): void;
  /** As the Problems panel's *Show on canvas*. */
  reveal(nodeId: string): void;
}

export async function openEditor(
  browser: Browser,
  server: BundleServer,
  theme: ThemeName,
  scene: EditorScene,
): Promise<EditorView> {
  const graphviz = await Graphviz.load();
  const engine = { dot: (source: string) => graphviz.dot(source, 'plain') };
  const memory = new Map<string, LaidOutGraph>();
  const gestures: Gesture[] = [];
  const asked: string[] = [];
  const palette = scene.palette ?? [];
  const file = new SpecText();
  let clipboard: TaskClipboard | undefined;
  let text = scene.text;
  let revision = 0;
  let command: RunGraphState['command'];
  let reveal: RunGraphState['reveal'];
  let analysis = look();
  const history: string[] = [];

  function look(collapsed?: readonly string[]): Analysis {
    return analyse(
      { text, key: 'file', ...(collapsed === undefined ? {} : { collapsed }) },
      { engine, memory },
    );
  }
  function change(next: string): void {
    history.push(text);
    text = next;
    revision++;
    analysis = look();
    push();
  }
  function push(): void {
    const errors = analysis.kind === 'pipeline' ? analysis.problems : [];
    view.channel.push(
      graphState({
        title: analysis.kind === 'pipeline' ? analysis.document.name : 'broken',
        editing: { kind: 'text' },
        command,
        reveal,
        document:
          analysis.kind === 'notPipeline'
            ? { kind: 'notPipeline', message: analysis.problem.message }
            : analysis.drawing === undefined
              ? { kind: 'empty', revision }
              : {
                  kind: 'drawn',
                  revision,
                  isStale: false,
                  problem: errors[0]?.message,
                  problemCount: errors.length,
                },
        ...scene.state,
      }),
    );
  }
  async function perform(gesture: Gesture): Promise<EditOutcome> {
    gestures.push(gesture);
    await scene.gate?.();
    const plan = planGesture(text, gesture, file);
    if (plan.kind === 'refused') return plan;
    change(applyEdits(text, plan.edits));
    return { kind: 'done', selection: plan.selection, title: plan.title };
  }
  const done = (what: string): Promise<null> => {
    asked.push(what);
    return Promise.resolve(null);
  };

  const view = await openView<CanvasContract>(browser, server, 'runGraph', {
    theme,
    savedState: scene.savedState,
    parsers: canvasParsers,
    handlers: {
      drawing: ({ collapsed }) => {
        const seen = look(collapsed ?? undefined);
        return Promise.resolve({
          revision,
          drawing: seen.kind === 'pipeline' ? (seen.drawing ?? null) : null,
        });
      },
      tasks: () => Promise.resolve({ revision, rows: [] }),
      task: ({ nodeId }) => Promise.resolve(taskDetail(nodeId)),
      readLog: () => Promise.resolve({ text: '', next: 0, isGap: false, hasEnded: true }),
      preview: () => Promise.resolve({ kind: 'none', message: '' }),
      whyCache: () => Promise.resolve({ kind: 'first', against: undefined, differences: [] }),
      retryFrom: ({ nodeId }) => done(`retryFrom ${nodeId}`),
      debugStep: ({ taskId }) => done(`debugStep ${taskId}`),
      explain: () =>
        Promise.resolve({
          reason: '',
          lines: [],
          likelyCause: undefined,
          sourceLabel: undefined,
          actionLabel: undefined,
        }),
      followFailure: () => done('followFailure'),
      openSource: ({ nodeId }) => done(`openSource ${nodeId}`),
      openArtifact: () => done('openArtifact'),
      openLog: () => done('openLog'),
      selectRun: () => done('selectRun'),
      act: ({ act }) => done(`act ${act}`),
      edit: ({ gesture }) => perform(gesture),
      targets: ({ source }) => {
        const opened = file.read(text);
        return Promise.resolve({ inputs: opened.kind === 'opened' ? targetsOf(opened.spec, source) : [] });
      },
      inspect: ({ nodeIds }) => {
        const views = inspectNodes(known(), nodeIds);
        return Promise.resolve(views.map((one) => scene.inspect?.(one) ?? one));
      },
      inspectGroup: ({ group }) => {
        const found = inspectGroup(known(), group);
        if (found === undefined) throw new Error(`There is no group "${group}".`);
        return Promise.resolve(found);
      },
      problems: () => Promise.resolve({ revision, rows: problemRows() }),
      applyFix: ({ problemId, fixId }) => {
        asked.push(`applyFix ${problemId} ${fixId}`);
        const fix = fixesAt(Number(problemId)).find((one) => one.id === fixId);
        if (fix === undefined) throw new Error(`There is no fix ${fixId}.`);
        if (fix.kind === 'gesture') return perform(fix.gesture);
        change(applyEdits(text, fix.edits));
        return Promise.resolve({ kind: 'done', selection: [], title: fix.title });
      },
      showProblemText: ({ problemId }) => done(`showProblemText ${problemId}`),
      palette: ({ query, fits }) =>
        Promise.resolve(
          palette
            .map(({ entry }) => entry)
            .filter((entry) => entry.name.toLowerCase().includes(query.toLowerCase()))
            .filter((entry) => {
              if (fits === undefined) return true;
              const ports = fits.side === 'input' ? entry.inputs : entry.outputs;
              return ports.some((port) => port.kind === fits.kind && port.type === fits.type);
            }),
        ),
      paletteItem: ({ id }) => {
        const found = palette.find(({ entry }) => entry.id === id);
        if (found === undefined) throw new Error(`No palette item ${id}`);
        return Promise.resolve(found.definition);
      },
      copy: ({ nodeIds }) => {
        const opened = file.read(text);
        clipboard = opened.kind === 'opened' ? copyTasks(opened.spec, nodeIds) : undefined;
        return done(`copy ${nodeIds.join(' ')}`);
      },
      paste: ({ group }) => {
        asked.push(`paste ${group}`);
        return clipboard === undefined
          ? Promise.resolve({ kind: 'refused', reason: 'There are no copied steps on the clipboard.' })
          : perform({ kind: 'paste', group, clipboard });
      },
      editCode: ({ nodeId }) => done(`editCode ${nodeId}`),
      newPythonComponent: ({ group, name }) => {
        asked.push(`newPythonComponent ${group} ${name}`);
        return Promise.resolve({ kind: 'done', selection: [], title: `Add ${name}` });
      },
      undo: () => {
        undo();
        return done('undo');
      },
      redo: () => done('redo'),
      canvasFocus: () => Promise.resolve(null),
      exportDrawing: ({ format, data }) => done(`export ${format} ${data.length}`),
    },
  });
  function fixesAt(at: number): readonly Fix[] {
    const problem = analysis.kind === 'pipeline' ? analysis.problems[at] : undefined;
    return problem === undefined ? [] : fixesFor(known(), problem);
  }
  function problemRows(): readonly ProblemRow[] {
    const problems = analysis.kind === 'pipeline' ? analysis.problems : [analysis.problem];
    return problems.map((problem, at) => ({
      id: String(at),
      code: problem.code,
      severity: problem.severity,
      message: problem.message,
      nodeId: problem.taskPath,
      fixes: fixesAt(at).map(({ id, title }) => ({ id, title })),
    }));
  }
  function known(): PipelineDocument {
    if (analysis.kind !== 'pipeline') throw new Error('The text is broken.');
    return analysis.document;
  }
  function undo(): void {
    const before = history.pop();
    if (before === undefined) return;
    text = before;
    revision++;
    analysis = look();
    push();
  }
  push();
  return {
    ...view,
    complaints: view.complaints,
    text: () => text,
    setText: change,
    gestures,
    asked,
    undo,
    command: (name) => {
      command = { name, count: (command?.count ?? 0) + 1 };
      push();
    },
    reveal: (nodeId) => {
      reveal = { nodeId, count: (reveal?.count ?? 0) + 1 };
      push();
    },
  };
}
