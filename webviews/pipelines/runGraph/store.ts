/**
 * The view's one store. The host owns document and run, and is only mirrored here; the user's view (tab, selection,
 * collapsed groups, zoom) is owned here and saved by the webview. Components read snapshots and call the methods.
 */
import { isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import type { GraphNode, LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import type { CanvasContract } from '../../../src/core/protocol/canvas.ts';
import type { GraphAct, RunGraphState, RunView, TaskRow } from '../../../src/core/protocol/runGraph.ts';
import type { RequestOptions, WebviewChannel } from '../../../src/core/protocol/rpc.ts';
import { announceRun, announceTasks } from './announce.ts';
import { foldTasks, statusOf, TaskIndex, type NodeStatus } from './fold.ts';
import { isFinalRun } from './stateText.ts';
import type { Viewport, ViewState } from './viewState.ts';

type Requests = CanvasContract['requests'];
export type CanvasChannel = Pick<WebviewChannel<CanvasContract>, 'request'>;

export interface Notice {
  readonly message: string;
  readonly action: string | undefined;
}

export interface Snapshot {
  readonly host: RunGraphState | undefined;
  readonly drawing: LaidOutGraph | undefined;
  /** Of the text that `drawing` draws; edits name it. */
  readonly drawingRevision: number;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly index: TaskIndex | undefined;
  readonly statuses: ReadonlyMap<string, NodeStatus>;
  readonly view: ViewState;
  /** Every selected node; `view.selected` is the one chosen last. */
  readonly selection: ReadonlySet<string>;
  /** Node that the keyboard is on; not kept across reloads. */
  readonly active: string | undefined;
  /** The last thing that failed. */
  readonly notice: Notice | undefined;
  readonly announcement: string;
}

export class GraphStore {
  readonly #channel: CanvasChannel;
  readonly #save: (state: unknown) => void;
  readonly #listeners = new Set<() => void>();
  #snapshot: Snapshot;
  #rows: readonly TaskRow[] = [];
  #viewport: Viewport | undefined;
  #drawingRequest: AbortController | undefined;
  #drawingArrival: Promise<void> = Promise.resolve();
  /** Revision and collapsed groups of the drawing shown or asked for. */
  #drawingKey = '';
  #isPullingTasks = false;
  /** ▶ was clicked here, and its run has not been seen yet. */
  #isRunAwaited = false;
  #isResultAwaited = false;
  #isFailureAwaited = false;
  #tasksKey = '';

  constructor(channel: CanvasChannel, view: ViewState, save: (state: unknown) => void) {
    this.#channel = channel;
    this.#save = save;
    this.#viewport = view.viewport;
    this.#snapshot = {
      host: undefined,
      drawing: undefined,
      drawingRevision: 0,
      nodes: new Map(),
      index: undefined,
      statuses: new Map(),
      view,
      selection: new Set(view.selected === undefined || view.selected === '' ? [] : [view.selected]),
      active: undefined,
      notice: undefined,
      announcement: '',
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): Snapshot => this.#snapshot;

  receive(host: RunGraphState): void {
    const before = this.#snapshot.host;
    const isOtherRun = before?.run?.id !== host.run?.id;
    if (isOtherRun) {
      this.#rows = [];
      this.#tasksKey = '';
    }
    const announcement = announceRun(before?.run, host.run);
    this.#set({
      host,
      ...(announcement === '' ? {} : { announcement }),
      ...(isOtherRun ? { index: undefined, statuses: new Map<string, NodeStatus>() } : {}),
    });
    if (isOtherRun && before !== undefined) this.#setView({ iterations: {}, selectedTask: undefined });
    this.#showResult(before?.run, host.run);
    if (host.reveal !== undefined && host.reveal.count !== before?.reveal?.count)
      this.expose(host.reveal.nodeId);
    this.#saveView();
    this.#pullDrawing();
    void this.#pullTasks();
  }

  statusOf(nodeId: string): NodeStatus | undefined {
    const { statuses, nodes, host } = this.#snapshot;
    return statusOf(statuses, nodes, nodeId, host?.run !== undefined && isFinalRun(host.run.state));
  }

  /** As the channel's, but a failure becomes a notice. Resolves to `undefined` then. */
  async request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    options?: RequestOptions,
  ): Promise<Requests[M]['result'] | undefined> {
    try {
      return await this.#channel.request(method, params, options);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Rejects as the channel does: for callers that show the failure in place. */
  ask<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    options?: RequestOptions,
  ): Promise<Requests[M]['result']> {
    return this.#channel.request(method, params, options);
  }

  act(act: GraphAct): void {
    if (act === 'run' || act === 'runWith') this.#isRunAwaited = true;
    // Starting the service or a run may take as long as an installation.
    void this.request('act', { act }, { timeoutMs: 15 * 60_000 });
  }

  dismissNotice(): void {
    this.#set({ notice: undefined });
  }

  show(tab: ViewState['tab']): void {
    this.#setView({ tab });
  }

  select(nodeId: string | undefined, taskId?: string): void {
    this.#set({ selection: new Set(nodeId === undefined || nodeId === '' ? [] : [nodeId]) });
    this.#setView({ selected: nodeId, selectedTask: taskId });
  }

  /** Several at once; the last is the one whose place the view keeps. */
  selectAll(nodeIds: readonly string[]): void {
    this.#set({ selection: new Set(nodeIds) });
    this.#setView({ selected: nodeIds.at(-1), selectedTask: undefined });
  }

  /** Into the selection, or out of it. */
  toggleSelected(nodeId: string): void {
    const { selection } = this.#snapshot;
    this.selectAll(
      selection.has(nodeId) ? [...selection].filter((id) => id !== nodeId) : [...selection, nodeId],
    );
  }

  /** Shows one group as if it were the whole pipeline; '' is the whole. */
  enter(group: string): void {
    const { view, drawing } = this.#snapshot;
    const collapsed = view.collapsed ?? drawing?.collapsed ?? [];
    // Only an open group has a drawing of its inside.
    const closed = collapsed.filter((id) => id !== group && !group.startsWith(`${id}/`));
    this.#viewport = undefined;
    this.#setView({ scope: group, ...(closed.length < collapsed.length ? { collapsed: closed } : {}) });
    this.#pullDrawing();
  }

  /** Selects a node and opens whatever hides it; the canvas brings it into view. */
  expose(nodeId: string): void {
    const { view, drawing } = this.#snapshot;
    const collapsed = view.collapsed ?? drawing?.collapsed ?? [];
    const closed = collapsed.filter((group) => !nodeId.startsWith(`${group}/`));
    this.#setView({
      tab: 'graph',
      scope: nodeId.startsWith(`${view.scope}/`) ? view.scope : '',
      ...(closed.length < collapsed.length ? { collapsed: closed } : {}),
    });
    this.select(nodeId);
    this.activate(nodeId);
    this.#pullDrawing();
  }

  /** When the drawing of the host's last word is there, or has failed. */
  async drawn(): Promise<void> {
    let last;
    do {
      last = this.#drawingArrival;
      await last;
    } while (last !== this.#drawingArrival);
  }

  announce(announcement: string): void {
    this.#set({ announcement });
  }

  /** Moves the keyboard's place in the graph. */
  activate(nodeId: string | undefined): void {
    if (nodeId !== this.#snapshot.active) this.#set({ active: nodeId });
  }

  toggleGroup(nodeId: string): void {
    const { view, drawing } = this.#snapshot;
    const collapsed = view.collapsed ?? drawing?.collapsed ?? [];
    this.#setView({
      collapsed: collapsed.includes(nodeId)
        ? collapsed.filter((id) => id !== nodeId)
        : [...collapsed, nodeId],
    });
    this.#pullDrawing();
  }

  /** `undefined`: all iterations together. */
  chooseIteration(loop: string, iteration: number | undefined): void {
    const others = Object.entries(this.#snapshot.view.iterations).filter(([id]) => id !== loop);
    const rest = Object.fromEntries(others);
    this.#setView({
      iterations: iteration === undefined ? rest : { ...rest, [loop]: iteration },
      selectedTask: undefined,
    });
    this.#fold();
  }

  toggleRow(key: string): void {
    this.#setView({ toggled: flip(this.#snapshot.view.toggled, key) });
  }

  unfoldRows(key: string): void {
    this.#setView({ unfolded: flip(this.#snapshot.view.unfolded, key) });
  }

  /** Not part of the snapshot: the canvas owns it while it moves. */
  saveViewport(viewport: Viewport): void {
    this.#viewport = viewport;
    this.#saveView();
  }

  get viewport(): Viewport | undefined {
    return this.#viewport;
  }

  /**
   * A run that ends before the user's eyes shows what it made, unless they look at something else. One that was all
   * cached may be over before it was ever seen running: then it counts that it was started here.
   */
  #showResult(before: RunView | undefined, after: RunView | undefined): void {
    if (after === undefined) return;
    if (before?.id !== after.id) {
      this.#isResultAwaited = this.#isRunAwaited;
      this.#isRunAwaited = false;
    }
    if (!isFinalRun(after.state)) {
      this.#isResultAwaited = true;
      return;
    }
    const isAwaited = this.#isResultAwaited && this.#snapshot.view.selected === undefined;
    this.#isResultAwaited = false;
    if (!isAwaited) return;
    if (after.state === 'SUCCEEDED') this.select('');
    if (after.state === 'FAILED') this.#isFailureAwaited = true;
  }

  /** The step that failed first by itself: a group fails because of a step inside it. */
  #showFailure(): void {
    if (!this.#isFailureAwaited || this.#snapshot.view.selected !== undefined) return;
    const failed = this.#rows.filter((row) => row.state === 'FAILED' && row.attempts > 0);
    const first = failed.sort((a, b) => (a.finishedAt ?? Infinity) - (b.finishedAt ?? Infinity))[0];
    if (first === undefined) return;
    this.#isFailureAwaited = false;
    this.select(first.path, first.id);
  }

  #pullDrawing(): void {
    const { host, view } = this.#snapshot;
    if (host?.document.kind !== 'drawn') {
      if (host !== undefined && host.document.kind !== 'loading' && this.#drawingKey !== '') {
        this.#drawingRequest?.abort();
        this.#drawingKey = '';
        this.#set({ drawing: undefined, nodes: new Map() });
      }
      return;
    }
    const collapsed = view.collapsed ?? null;
    const key = `${host.document.revision} ${JSON.stringify(collapsed)}`;
    if (key === this.#drawingKey) return;
    this.#drawingKey = key;
    this.#drawingRequest?.abort();
    const controller = new AbortController();
    this.#drawingRequest = controller;
    this.#drawingArrival = this.#channel
      .request(
        'drawing',
        { collapsed: collapsed === null ? null : [...collapsed] },
        { signal: controller.signal, timeoutMs: 60_000 },
      )
      .then((result) => {
        if (controller.signal.aborted || result.drawing === null) return;
        this.#set({
          drawing: result.drawing,
          drawingRevision: result.revision,
          nodes: new Map(result.drawing.graph.nodes.map((node) => [node.id, node])),
        });
      })
      .catch((error: unknown) => {
        if (this.#drawingKey === key) this.#drawingKey = '';
        this.fail(error);
      });
  }

  async #pullTasks(): Promise<void> {
    if (this.#isPullingTasks) return;
    this.#isPullingTasks = true;
    try {
      for (;;) {
        const run = this.#snapshot.host?.run;
        if (run === undefined) return;
        const key = `${run.id} ${run.tasksRevision}`;
        if (key === this.#tasksKey) return;
        const { rows } = await this.#channel.request('tasks', {}, { timeoutMs: 30_000 });
        if (this.#snapshot.host?.run?.id !== run.id) continue;
        this.#tasksKey = key;
        this.#rows = rows;
        this.#fold();
        this.#showFailure();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#isPullingTasks = false;
    }
  }

  #fold(): void {
    const { view, statuses: before, nodes } = this.#snapshot;
    const index = new TaskIndex(this.#rows, view.iterations);
    const statuses = foldTasks(index, before);
    const announcement = announceTasks(before, statuses, (id) => nodes.get(id)?.label);
    this.#set({ index, statuses, ...(announcement === '' ? {} : { announcement }) });
  }

  /** Into the banner; that something was cancelled is no news. */
  fail(error: unknown): void {
    if (isAbort(error) || (error instanceof SlipwayError && error.reason === 'cancelled')) return;
    this.#set({
      notice:
        error instanceof SlipwayError
          ? { message: error.message, action: error.action }
          : { message: String(error), action: undefined },
    });
  }

  #setView(change: Partial<ViewState>): void {
    this.#set({ view: { ...this.#snapshot.view, ...change } });
    this.#saveView();
  }

  #saveView(): void {
    const { host, view } = this.#snapshot;
    // `target` is for the host's serializer; before the first push the host's last word stands.
    if (host !== undefined) this.#save({ ...view, viewport: this.#viewport, target: host.target });
  }

  #set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

function flip(keys: readonly string[], key: string): readonly string[] {
  return keys.includes(key) ? keys.filter((one) => one !== key) : [...keys, key];
}
