/**
 * Two versions of a pipeline compared, without vscode: read, compared in the worker, kept fresh. panel.ts puts it into
 * VS Code; tests bring their own texts.
 */
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { asError, isAbort, SlipwayError } from '../../core/base/errors.ts';
import { Emitter } from '../../core/base/event.ts';
import type { LaidOutGraph } from '../../core/ir/graphModel.ts';
import type { Problem, SourceRange } from '../../core/ir/model.ts';
import type {
  ComparisonView,
  DiffChanges,
  DiffSource,
  DiffTarget,
  GraphDiffContract,
  GraphDiffState,
  Side,
  SideView,
} from '../../core/protocol/graphDiff.ts';
import type { Comparison as Compared, DiffRequest } from '../../core/protocol/graphWorker.ts';
import type { Handlers } from '../../core/protocol/rpc.ts';
import type { Analyser } from '../analyser.ts';
import { emptyPipeline } from '../editor/blankText.ts';
import { pipelineNameIn } from '../sniff.ts';

/** A version as it is now. */
export interface DiffText {
  readonly label: string;
  readonly detail: string;
  /** Empty when there is no such file in this version. */
  readonly text: string;
  /** By which the editor opens `text`. */
  readonly uri: string;
  /** What people wrote, where that is something else than `text`. */
  readonly code?: {
    readonly uri: string;
    /** Of the call that made a node. */
    rangeOf(nodeId: string): SourceRange | undefined;
  };
}

export interface ComparisonServices {
  readonly worker: Analyser & { diff(request: DiffRequest, signal: AbortSignal): Promise<Compared> };
  /** How people call it, before it was read or when it cannot be. */
  nameOf(source: DiffSource): Pick<SideView, 'label' | 'detail'>;
  /** Rejects with a SlipwayError for people. */
  read(source: DiffSource, signal: AbortSignal): Promise<DiffText>;
  /** `onChange`: reading it again may give something else. */
  watch(source: DiffSource, onChange: () => void): Disposable;
  showText(uri: string, range: SourceRange | undefined): Promise<void>;
  showDifference(before: string, after: string, title: string): Promise<void>;
  /** A text for reading only; `name` decides its language. Resolves to its URI. */
  keepText(name: string, text: string): string;
  onProblem(message: string, cause: unknown): void;
}

interface Version {
  readonly source: DiffSource;
  readonly text: DiffText | undefined;
  readonly problem: (Pick<Problem, 'message'> & { readonly range: SourceRange | undefined }) | undefined;
}
type Versions = Readonly<Record<Side, Version>>;

interface Good {
  readonly before: DiffText;
  readonly after: DiffText;
  readonly changes: DiffChanges;
  readonly drawing: LaidOutGraph | undefined;
  readonly collapsedKey: string | undefined;
}

let lastRevision = 0;
let lastKey = 0;

export class ComparisonController implements Disposable {
  readonly #services: ComparisonServices;
  readonly #disposables = new DisposableStore();
  readonly #changed = this.#disposables.add(new Emitter<void>());
  /** `state` has something new. */
  readonly onDidChange = this.#changed.event;
  readonly #key = `diff-${++lastKey}`;
  readonly #watches: Disposable[];
  #versions: Versions;
  #comparison: ComparisonView = { kind: 'loading' };
  #good: Good | undefined;
  #collapsed: readonly string[] | undefined;
  #step: GraphDiffState['step'] = { by: 1, count: 0 };
  #abort = new AbortController();
  #settled: Promise<void>;

  constructor(services: ComparisonServices, { before, after }: DiffTarget) {
    this.#services = services;
    const unread = (source: DiffSource): Version => ({ source, text: undefined, problem: undefined });
    this.#versions = { before: unread(before), after: unread(after) };
    const refresh = (): void => {
      this.#settled = this.#refresh();
    };
    this.#watches = [before, after].map((source) => services.watch(source, refresh));
    this.#settled = this.#refresh();
  }

  get target(): DiffTarget {
    const { before, after } = this.#versions;
    return { before: before.source, after: after.source };
  }

  get title(): string {
    return `${this.#sideView('before').label} ↔ ${this.#sideView('after').label}`;
  }

