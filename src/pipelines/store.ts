/**
 * What the Pipelines view shows, as data. Nothing here asks the server on its own: the view calls `poll` while it is
 * visible, and only lists that a person opened are read.
 */
import type { KfpApi } from '../clients/kfp/api.ts';
import {
  isFinal,
  type Pipeline,
  type PipelineVersion,
  type Predicate,
  type Run,
  type RunState,
  type RunTask,
  type SpecDocuments,
} from '../clients/kfp/model.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { asError, isAbort, SlipwayError } from '../core/base/errors.ts';
import { Emitter } from '../core/base/event.ts';
import { isJsonObject } from '../core/base/json.ts';
import { PagedList, type Loading } from './pagedList.ts';

export interface PipelineFile {
  readonly uri: string;
  /** Relative to its folder. */
  readonly path: string;
  /** `pipelineInfo.name`, when the file could be read. */
  readonly pipelineName: string | undefined;
}

export const runSorts = ['created_at desc', 'finished_at desc', 'display_name', 'state'] as const;
export type RunSort = (typeof runSorts)[number];

export interface Filter {
  readonly text: string;
  readonly states: readonly RunState[];
}

export type EnvironmentView =
  | { readonly kind: 'unknown' | 'stopped' | 'ready'; readonly label: string }
  /** It is there, but has no pipeline service. */
  | { readonly kind: 'absent'; readonly label: string }
  | { readonly kind: 'starting'; readonly label: string; readonly message: string }
  | { readonly kind: 'failed'; readonly label: string; readonly error: Error };

export interface PipelinesState {
  readonly environment: EnvironmentView;
  readonly files: readonly PipelineFile[];
  readonly pipelines: Loading<Pipeline>;
  readonly runs: Loading<Run>;
  readonly filter: Filter;
  /** Why the last look failed; what is shown is what was known before. */
  readonly connectionError: Error | undefined;
  versionsOf(pipelineId: string): Loading<PipelineVersion>;
  tasksOf(runId: string): Loading<RunTask>;
}

/** What changed: everything, one run's row, or the rows under one pipeline or run. */
export type Change =
  { readonly kind: 'all' } | { readonly kind: 'run' | 'tasks' | 'versions'; readonly id: string };

const pageSize = 20;
/** Runs asked one by one in a poll; more of them are read by the page. */
const maxSinglePolls = 8;
const loading = { kind: 'loading' } as const;

export class PipelinesStore implements Disposable {
  readonly #changed = new Emitter<Change>();
  readonly onDidChange = this.#changed.event;
  readonly #pipelines: PagedList<Pipeline>;
  readonly #runs: PagedList<Run>;
  readonly #versions = new Map<string, PagedList<PipelineVersion>>();
  readonly #tasks = new Map<string, PagedList<RunTask>>();
  /** Runs whose tasks are on show. */
  readonly #openRuns = new Set<string>();
  #api: KfpApi | undefined;
  #environment: EnvironmentView = { kind: 'unknown', label: '' };
  #files: readonly PipelineFile[] = [];
  #filter: Filter = { text: '', states: [] };
  #sort: RunSort = 'created_at desc';
  #connectionError: Error | undefined;

