/**
 * What one graph knows and does, without vscode: a pipeline's text, an earlier or live run of it, and answers to its
 * webview. panel.ts and editor/provider.ts put it into VS Code; tests put it into a bare page.
 */
import type { KfpApi } from '../../clients/kfp/api.ts';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import { Emitter } from '../../core/base/event.ts';
import { tasksFrom } from '../../core/ir/downstream.ts';
import type { SourceRange } from '../../core/ir/model.ts';
import type { CanvasContract, GraphEditContract } from '../../core/protocol/canvas.ts';
import type { Editing } from '../../core/protocol/graphEdit.ts';
import type { Handlers } from '../../core/protocol/rpc.ts';
import type { CanvasCommand } from '../../core/protocol/canvasKeys.ts';
import type { GraphAct, RunGraphContract, RunGraphState } from '../../core/protocol/runGraph.ts';
import type { GraphEditor } from '../editor/graphEditor.ts';
import type { ExplainedStep, GraphServices } from './controllerServices.ts';
import type { AnalysedDocument } from './documentView.ts';
import { EarlierRuns } from './earlierRuns.ts';
import { LogTail } from './logTail.ts';
import { nothingToEdit } from './nothingToEdit.ts';
import { runSummary, taskRow } from './runRows.ts';
import { ShownRun } from './shownRun.ts';
import { runDetail, taskDetail } from './taskDetail.ts';
import { whyCache } from './whyCache.ts';