  get state(): GraphDiffState {
    return {
      target: this.target,
      title: this.title,
      sides: { before: this.#sideView('before'), after: this.#sideView('after') },
      comparison: this.#comparison,
      step: this.#step,
    };
  }

  /** To the next change, or the previous one. */
  step(by: 1 | -1): void {
    this.#step = { by, count: this.#step.count + 1 };
    this.#changed.fire();
  }

  swap(): void {
    const { before, after } = this.#versions;
    this.#versions = { before: after, after: before };
    this.#settled = this.#refresh();
    this.#changed.fire();
  }

  /** Both texts, as VS Code's own difference. */
  async openTexts(): Promise<void> {
    const { before, after } = this.#texts();
    // Python beside IR has nothing in common with it.
    const [a, b] = before.code && after.code ? [before.code, after.code] : [before, after];
    await this.#services.showDifference(a.uri, b.uri, this.title);
  }

  /** Resolves when what was read last is shown. */
  async settled(): Promise<void> {
    let last: Promise<void> | undefined;
    while (last !== this.#settled) await (last = this.#settled);
  }

  dispose(): void {
    this.#abort.abort();
    for (const watch of this.#watches) watch.dispose();
    this.#disposables.dispose();
  }

  readonly handlers: Handlers<GraphDiffContract> = {
    drawing: async ({ collapsed }, signal) => ({
      revision: this.#revision,
      drawing: await this.#drawing(collapsed ?? undefined, signal),
    }),
    changes: () => {
      if (this.#good === undefined) throw new SlipwayError('notCompared', 'There is no comparison yet.');
      return Promise.resolve({ revision: this.#revision, changes: this.#good.changes });
    },
    swap: () => {
      this.swap();
      return Promise.resolve(null);
    },
    openSide: async ({ side }) => {
      const { text, problem } = this.#versions[side];
      if (text !== undefined) await this.#services.showText((text.code ?? text).uri, problem?.range);
      return null;
    },
    openNode: async ({ nodeId, side }, signal) => {
      const node = this.#good?.changes.nodes.find((one) => one.nodeId === nodeId);
      const text = this.#good?.[side];
      const scopePath = node?.[side];
      if (text === undefined || scopePath === undefined) return null;
      const { uri } = text.code ?? text;
      await this.#services.showText(uri, await this.#rangeOf(text, scopePath, signal));
      return null;
    },
    openTexts: async () => {
      await this.openTexts();
      return null;
    },
    openField: async ({ nodeId, path }) => {
      await this.#openField(nodeId, path);
      return null;
    },
  };

  get #revision(): number {
    return this.#comparison.kind === 'compared' ? this.#comparison.revision : 0;
  }

  #sideView(side: Side): SideView {
    const { source, text, problem } = this.#versions[side];
    const { label, detail } = text ?? this.#services.nameOf(source);
    return {
      label,
      detail,
      problem: problem && {
        message: problem.message,
        line: problem.range && text?.text.slice(0, problem.range.start).split('\n').length,
      },
    };
  }

  #texts(): { readonly before: DiffText; readonly after: DiffText } {
    const [before, after] = [this.#versions.before.text, this.#versions.after.text];
    if (before !== undefined && after !== undefined) return { before, after };
    throw new SlipwayError('notRead', 'One of the two texts cannot be read.');
  }

  /** Never rejects: what goes wrong is the state. An earlier one still under way is dropped. */
  async #refresh(): Promise<void> {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const { before, after } = this.#versions;
    const read = await Promise.all([
      this.#read(before.source, abort.signal),
      this.#read(after.source, abort.signal),
    ]);
    if (abort.signal.aborted) return;
    this.#versions = { before: read[0], after: read[1] };
    const [a, b] = [read[0].text, read[1].text];
    if (a === undefined || b === undefined) {
      this.#showProblem();
      return;
    }
    try {
      await this.#compare(a, b, abort.signal);
    } catch (error) {
      if (this.#abort !== abort || isAbort(error)) return;
      const { message } = asError(error);
      this.#versions = { before: read[0], after: { ...read[1], problem: { message, range: undefined } } };
      this.#showProblem();
      this.#services.onProblem('Comparing two pipelines failed.', error);
    }
  }

  async #read(source: DiffSource, signal: AbortSignal): Promise<Version> {
    try {
      return { source, text: await this.#services.read(source, signal), problem: undefined };
    } catch (error) {
      if (!isAbort(error) && !(error instanceof SlipwayError))
        this.#services.onProblem('Reading a version of a pipeline failed.', error);
      return { source, text: undefined, problem: { message: asError(error).message, range: undefined } };
    }
  }

  async #compare(before: DiffText, after: DiffText, signal: AbortSignal): Promise<void> {
    const isShown = this.#comparison.kind === 'compared' && !this.#comparison.isStale;
    if (isShown && this.#good?.before.text === before.text && this.#good.after.text === after.text) {
      this.#good = { ...this.#good, before, after };
      this.#changed.fire();
      return;
    }
    const collapsed = this.#collapsed;
    const compared = await this.#diff({ before, after }, collapsed, signal, this.#key);
    if (signal.aborted) return;
    if (compared.kind === 'notPipeline') {
      const { problems } = compared;
      this.#versions = {
        before: { ...this.#versions.before, problem: problems.before },
        after: { ...this.#versions.after, problem: problems.after },
      };
      this.#showProblem();
      return;
    }
    const { changes, drawing } = compared;
    this.#good = { before, after, changes, drawing, collapsedKey: JSON.stringify(collapsed) };
    this.#show({
      kind: 'compared',
      revision: ++lastRevision,
      isStale: false,
      isSame: changes.isSame,
      isSameText: before.text === after.text,
      isDrawn: drawing !== undefined,
    });
  }

  async #drawing(
    collapsed: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<LaidOutGraph | null> {
    this.#collapsed = collapsed;
    const good = this.#good;
    if (good === undefined) return null;
    const collapsedKey = JSON.stringify(collapsed);
    if (good.collapsedKey === collapsedKey) return good.drawing ?? null;
    const compared = await this.#diff(good, collapsed, signal);
    if (compared.kind === 'notPipeline') return null;
    if (this.#good === good) this.#good = { ...good, drawing: compared.drawing, collapsedKey };
    return compared.drawing ?? null;
  }

  /** `key`: the drawing is the next one of this panel, and keeps what did not change in place. */
  #diff(
    { before, after }: { readonly before: DiffText; readonly after: DiffText },
    collapsed: readonly string[] | undefined,
    signal: AbortSignal,
    key?: string,
  ): Promise<Compared> {
    return this.#services.worker.diff(
      {
        before: { text: comparable(before, after), source: before.uri },
        after: { text: comparable(after, before), source: after.uri },
        ...(collapsed === undefined ? {} : { collapsed }),
        ...(key === undefined ? {} : { key }),
      },
      signal,
    );
  }

  async #rangeOf(
    { text, uri, code }: DiffText,
    scopePath: string,
    signal: AbortSignal,
  ): Promise<SourceRange | undefined> {
    if (code !== undefined) return code.rangeOf(scopePath);
    const analysis = await this.#services.worker.analyse({ text, source: uri }, signal);
    return analysis.kind === 'pipeline'
      ? analysis.drawing?.graph.nodes.find(({ id }) => id === scopePath)?.range
      : undefined;
  }

