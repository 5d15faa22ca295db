/**
 * Which change is looked at. The canvas keeps what it always keeps (graph: selection, groups, zoom; edit: the chosen
 * edge); this store holds the list of changes and keeps list and canvas at the same one.
 */
import { SlipwayError } from '../../../src/core/base/errors.ts';
import type { DiffChanges, GraphDiffContract, GraphDiffState } from '../../../src/core/protocol/graphDiff.ts';
import type { WebviewChannel } from '../../../src/core/protocol/rpc.ts';
import type { EditStore } from '../runGraph/edit/editStore.ts';
import { MARK_TEXT, type DrawingMarks } from '../runGraph/marks.tsx';
import type { GraphStore } from '../runGraph/store.ts';
import { canvasState } from './canvasChannel.ts';
import { edgeKey, listChanges, marksOf, nodeKey, PIPELINE_KEY, type ChangeItem } from './changes.ts';

type Requests = GraphDiffContract['requests'];

export interface DiffSnapshot {
  readonly host: GraphDiffState | undefined;
  readonly changes: DiffChanges | undefined;
  readonly items: readonly ChangeItem[];
  readonly marks: DrawingMarks;
  /** Key of the item that is open in the list. */
  readonly chosen: string | undefined;
}

interface Seen {
  readonly selected: string | undefined;
  readonly edge: string | undefined;
}

export class DiffStore {
  readonly graph: GraphStore;
  readonly #channel: WebviewChannel<GraphDiffContract>;
  readonly #edit: EditStore;
  readonly #listeners = new Set<() => void>();
  #snapshot: DiffSnapshot = {
    host: undefined,
    changes: undefined,
    items: [],
    marks: { nodes: new Map(), edges: new Map(), within: new Map() },
    chosen: undefined,
  };
  /** What was read of the canvas last. */
  #seen: Seen;
  #drawing: unknown;
  #changesRequest: AbortController | undefined;
  #revision = 0;

  constructor(channel: WebviewChannel<GraphDiffContract>, graph: GraphStore, edit: EditStore) {
    this.#channel = channel;
    this.graph = graph;
    this.#edit = edit;
    this.#seen = this.#look();
    graph.subscribe(() => this.#onCanvas());
    edit.subscribe(() => this.#onCanvas());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): DiffSnapshot => this.#snapshot;

  receive(host: GraphDiffState): void {
    const before = this.#snapshot.host;
    this.#set({ host });
    this.graph.receive(canvasState(host));
    this.#pullChanges();
    if (before !== undefined && before.step.count !== host.step.count) this.step(host.step.by);
  }

  /** Opens a change in the list and brings it into view in the drawing; again: closes it. */
  toggle(key: string): void {
    if (this.#snapshot.chosen === key) this.#choose(undefined);
    else this.show(key);
  }

  show(key: string): void {
    const item = this.#snapshot.items.find((one) => one.key === key);
    if (item === undefined) return;
    const { items } = this.#snapshot;
    this.#choose(item);
    this.graph.announce(
      `Change ${items.indexOf(item) + 1} of ${items.length}: ${item.label}, ${MARK_TEXT[item.mark].toLowerCase()}`,
    );
  }

  /** From the last change on to the first, and back. */
  step(by: 1 | -1): void {
    const { items, chosen } = this.#snapshot;
    const at = items.findIndex(({ key }) => key === chosen);
    const next = items.at(at === -1 ? (by === 1 ? 0 : -1) : (at + by) % items.length);
    if (next !== undefined) this.show(next.key);
  }

  /** A failure becomes the canvas's notice. */
  async request<M extends keyof Requests>(method: M, params: Requests[M]['params']): Promise<void> {
    try {
      await this.#channel.request(method, params, { timeoutMs: 120_000 });
    } catch (error) {
      this.graph.fail(error);
    }
  }

  #choose(item: ChangeItem | undefined): void {
    const { graph } = this;
    if (item?.nodeId === undefined) graph.select(undefined);
    else graph.expose(item.nodeId);
    // An edge is chosen alone; its end was only opened up.
    if (item?.edgeId !== undefined) graph.select(undefined);
    this.#edit.set({ edge: item?.edgeId });
    this.#seen = this.#look();
    this.#set({ chosen: item?.key });
    if (item?.nodeId !== undefined) this.#edit.geometry?.reveal(item.nodeId);
  }

  /** The user chose something in the drawing, or there is another drawing. */
  #onCanvas(): void {
    const { drawing } = this.graph.getSnapshot();
    if (drawing !== this.#drawing) {
      this.#drawing = drawing;
      this.#list(this.#snapshot.changes);
    }
    const seen = this.#look();
    if (seen.selected === this.#seen.selected && seen.edge === this.#seen.edge) return;
    this.#seen = seen;
    const { items, changes } = this.#snapshot;
    const chosen = this.#keyOf(seen, items, changes);
    this.#set({ chosen });
    const node = seen.selected === undefined ? undefined : this.graph.getSnapshot().nodes.get(seen.selected);
    if (node !== undefined && chosen === undefined) this.graph.announce(`${node.label}: not changed`);
  }

  /** The change that what is chosen in the drawing belongs to: a port's is that of what it is a port of. */
  #keyOf(
    { selected, edge }: Seen,
    items: readonly ChangeItem[],
    changes: DiffChanges | undefined,
  ): string | undefined {
    const isPort = changes?.ports.some(({ nodeId }) => nodeId === selected) === true;
    const group = selected?.split('/').slice(0, -1).join('/');
    const key = isPort
      ? group === '' || group === undefined
        ? PIPELINE_KEY
        : nodeKey(group)
      : selected === undefined
        ? edge && edgeKey(edge)
        : nodeKey(selected);
    return items.find((one) => one.key === key)?.key;
  }

  #look(): Seen {
    return { selected: this.graph.getSnapshot().view.selected, edge: this.#edit.getSnapshot().edge };
  }

  #pullChanges(): void {
    const { host } = this.#snapshot;
    const { comparison } = host ?? {};
    if (comparison?.kind !== 'compared') {
      this.#revision = 0;
      this.#changesRequest?.abort();
      this.#list(undefined);
      return;
    }
    const { revision } = comparison;
    if (revision === this.#revision) return;
    this.#revision = revision;
    this.#changesRequest?.abort();
    const controller = new AbortController();
    this.#changesRequest = controller;
    this.#channel
      .request('changes', {}, { signal: controller.signal })
      .then(({ changes }) => {
        if (!controller.signal.aborted) this.#list(changes);
      })
      .catch((error: unknown) => {
        if (controller.signal.aborted) return;
        this.#revision = 0;
        this.graph.fail(error instanceof Error ? error : new SlipwayError('unknown', String(error)));
      });
  }

  #list(changes: DiffChanges | undefined): void {
    const before = this.#snapshot;
    const items = changes === undefined ? [] : listChanges(changes, this.graph.getSnapshot().drawing);
    // After a reload of the page, the canvas still knows.
    const kept = items.find(({ key }) => key === before.chosen)?.key;
    const chosen =
      kept ?? (before.changes === undefined ? this.#keyOf(this.#seen, items, changes) : undefined);
    const marks = changes === before.changes ? before.marks : marksOf(changes ?? { ...EMPTY, isSame: true });
    this.#set({ changes, items, chosen, marks });
  }

  #set(change: Partial<DiffSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

const EMPTY = { pipeline: [], nodes: [], edges: [], ports: [] } as const;