export class GraphController implements Disposable {
  readonly #services: GraphServices;
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new Emitter<void>());
  /** `state` has something new. */
  readonly onDidChange = this.#changed.event;
  readonly #editor: GraphEditor | undefined;
  readonly #edits: Handlers<GraphEditContract>;
  readonly #earlier: EarlierRuns;
  readonly #log = this.#disposables.add(new LogTail());
  /** By task id: what the panel's buttons refer to. */
  readonly #explained = new Map<string, ExplainedStep>();
  #run: ShownRun | undefined;
  #busy: string | undefined;
  #reveal: RunGraphState['reveal'];
  #command: RunGraphState['command'];
  #isVisible = true;

  /** Of a document that can be edited, with or without a run, or of a run alone. Owns the editor. */
  constructor(
    services: GraphServices,
    shown: { readonly editor?: GraphEditor | undefined; readonly runId?: string | undefined },
  ) {
    this.#services = services;
    this.#editor = shown.editor;
    this.#edits = shown.editor?.handlers ?? nothingToEdit;
    this.#earlier = this.#disposables.add(
      new EarlierRuns((message, cause) => services.onProblem(message, cause)),
    );
    this.#disposables.add(this.#earlier.onDidChange(() => this.#changed.fire()));
    this.#disposables.add(services.onDidChangeEnvironment(() => this.#onEnvironment()));
    if (shown.editor !== undefined) {
      this.#disposables.add(shown.editor);
      this.#disposables.add(shown.editor.document.onDidChange(() => this.#onDocument()));
      this.#disposables.add(shown.editor.palette.onDidChange(() => this.#changed.fire()));
    }
    if (shown.runId !== undefined) this.showRun(shown.runId);
  }

  /** Of the document; undefined for a run alone. */
  get uri(): string | undefined {
    return this.#editor?.text.uri;
  }

  get runId(): string | undefined {
    return this.#run?.live.runId;
  }

  /** For the panel's tab. */
  get title(): string {
    const name =
      this.#file?.analysis?.document.name ??
      this.#run?.document.analysis?.document.name ??
      this.uri?.split('/').at(-1) ??
      'Pipeline';
    const run = this.#run?.live.state.run;
    return run === undefined
      ? name
      : run.displayName.startsWith(name)
        ? run.displayName
        : `${name}: ${run.displayName}`;
  }

  get state(): RunGraphState {
    const { name, status, message } = this.#services.environment();
    const live = this.#run?.live.state;
    const runs = this.#earlier.list.map((one) => (live?.run?.id === one.id ? runSummary(live.run) : one));
    return {
      target: { uri: this.uri, runId: this.runId },
      title: this.#shownDocument?.analysis?.document.name ?? this.title,
      environment: { name, status, message },
      document: this.#documentView(),
      canRun: this.#file === undefined ? live?.run !== undefined : this.#file.isRunnable,
      run:
        live?.run === undefined
          ? undefined
          : {
              ...runSummary(live.run),
              error: live.run.error,
              connection: live.connection,
              tasksRevision: live.tasksRevision,
              isEdited: this.#run?.isOfFile === true && this.#run.meaning !== this.#file?.meaning,
            },
      runs,
      busy: this.#busy,
      editing: this.#editing,
      paletteRevision: this.#editor?.palette.revision ?? 0,
      reveal: this.#reveal,
      command: this.#command,
    };
  }

  get #file(): AnalysedDocument | undefined {
    return this.#editor?.document;
  }

  get #editing(): Editing {
    if (this.#editor === undefined) return { kind: 'readOnly', reason: undefined };
    return this.#shownDocument === this.#file
      ? this.#editor.editing
      : { kind: 'readOnly', reason: 'This is what the run ran. Choose “No run” to edit the pipeline.' };
  }

  /** Watches its run only while somebody can see it. */
  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    this.#run?.live.setWatched(isVisible);
  }

  /** Selects a node and brings it into view. */
  reveal(nodeId: string): void {
    this.#reveal = { nodeId, count: (this.#reveal?.count ?? 0) + 1 };
    this.#changed.fire();
  }

  /** Does on the canvas what a command says. */
  command(name: CanvasCommand): void {
    this.#command = { name, count: (this.#command?.count ?? 0) + 1 };
    this.#changed.fire();
  }

  /** The panel becomes this run's live graph. */
  showRun(runId: string): void {
    if (this.#run?.live.runId === runId) {
      this.#run.live.wake();
      return;
    }
    this.#run?.dispose();
    this.#run = new ShownRun(runId, {
      analyser: this.#services.analyser,
      kfp: () => this.#services.environment().kfp,
      onProblem: (message, cause) => this.#services.onProblem(message, cause),
    });
    this.#run.onDidChange(() => this.#onRun());
    this.#run.live.setWatched(this.#isVisible);
    void this.#listRuns();
    this.#changed.fire();
  }

  /** Back to the pipeline file, without a run. */
  showDocument(): void {
    if (this.#file === undefined) return;
    this.#run?.dispose();
    this.#run = undefined;
    void this.#listRuns();
    this.#changed.fire();
  }

  dispose(): void {
    this.#run?.dispose();
    this.#disposables.dispose();
  }

  get handlers(): Handlers<CanvasContract> {
    return { ...this.#reads, ...this.#edits };
  }

  readonly #reads: Handlers<RunGraphContract> = {
    drawing: async ({ collapsed }, signal) =>
      (await this.#shownDocument?.drawing(collapsed ?? undefined, signal)) ?? { revision: 0, drawing: null },
    tasks: () => {
      const { tasks, tasksRevision } = this.#shownRun.live.state;
      return Promise.resolve({ revision: tasksRevision, rows: tasks.map(taskRow) });
    },
    task: ({ nodeId, taskId }) => Promise.resolve(this.#taskDetail(nodeId, taskId)),
    readLog: async ({ attempt, from }, signal) =>
      this.#log.read(this.#kfp(), this.#shownRun.live.runId, attempt, from, signal),
    preview: async ({ artifactId }) => {
      const shown = this.#shownRun;
      return this.#services.preview(shown.artifact(artifactId), shown.known.run);
    },
    explain: async ({ taskId }, signal) => {
      const explained = await this.#services.explain(this.#shownRun.live.runId, taskId, signal);
      this.#explained.set(taskId, explained);
      return explained.view;
    },
    whyCache: ({ taskId }, signal) =>
      whyCache(this.#shownRun, taskId, { kfp: this.#kfp(), analyser: this.#services.analyser }, signal),
    retryFrom: async ({ nodeId }, signal) => {
      await this.#while('Starting the run', () => this.#retryFrom(nodeId, signal));
      return null;
    },
    debugStep: async ({ taskId }) => {
      const { runId } = this.#shownRun.live;
      await this.#services.execute('slipway.task.debug', { kind: 'task', runId, taskId }, this.uri);
      return null;
    },
    followFailure: async ({ taskId, part }) => {
      await this.#explained.get(taskId)?.follow(part);
      return null;
    },
    openSource: async ({ nodeId }) => {
      const node = this.#file?.analysis?.drawing?.graph.nodes.find((one) => one.id === nodeId);
      if (this.uri !== undefined && node !== undefined) await this.#services.showText(this.uri, node.range);
      return null;
    },
    openArtifact: async ({ artifactId }) => {
      await this.#services.execute('slipway.artifact.open', {
        kind: 'artifact',
        runId: this.#shownRun.live.runId,
        artifactId,
      });
      return null;
    },
    openLog: async ({ taskId, attempt }) => {
      const { runId } = this.#shownRun.live;
      await this.#services.execute('slipway.task.openFullLog', { kind: 'task', runId, taskId, attempt });
      return null;
    },
    selectRun: ({ runId }) => {
      if (runId === null) this.showDocument();
      else this.showRun(runId);
      return Promise.resolve(null);
    },
    act: async ({ act }) => {
      await this.#act(act);
      return null;
    },
  };

  async #act(act: GraphAct): Promise<void> {
    const services = this.#services;
    switch (act) {
      case 'run':
        await this.#while('Starting the run', () => this.#startRun('run'));
        return;
      case 'runWith':
        await this.#startRun('runWith');
        return;
      case 'terminate':
        await services.execute('slipway.run.terminate', this.#runTarget());
        this.#shownRun.live.wake();
        return;
      case 'retry':
        await services.execute('slipway.run.retry', this.#runTarget());
        this.#shownRun.live.wake();
        return;
      case 'startService':
        await this.#while('Starting the service', () => services.execute('slipway.environment.start'));
        return;
      case 'openText':
        if (this.uri !== undefined) await this.#services.showText(this.uri, this.#firstProblem());
        return;
      case 'showLog':
        await services.execute('slipway.showLog');
    }
  }

  /** The file as it is now; without a file, the same version again, or a copy of the run to be changed. */
  async #startRun(how: 'run' | 'runWith'): Promise<void> {
    const services = this.#services;
    const version = this.#run?.live.state.run?.version;
    if (this.uri !== undefined) {
      const target = { kind: 'file', uri: this.uri } as const;
      await services.execute(how === 'run' ? 'slipway.pipeline.run' : 'slipway.pipeline.runWith', target);
    } else if (how === 'run' && version !== undefined) {
      await services.execute('slipway.pipeline.run', { kind: 'version', ...version });
    } else {
      await services.execute('slipway.run.clone', this.#runTarget());
    }
  }

  async #retryFrom(nodeId: string, signal: AbortSignal): Promise<void> {
    const shown = this.#shownDocument;
    const graph = shown?.analysis?.drawing?.graph;
    if (shown?.text === undefined || graph === undefined)
      throw new SlipwayError('notDrawn', 'There is no pipeline to run now.');
    const { run } = this.#shownRun.known;
    const runId = await this.#services.rerun(
      { text: shown.text, uri: this.uri, tasks: tasksFrom(graph, nodeId), run },
      signal,
    );
    this.showRun(runId);
  }

  async #while(what: string, work: () => Promise<void>): Promise<void> {
    this.#busy = what;
    this.#changed.fire();
    try {
      await work();
    } finally {
      this.#busy = undefined;
      this.#changed.fire();
    }
  }

  /** A run is drawn on its file when it ran just that; the file can then be edited on under it. */
  get #shownDocument(): AnalysedDocument | undefined {
    const isOwn = this.#run?.document.view.kind === 'drawn' && !this.#run.isOfFile;
    return isOwn ? this.#run?.document : (this.#file ?? this.#run?.document);
  }

  #documentView(): RunGraphState['document'] {
    // A file's drawing stands in until the run's own is there: most often they are the same.
    const view = this.#shownDocument?.view ?? { kind: 'loading' };
    const failure = this.#run?.live.state.failure;
    return failure !== undefined && view.kind === 'loading'
      ? { kind: 'failed', message: failure.message }
      : view;
  }

  get #shownRun(): ShownRun {
    if (this.#run === undefined) throw new SlipwayError('noRun', 'No run is shown here.');
    return this.#run;
  }

  #runTarget(): { readonly kind: 'run'; readonly runId: string } {
    return { kind: 'run', runId: this.#shownRun.live.runId };
  }

  #kfp(): KfpApi {
    const { kfp, name } = this.#services.environment();
    if (kfp === undefined)
      throw new SlipwayError('notStarted', `${name} is not running.`, { action: 'Start it' });
    return kfp;
  }

  #taskDetail(nodeId: string, taskId: string | null): ReturnType<typeof taskDetail> {
    if (nodeId === '') {
      const { run, tasks } = this.#shownRun.known;
      return runDetail(run, tasks);
    }
    const analysis = this.#shownDocument?.analysis;
    const node = analysis?.drawing?.graph.nodes.find((one) => one.id === nodeId);
    const hasSource = this.#file?.analysis?.drawing?.graph.nodes.some((one) => one.id === nodeId) === true;
    return taskDetail(
      node,
      taskId === null ? undefined : this.#shownRun.task(taskId),
      analysis?.document,
      hasSource,
    );
  }

  #firstProblem(): SourceRange | undefined {
    const problems = this.#file?.analysis?.problems;
    return (problems?.find((one) => one.severity === 'error') ?? problems?.[0])?.range;
  }

  #onEnvironment(): void {
    this.#run?.live.wake();
    void this.#listRuns();
    this.#changed.fire();
  }

  #onRun(): void {
    // Once, when both are known: what is edited later does not make it another run.
    this.#run?.compareWith(this.#file?.meaning);
    this.#changed.fire();
  }

  #onDocument(): void {
    this.#run?.compareWith(this.#file?.meaning);
    // Runs are told by the pipeline's name.
    const name = this.#file?.analysis?.document.name;
    if (name !== this.#earlier.name) void this.#listRuns();
    this.#changed.fire();
  }

  async #listRuns(): Promise<void> {
    await this.#earlier.look(
      this.#services.environment().kfp,
      this.#shownDocument?.analysis?.document.name,
      this.#run?.live.state.run,
    );
  }
}