  constructor() {
    const onChange = (): void => this.#changed.fire({ kind: 'all' });
    this.#pipelines = new PagedList(
      (pageToken, signal) =>
        this.#server().listPipelines({ pageSize, pageToken, sortBy: 'created_at desc' }, signal),
      onChange,
    );
    this.#runs = new PagedList(
      (pageToken, signal) =>
        this.#server().listRuns(
          { pageSize, pageToken, sortBy: this.#sort, filter: predicates(this.#filter) },
          signal,
        ),
      onChange,
    );
  }

  get state(): PipelinesState {
    return {
      environment: this.#environment,
      files: this.#files,
      pipelines: this.#pipelines.value,
      runs: this.#runs.value,
      filter: this.#filter,
      connectionError: this.#connectionError,
      versionsOf: (id) => this.#versions.get(id)?.value ?? loading,
      tasksOf: (id) => this.#tasks.get(id)?.value ?? loading,
    };
  }

  get filter(): Filter {
    return this.#filter;
  }

  get sort(): RunSort {
    return this.#sort;
  }

  get isFiltered(): boolean {
    return this.#filter.text !== '' || this.#filter.states.length > 0;
  }

  /** True while a run on show has not ended: then the view looks every second. */
  get hasActiveRuns(): boolean {
    return this.#runs.items.some((run) => !isFinal(run.state));
  }

  /** Another server, or none: everything known of the last one is dropped. */
  setEnvironment(environment: EnvironmentView, api: KfpApi | undefined): void {
    this.#environment = environment;
    if (api !== this.#api) {
      this.#api = api;
      this.#connectionError = undefined;
      for (const list of [this.#pipelines, this.#runs, ...this.#versions.values(), ...this.#tasks.values()])
        list.reset();
      this.#versions.clear();
      this.#tasks.clear();
    }
    this.#changed.fire({ kind: 'all' });
  }

  setFiles(files: readonly PipelineFile[]): void {
    this.#files = files;
    this.#changed.fire({ kind: 'all' });
  }

  async setFilter(filter: Filter): Promise<void> {
    this.#filter = filter;
    await this.#restartRuns();
  }

  async setSort(sort: RunSort): Promise<void> {
    this.#sort = sort;
    await this.#restartRuns();
  }

  /** A run that was just made or changed here: shown at once instead of with the next poll. */
  noteRun(run: Run): void {
    const isKnown = this.findRun(run.id) !== undefined;
    this.#runs.edit((runs) =>
      isKnown ? runs.map((one) => (one.id === run.id ? run : one)) : [run, ...runs],
    );
    this.#changed.fire(isKnown ? { kind: 'run', id: run.id } : { kind: 'all' });
  }

  forgetRun(id: string): void {
    this.#tasks.delete(id);
    this.#openRuns.delete(id);
    this.#runs.edit((runs) => runs.filter((run) => run.id !== id));
    this.#changed.fire({ kind: 'all' });
  }

  findRun(id: string): Run | undefined {
    return this.#runs.items.find((run) => run.id === id);
  }

  /** Reads again everything on show, from first pages. Failures become the lists' state. */
  async refresh(): Promise<void> {
    if (this.#api === undefined) return;
    await Promise.allSettled([
      this.#pipelines.refresh(),
      this.#runs.refresh(),
      ...[...this.#versions.values()].map((list) => list.refresh()),
      ...[...this.#openRuns].map((id) => this.#tasksList(id).refresh()),
    ]);
  }

  openPipeline(pipelineId: string): void {
    const list = this.#versionsList(pipelineId);
    if (list.value.kind !== 'ready') void list.refresh().catch(ignore);
  }

  /** A run's row was opened: its tasks are read now, and with every poll until it is closed. */
  openRun(runId: string): void {
    this.#openRuns.add(runId);
    const list = this.#tasksList(runId);
    if (list.value.kind !== 'ready') void list.refresh().catch(ignore);
  }

  closeRun(runId: string): void {
    this.#openRuns.delete(runId);
  }

  /** Adds the next page; failures are the caller's. */
  async loadMore(list: 'pipelines' | 'runs' | { readonly versionsOf: string }): Promise<void> {
    if (list === 'pipelines') await this.#pipelines.more();
    else if (list === 'runs') await this.#runs.more();
    else await this.#versionsList(list.versionsOf).more();
  }

  /**
   * One round of looking: active runs by id and open runs' tasks; with `wide` also the first page of runs.
   * Rejects when the server does not answer, so that the caller backs off.
   */
  async poll(wide: boolean, signal: AbortSignal): Promise<void> {
    const api = this.#api;
    if (api === undefined) return;
    const active = this.#runs.items.filter((run) => !isFinal(run.state));
    const work: Promise<unknown>[] = [];
    if (this.#pipelines.value.kind !== 'ready') work.push(this.#pipelines.refresh());
    if (wide || this.#runs.value.kind !== 'ready' || active.length > maxSinglePolls)
      work.push(this.#runs.refresh(mergeFirstPage));
    else work.push(...active.map((run) => this.#pollRun(api, run, signal)));
    for (const runId of this.#openRuns) {
      const run = this.findRun(runId);
      if (run === undefined || !isFinal(run.state)) work.push(this.#tasksList(runId).refresh());
    }
    const results = await Promise.allSettled(work);
    if (signal.aborted || api !== this.#api) return;
    const failed = results.find((result) => result.status === 'rejected' && !isAbort(result.reason));
    this.#noteConnection(failed?.status === 'rejected' ? asError(failed.reason) : undefined);
  }

  #noteConnection(error: Error | undefined): void {
    if (error?.message !== this.#connectionError?.message) {
      this.#connectionError = error;
      this.#changed.fire({ kind: 'all' });
    }
    if (error !== undefined) throw error;
  }

  dispose(): void {
    for (const list of [this.#pipelines, this.#runs, ...this.#versions.values(), ...this.#tasks.values()])
      list.reset();
    this.#changed.dispose();
  }

  async #pollRun(api: KfpApi, old: Run, signal: AbortSignal): Promise<void> {
    const fresh = await api.getRun(old.id, signal);
    if (signal.aborted || api !== this.#api) return;
    this.#runs.edit((runs) => runs.map((run) => (run.id === fresh.id ? fresh : run)));
    this.#changed.fire({ kind: 'run', id: fresh.id });
    // Its last tasks changed in the same moment and are not polled once the run has ended.
    if (isFinal(fresh.state) && this.#openRuns.has(fresh.id)) await this.#tasksList(fresh.id).refresh();
  }

  async #restartRuns(): Promise<void> {
    this.#runs.reset();
    this.#changed.fire({ kind: 'all' });
    if (this.#api !== undefined) await this.#runs.refresh().catch(ignore);
  }

  #versionsList(pipelineId: string): PagedList<PipelineVersion> {
    return getOrMake(
      this.#versions,
      pipelineId,
      () =>
        new PagedList(
          (pageToken, signal) =>
            this.#server().listVersions(
              pipelineId,
              { pageSize, pageToken, sortBy: 'created_at desc' },
              signal,
            ),
          () => this.#changed.fire({ kind: 'versions', id: pipelineId }),
        ),
    );
  }

  #tasksList(runId: string): PagedList<RunTask> {
    return getOrMake(
      this.#tasks,
      runId,
      () =>
        new PagedList(
          async (_pageToken, signal) => ({
            items: await this.#server().listTasks(runId, signal),
            nextPageToken: undefined,
          }),
          () => this.#changed.fire({ kind: 'tasks', id: runId }),
        ),
    );
  }

  #server(): KfpApi {
    if (this.#api === undefined) throw new SlipwayError('notStarted', 'The environment is not running.');
    return this.#api;
  }
}

/** The first page laid over what is known: newer rows come first, gone ones go, rows of later pages stay. */
export function mergeFirstPage(known: readonly Run[], first: readonly Run[]): readonly Run[] {
  // A short first page is the whole list.
  if (first.length < pageSize) return first;
  const fresh = new Set(first.map((run) => run.id));
  const lastShared = known.findLastIndex((run) => fresh.has(run.id));
  return [...first, ...known.slice(lastShared + 1)];
}

export function predicates(filter: Filter): readonly Predicate[] {
  const text = filter.text.trim();
  return [
    ...(text === '' ? [] : [{ operation: 'IS_SUBSTRING', key: 'display_name', value: text } as const]),
    ...(filter.states.length === 0 ? [] : [{ operation: 'IN', key: 'state', value: filter.states } as const]),
  ];
}

/** Name in the document that the run was made from: what joins a run to a pipeline file. */
export function pipelineNameOf({ spec }: Run): string | undefined {
  return spec && pipelineNameIn(spec);
}

export function pipelineNameIn({ pipelineSpec }: SpecDocuments): string | undefined {
  const info = pipelineSpec['pipelineInfo'];
  const name = info !== undefined && isJsonObject(info) ? info['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** The failure is already the list's state. */
function ignore(): void {
  // Nothing else to do.
}
