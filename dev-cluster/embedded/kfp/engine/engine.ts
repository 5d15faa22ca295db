/**
 * The engine: runs pipelines as durable state machines.
 *
 * A turn: machines (runMachine.ts) decide in memory → all rows of the turn are written in one transaction → only then
 * are processes started or stopped. So at any moment the store says at least as much as what was begun:
 * - a step's attempt row is there before its process; the process claims the attempt's folder as its first act
 *   (processExecutor.ts), so an attempt whose process never came to be is told apart from one that runs;
 * - steps are in process groups of their own, write their log by themselves and leave their exit code in a file: they
 *   outlive this process, and `recover` finds them by pid and start time;
 * - what ended while nobody watched is read from its files.
 *
 * When the store refuses (disk full, read-only), the turn's machines are dropped and built again from the store as after
 * a kill, until it works. Nothing that was decided but not stored has been acted on.
 *
 * Steps share `maxParallelSteps` slots, handed out to the runs in turn.
 */
import { rm } from 'node:fs/promises';
import { asError } from '../../../../src/core/base/errors.ts';
import { Emitter, type Event } from '../../../../src/core/base/event.ts';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import type { PipelineDocument } from '../../../../src/core/ir/model.ts';
import { StoreError, storeError } from '../store/database.ts';
import type { RunRow } from '../store/runs.ts';
import type { Stores } from '../store/stores.ts';
import type { TaskRow } from '../store/tasks.ts';
import { Changes } from './changes.ts';
import type { Engine } from './contract.ts';
import { TaskError } from './errors.ts';
import type { Executor } from './executor.ts';
import { Plan } from './plan.ts';
import { restoreTree } from './restore.ts';
import type { RunContext } from './runContext.ts';
import { runFolders, type RunFolders } from './runFolders.ts';
import { RunMachine } from './runMachine.ts';

export interface EngineOptions {
  readonly stores: Stores;
  /** Steps as processes of this machine. */
  readonly executor: Executor;
  /** Steps as pods, where there is a Kubernetes. */
  readonly pods?: PodPlace;
  /** Folder for logs, attempts and artifacts. */
  readonly home: string;
  readonly maxParallelSteps: number;
  /** Reads a run's `spec_json`. Throws TaskError `document`. */
  readonly parse: (spec: JsonObject) => PipelineDocument;
  /** What went wrong inside, for the log. */
  readonly onError: (error: Error) => void;
}

export interface PodPlace {
  /** True: a run that begins now can have pods. */
  readonly isReady: boolean;
  readonly executor: Executor;
  /** Deletes what is under a uri in the object store; what can't be reached stays. */
  removeArtifacts(uri: string): Promise<void>;
  /** Deletes the pods of a run. */
  removePods(runId: string): Promise<void>;
  close(): void;
}

/** How soon a run is taken up again after the store refused. */
const STORE_RETRY_MS = 2_000;

/** Why a run is taken into memory. */
type Reason = 'resume' | 'retry' | 'cancel';

interface ActiveRun {
  readonly machine: RunMachine;
  /** Until its first turn is stored; afterwards the store says the same. */
  reason: Reason;
  readonly folders: RunFolders;
  readonly timers: Set<NodeJS.Timeout>;
}