  async #openField(nodeId: string | null, path: string): Promise<void> {
    const { changes } = this.#good ?? {};
    const node = changes?.nodes.find((one) => one.nodeId === nodeId);
    const fields = nodeId === null ? changes?.pipeline : node?.changes;
    const field = fields?.find((one) => one.path === path);
    if (field === undefined) throw new SlipwayError('notCompared', 'This change is not there any more.');
    const ending = path === 'code' ? 'py' : 'txt';
    const what = `${node?.label ?? 'pipeline'} ${path}`;
    const keep = (side: Side): string =>
      // By side and place, so that opening it again shows the text of now.
      this.#services.keepText(
        `${this.#key}/${side}/${what.replaceAll('/', '-')}.${ending}`,
        field[side] ?? '',
      );
    const { before, after } = this.state.sides;
    await this.#services.showDifference(
      keep('before'),
      keep('after'),
      `${what} (${before.label} ↔ ${after.label})`,
    );
  }

  /** What could be compared last stays, dimmed. */
  #showProblem(): void {
    this.#show(
      this.#comparison.kind === 'compared' ? { ...this.#comparison, isStale: true } : { kind: 'unreadable' },
    );
  }

  #show(comparison: ComparisonView): void {
    this.#comparison = comparison;
    this.#changed.fire();
  }
}

/** A file that is not there, or has nothing in it, is a pipeline without steps: all of the other one is new, or gone. */
function comparable({ text }: DiffText, other: DiffText): string {
  return text.trim() === '' ? emptyPipeline(pipelineNameIn(other.text) ?? 'pipeline') : text;
}
