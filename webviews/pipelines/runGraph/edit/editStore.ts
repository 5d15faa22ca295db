/**
 * What is going on in the editor: a wire in the hand, what stands over the canvas, the last refusal, the problems.
 * It changes nothing by itself: gestures go to the host, which answers with what became of them, and the drawing
 * follows the document. So the canvas can show nothing that is not in the text.
 */
import { isAbort, SlipwayError } from '../../../../src/core/base/errors.ts';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import type { EditOutcome, Editing, ProblemRow } from '../../../../src/core/protocol/graphEdit.ts';
import type { GraphStore } from '../store.ts';
import type { CanvasGeometry } from './geometry.ts';
import type { Popup } from './popup.ts';
import type { Point } from './ports.ts';
import type { Wire } from './wire.ts';

export interface Refusal {
  readonly reason: string;
  /** In the page's pixels: near where the user's hand was. */
  readonly at: Point;
}

export type EditPanel = 'palette' | 'problems';

/** What the pointer carries besides a wire: steps to another group, or a palette entry. */
export interface Cargo {
  readonly label: string;
  /** The group under the pointer. */
  readonly over: string | undefined;
}

export interface EditSnapshot {
  readonly wire: Wire | undefined;
  readonly cargo: Cargo | undefined;
  readonly popup: Popup | undefined;
  readonly refusal: Refusal | undefined;
  readonly problems: readonly ProblemRow[];
  /** The worst problem of each node that has one. */
  readonly marks: ReadonlyMap<string, ProblemRow>;
  /** The problem that was looked at last. */
  readonly problem: string | undefined;
  readonly panel: EditPanel | undefined;
  /** An edge chosen with the pointer; never together with nodes. */
  readonly edge: string | undefined;
  /** The host is at work on a gesture. */
  readonly isBusy: boolean;
  /** Something was edited here: hints for beginners can go. */
  readonly hasEdited: boolean;
}

/** Longer than any edit takes; an installation may stand behind a new Python component. */
const EDIT_TIMEOUT_MS = 60_000;
const REFUSAL_SHOWN_MS = 8_000;