export class PipelineEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #active = new Map<string, ActiveRun>();
  readonly #changed = new Set<string>();
  readonly #onDidChange = new Emitter<string>();
  readonly #onDidStore = new Emitter<readonly TaskRow[]>();
  readonly #agenda: (() => void)[] = [];
  readonly #reloads = new Map<string, NodeJS.Timeout>();
  #changes: Changes | undefined;
  #touched = new Set<string>();
  #isClosed = false;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  get onDidChange(): Event<string> {
    return this.#onDidChange.event;
  }

  /** The rows that a turn wrote, in order. For those that live in the same process. */
  get onDidStore(): Event<readonly TaskRow[]> {
    return this.#onDidStore.event;
  }

  /** Takes up all runs that an earlier service left open. Call once, before anything else. */
  recover(): void {
    for (const runId of this.#options.stores.runs.unfinished()) this.#load(runId, 'resume');
  }

  start(runId: string): void {
    this.#load(runId, 'resume');
  }

  retry(runId: string): void {
    this.#load(runId, 'retry');
  }

  terminate(runId: string): void {
    const active = this.#active.get(runId);
    if (active) {
      this.#clearTimers(active);
      this.#turn(runId, () => active.machine.cancel());
      return;
    }
    // Not in memory because the store refused a moment ago: remember it for the next try.
    this.#load(runId, 'cancel');
  }

  async discard(runId: string): Promise<void> {
    const active = this.#active.get(runId);
    const run = this.#options.stores.runs.get(runId);
    this.#drop(runId);
    active?.machine.steps.kill();
    const folders = active?.folders ?? (run && this.#folders(run));
    if (!folders) return;
    if (folders.mirror !== undefined) await this.#options.pods?.removePods(runId);
    await rm(folders.run, { recursive: true, force: true });
    // Cached tasks of other runs may still show what this one made.
    if (this.#options.stores.artifacts.areShared(runId)) return;
    if (folders.mirror === undefined) await rm(folders.artifacts, { recursive: true, force: true });
    else await this.#options.pods?.removeArtifacts(folders.artifacts);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract lets an engine wait here
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const runId of [...this.#active.keys()]) this.#drop(runId);
    for (const timer of this.#reloads.values()) clearTimeout(timer);
    this.#reloads.clear();
    this.#options.executor.close();
    this.#options.pods?.close();
    this.#onDidChange.dispose();
    this.#onDidStore.dispose();
  }

  // --- runs in memory

  #load(runId: string, how: Reason): void {
    if (this.#isClosed || this.#active.has(runId)) return;
    try {
      const run = this.#options.stores.runs.get(runId);
      if (!run) return;
      const plan = this.#plan(run);
      if (!plan) return;
      const root = restoreTree(plan, this.#options.stores, runId);
      const timers = new Set<NodeJS.Timeout>();
      const place =
        run.place ?? (root === undefined && this.#options.pods?.isReady === true ? 'pod' : 'process');
      if (place !== run.place) this.#options.stores.runs.setPlace(runId, place);
      const folders = this.#folders({ ...run, place }, plan.document);
      const machine = new RunMachine(run, plan, this.#context({ ...run, place }, plan, folders, timers));
      if (machine.hasEnded && how !== 'retry') return;
      this.#active.set(runId, { machine, reason: how, folders, timers });
      this.#turn(runId, () => {
        if (!root) machine.begin();
        else if (how === 'retry') machine.retry(root);
        else machine.resume(root);
        if (how === 'cancel') machine.cancel();
      });
    } catch (error) {
      this.#options.onError(storeError(error));
      this.#reloadLater(runId, how);
    }
  }

  /** `undefined` when the document can't be run: then the run has FAILED. */
  #plan(run: RunRow): Plan | undefined {
    try {
      return new Plan(this.#options.parse(run.spec));
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      this.#failRun(run.id, error.message);
      return undefined;
    }
  }

  #failRun(runId: string, message: string): void {
    const at = Date.now();
    try {
      this.#options.stores.runs.setState(runId, { state: 'FAILED', at, error: message, finishedAt: at });
      this.#announce(runId);
    } catch (error) {
      this.#options.onError(storeError(error));
      this.#reloadLater(runId, 'resume');
    }
  }

  #drop(runId: string): void {
    const active = this.#active.get(runId);
    if (active) this.#clearTimers(active);
    this.#active.delete(runId);
    clearTimeout(this.#reloads.get(runId));
    this.#reloads.delete(runId);
  }

  #end(runId: string, { folders }: ActiveRun): void {
    this.#drop(runId);
    // A retry brings here again what it needs.
    if (folders.mirror !== undefined)
      void rm(folders.mirror, { recursive: true, force: true }).catch(this.#options.onError);
  }

  #clearTimers(active: ActiveRun): void {
    for (const timer of active.timers) clearTimeout(timer);
    active.timers.clear();
  }

  #reloadLater(runId: string, how: Reason): void {
    if (this.#isClosed) return;
    clearTimeout(this.#reloads.get(runId));
    const timer = setTimeout(() => {
      this.#reloads.delete(runId);
      this.#load(runId, how);
    }, STORE_RETRY_MS);
    this.#reloads.set(runId, timer);
  }

  // --- turns

  /** Runs `decide` for a run, then whatever follows from it, then fills free slots; stores; acts. */
  #turn(runId: string, decide: () => void): void {
    const changes = new Changes();
    this.#changes = changes;
    this.#touched = new Set([runId]);
    try {
      decide();
      this.#drain();
      this.#fillSlots();
      const { tasks, actions } = changes.store(this.#options.stores);
      this.#changes = undefined;
      for (const id of this.#touched) {
        const active = this.#active.get(id);
        if (active) active.reason = 'resume';
        if (active?.machine.hasEnded) this.#end(id, active);
        if (!changes.isEmpty) this.#announce(id);
      }
      if (tasks.length > 0) this.#onDidStore.fire(tasks);
      for (const action of actions) action();
    } catch (error) {
      this.#agenda.length = 0;
      this.#changes = undefined;
      this.#turnFailed(storeError(error));
    }
  }

  #drain(): void {
    // What runs may add more: the loop sees it.
    for (const next of this.#agenda) next();
    this.#agenda.length = 0;
  }

  #turnFailed(error: Error): void {
    this.#options.onError(error);
    for (const runId of this.#touched) {
      const active = this.#active.get(runId);
      this.#drop(runId);
      if (error instanceof StoreError) {
        this.#reloadLater(runId, active?.machine.isCanceling ? 'cancel' : (active?.reason ?? 'resume'));
      } else {
        // A mistake of ours would only repeat itself.
        active?.machine.steps.kill();
        this.#failRun(runId, `Slipway could not go on with this run: ${error.message}`);
      }
    }
  }

  #fillSlots(): void {
    while (this.#freeSlots() > 0) {
      const next = this.#nextRun();
      if (!next) return;
      const [runId, { machine }] = next;
      this.#touched.add(runId);
      machine.startNextStep();
      this.#drain();
    }
  }

  #freeSlots(): number {
    let free = this.#options.maxParallelSteps;
    for (const { machine } of this.#active.values()) free -= machine.steps.running;
    return free;
  }

  /** Round robin: who got a slot goes to the end of the line. */
  #nextRun(): [string, ActiveRun] | undefined {
    for (const [runId, active] of this.#active) {
      if (!active.machine.steps.hasQueued) continue;
      this.#active.delete(runId);
      this.#active.set(runId, active);
      return [runId, active];
    }
    return undefined;
  }

  #announce(runId: string): void {
    if (this.#changed.size === 0) {
      setImmediate(() => {
        const changed = [...this.#changed];
        this.#changed.clear();
        for (const id of changed) this.#onDidChange.fire(id);
      });
    }
    this.#changed.add(runId);
  }

  // --- what machines get

  #context(
    run: RunRow,
    plan: Plan,
    folders: RunFolders & { isElsewhere: boolean },
    timers: Set<NodeJS.Timeout>,
  ): RunContext {
    const changes = (): Changes => {
      if (!this.#changes) throw new Error('A task changed outside of a turn.');
      return this.#changes;
    };
    const turn = (decide: () => void): void => {
      const active = this.#active.get(run.id);
      // Another machine may have taken the run over since.
      if (active?.timers === timers) this.#turn(run.id, decide);
    };
    return {
      stores: this.#options.stores,
      executor:
        run.place === 'pod' && this.#options.pods ? this.#options.pods.executor : this.#options.executor,
      folders,
      names: {
        jobName: run.displayName,
        jobResourceName: `${plan.document.name}-${run.id.slice(0, 5)}`,
        jobId: run.id,
        pipelineRoot: folders.root,
        createTime: rfc3339(run.createdAt),
        scheduleTime: rfc3339(run.scheduledAt),
        workspacePath: folders.workspace,
      },
      rootNotes: {
        ...(this.#options.pods ? { place: run.place === 'pod' ? 'in pods' : 'as processes' } : {}),
        ...(folders.isElsewhere
          ? {
              pipelineRoot: `The pipeline root can't be reached from here; artifacts are in ${folders.artifacts}.`,
            }
          : {}),
      },
      get changes() {
        return changes();
      },
      agenda: this.#agenda,
      now: () => Date.now(),
      recordProcess: (attempt, pid, identity) => this.#recordProcess(attempt, pid, identity),
      turn,
      after: (ms, decide) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          turn(decide);
        }, ms);
        timers.add(timer);
      },
    };
  }

  #recordProcess(attempt: string, pid: number, identity: string): void {
    try {
      this.#options.stores.attempts.setProcess(attempt, pid, identity);
    } catch (error) {
      // For people only: recovery reads the claim file.
      this.#options.onError(asError(storeError(error)));
    }
  }

  #folders(run: RunRow, document?: PipelineDocument): RunFolders & { isElsewhere: boolean } {
    const parsed = document ?? this.#options.parse(run.spec);
    return runFolders(this.#options.home, {
      id: run.id,
      pipelineName: parsed.name,
      wanted: run.pipelineRoot === '' ? parsed.defaultPipelineRoot : run.pipelineRoot,
      place: run.place ?? 'process',
    });
  }
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