export class EditStore {
  readonly graph: GraphStore;
  readonly #listeners = new Set<() => void>();
  #geometry: CanvasGeometry | undefined;
  #refusalTimer: ReturnType<typeof setTimeout> | undefined;
  #problemsKey = '';
  #running = 0;
  /** Typed ahead; see `afterEdits`. */
  #waiting: (() => void)[] = [];
  #pointer: Point = { x: 0, y: 0 };
  #cargoAt: Point = { x: 0, y: 0 };
  #cargoElement: HTMLElement | null = null;
  #snapshot: EditSnapshot = {
    wire: undefined,
    cargo: undefined,
    popup: undefined,
    refusal: undefined,
    problems: [],
    marks: new Map(),
    problem: undefined,
    panel: undefined,
    edge: undefined,
    isBusy: false,
    hasEdited: false,
  };

  constructor(graph: GraphStore) {
    this.graph = graph;
    graph.subscribe(() => this.#pullProblems());
    window.addEventListener(
      'pointerdown',
      ({ clientX, clientY }) => {
        this.#pointer = { x: clientX, y: clientY };
      },
      { capture: true, passive: true },
    );
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): EditSnapshot => this.#snapshot;

  get editing(): Editing {
    return this.graph.getSnapshot().host?.editing ?? { kind: 'readOnly', reason: undefined };
  }

  get canEdit(): boolean {
    return this.editing.kind !== 'readOnly';
  }

  /** Of the text that the user sees drawn. */
  get revision(): number {
    const { host, drawingRevision } = this.graph.getSnapshot();
    const document = host?.document;
    return document?.kind === 'empty' ? document.revision : drawingRevision;
  }

  get geometry(): CanvasGeometry | undefined {
    return this.#geometry;
  }

  /** The canvas that is on screen lends its eyes. */
  setGeometry(geometry: CanvasGeometry | undefined): void {
    this.#geometry = geometry;
  }

  set(change: Partial<EditSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of [...this.#listeners]) listener();
  }

  open(popup: Popup): void {
    this.set({ popup, refusal: undefined });
  }

  close(): void {
    if (this.#snapshot.popup !== undefined) this.set({ popup: undefined });
  }

  togglePanel(panel: EditPanel): void {
    this.set({ panel: this.#snapshot.panel === panel ? undefined : panel });
  }

  /** Resolves to the outcome, or to `undefined` when the host failed, which then stands in the banner. */
  perform(gesture: Gesture, at?: Point): Promise<EditOutcome | undefined> {
    return this.#follow(() => this.graph.ask('edit', { revision: this.revision, gesture }, LONG), at);
  }

  paste(group: string): Promise<EditOutcome | undefined> {
    return this.#follow(() => this.graph.ask('paste', { revision: this.revision, group }, LONG));
  }

  applyFix(problemId: string, fixId: string): Promise<EditOutcome | undefined> {
    const { revision } = this;
    return this.#follow(() => this.graph.ask('applyFix', { revision, problemId, fixId }, LONG));
  }

  newPythonComponent(group: string, name: string): Promise<EditOutcome | undefined> {
    const { revision } = this;
    return this.#follow(() =>
      this.graph.ask('newPythonComponent', { revision, group, name }, { timeoutMs: 10 * EDIT_TIMEOUT_MS }),
    );
  }

  /** Whether it is on the clipboard now. */
  async copy(nodeIds: readonly string[]): Promise<boolean> {
    const done = await this.#track(() => this.graph.request('copy', { nodeIds: [...nodeIds] }));
    return done !== undefined;
  }

  /**
   * At once, or after what is on its way: a key that is typed ahead means what the gestures before it leave. One that
   * was refused or failed takes those behind it with it.
   */
  afterEdits(act: () => void): void {
    if (this.#running === 0) act();
    else this.#waiting.push(act);
  }

  /** A palette entry becomes a step of the group. */
  async addFromPalette(
    id: string,
    group: string,
    extra: Pick<Extract<Gesture, { kind: 'addTask' }>, 'inputs' | 'feeds'> = {},
    at?: Point,
  ): Promise<EditOutcome | undefined> {
    const definition = await this.graph.request('paletteItem', { id }, LONG);
    if (definition === undefined) return undefined;
    return this.perform({ kind: 'addTask', group, component: { definition }, ...extra }, at);
  }

  /** Said and shown where the hand is; gone by itself, or with the next thing that is done. */
  refuse(reason: string, at?: Point): void {
    clearTimeout(this.#refusalTimer);
    this.set({ refusal: { reason, at: at ?? this.#whereabouts() } });
    this.graph.announce(`Refused: ${reason}`);
    this.#refusalTimer = setTimeout(() => this.set({ refusal: undefined }), REFUSAL_SHOWN_MS);
  }

  forgetRefusal(): void {
    if (this.#snapshot.refusal !== undefined) this.set({ refusal: undefined });
  }

  async #follow(
    ask: () => Promise<EditOutcome>,
    at: Point = this.#whereabouts(),
  ): Promise<EditOutcome | undefined> {
    this.set({ refusal: undefined });
    return this.#track(async () => {
      try {
        const outcome = await ask();
        if (outcome.kind === 'refused') {
          this.#waiting = [];
          this.refuse(outcome.reason, at);
          return outcome;
        }
        // What it selects must be there.
        await this.graph.drawn();
        this.set({ hasEdited: true, edge: undefined });
        this.graph.selectAll(outcome.selection);
        this.graph.activate(outcome.selection.at(-1));
        this.graph.announce(outcome.title);
        return outcome;
      } catch (error) {
        this.#waiting = [];
        if (!isAbort(error)) this.graph.fail(error);
        return undefined;
      }
    });
  }

  async #track<T>(work: () => Promise<T>): Promise<T> {
    this.#running++;
    this.set({ isBusy: true });
    try {
      return await work();
    } finally {
      this.#running--;
      if (this.#running === 0) this.set({ isBusy: false });
      while (this.#running === 0 && this.#waiting.length > 0) this.#waiting.shift()?.();
    }
  }

  /** What the pointer carries, and where it is now; only the former is drawn by React. */
  carry(cargo: Cargo, at: Point): void {
    const before = this.#snapshot.cargo;
    this.#cargoAt = at;
    if (before?.label !== cargo.label || before.over !== cargo.over) this.set({ cargo });
    this.#placeCargo();
  }

  attachCargo(element: HTMLElement | null): void {
    this.#cargoElement = element;
    this.#placeCargo();
  }

  #placeCargo(): void {
    const { x, y } = this.#cargoAt;
    if (this.#cargoElement !== null) this.#cargoElement.style.translate = `${x + 10}px ${y + 10}px`;
  }

  /** For what is said about a gesture of the keyboard: beside its node; otherwise where the pointer was last. */
  #whereabouts(): Point {
    const { active } = this.graph.getSnapshot();
    const anchor = active === undefined ? undefined : this.#geometry?.anchor(active);
    return anchor ?? this.#pointer;
  }

  /** The list follows the text, not the drawing: broken text has problems, too. */
  #pullProblems(): void {
    const document = this.graph.getSnapshot().host?.document;
    if (!this.canEdit || document === undefined || document.kind === 'loading') return;
    const key = JSON.stringify(document);
    if (key === this.#problemsKey) return;
    this.#problemsKey = key;
    this.graph
      .ask('problems', {}, { timeoutMs: EDIT_TIMEOUT_MS })
      .then(({ rows }) => {
        if (key === this.#problemsKey) this.set({ problems: rows, marks: worstByNode(rows) });
      })
      .catch((error: unknown) => {
        if (this.#problemsKey === key) this.#problemsKey = '';
        if (!(error instanceof SlipwayError && error.reason === 'cancelled')) this.graph.fail(error);
      });
  }
}

function worstByNode(rows: readonly ProblemRow[]): ReadonlyMap<string, ProblemRow> {
  const marks = new Map<string, ProblemRow>();
  for (const row of rows) {
    if (row.nodeId === undefined) continue;
    if (marks.get(row.nodeId)?.severity !== 'error') marks.set(row.nodeId, row);
  }
  return marks;
}

const LONG = { timeoutMs: EDIT_TIMEOUT_MS };
