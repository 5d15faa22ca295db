/** What one turn of the engine changes: collected while it thinks, written in one transaction, acted on afterwards. */
import type { RunState } from '../../../../src/clients/kfp/model.ts';
import type { ArtifactRow, ArtifactTaskRow } from '../store/artifacts.ts';
import type { AttemptEnd, AttemptRow } from '../store/attempts.ts';
import { transaction } from '../store/database.ts';
import type { StateChange } from '../store/runs.ts';
import type { Stores } from '../store/stores.ts';
import type { TaskRow } from '../store/tasks.ts';
import type { TaskNode } from './taskNode.ts';

type NewAttempt = Pick<AttemptRow, 'name' | 'taskId' | 'runId' | 'number' | 'startedAt' | 'logPath'>;

export class Changes {
  readonly #tasks = new Set<TaskNode>();
  readonly #runs: {
    readonly id: string;
    readonly change: StateChange<RunState>;
    readonly ended: boolean;
  }[] = [];
  readonly #artifacts: ArtifactRow[] = [];
  readonly #links: Omit<ArtifactTaskRow, 'id'>[] = [];
  readonly #unlinked: string[] = [];
  readonly #begun: NewAttempt[] = [];
  readonly #ended: { readonly name: string; readonly end: AttemptEnd }[] = [];
  readonly #afterwards: (() => void)[] = [];

  /** The node's row is written as it is at the end of the turn. */
  task(node: TaskNode): void {
    this.#tasks.add(node);
  }

  run(id: string, change: StateChange<RunState>, ended: boolean): void {
    this.#runs.push({ id, change, ended });
  }

  artifact(artifact: ArtifactRow): void {
    this.#artifacts.push(artifact);
  }

  link(link: Omit<ArtifactTaskRow, 'id'>): void {
    this.#links.push(link);
  }

  /** Forgets what an earlier try of the task read and made. */
  unlink(taskId: string): void {
    this.#unlinked.push(taskId);
  }

  attemptBegun(attempt: NewAttempt): void {
    this.#begun.push(attempt);
  }

  attemptEnded(name: string, end: AttemptEnd): void {
    this.#ended.push({ name, end });
  }

  /** Runs when everything is stored: the only place where a process may be started. */
  afterwards(action: () => void): void {
    this.#afterwards.push(action);
  }

  get isEmpty(): boolean {
    return this.#tasks.size + this.#runs.length + this.#begun.length + this.#ended.length === 0;
  }

  /** Writes; then returns the rows and what is to be done. Throws node:sqlite's errors: nothing was written then. */
  store(stores: Stores): { readonly tasks: readonly TaskRow[]; readonly actions: readonly (() => void)[] } {
    const tasks: TaskRow[] = [];
    if (!this.isEmpty) {
      transaction(stores.db, () => {
        for (const { id, change, ended } of this.#runs) {
          stores.runs.setState(id, { ...change, finishedAt: ended ? change.at : null });
        }
        for (const node of this.#tasks) {
          const row = node.toRow();
          if (node.isStored) stores.tasks.update(row);
          else stores.tasks.insert(row);
          tasks.push(row);
        }
        for (const taskId of this.#unlinked) stores.artifacts.unlink(taskId);
        for (const artifact of this.#artifacts) stores.artifacts.insert(artifact);
        for (const link of this.#links) stores.artifacts.link(link);
        for (const { name, end } of this.#ended) stores.attempts.finish(name, end);
        for (const attempt of this.#begun) stores.attempts.insert(attempt);
      });
      for (const node of this.#tasks) node.isStored = true;
    }
    return { tasks, actions: this.#afterwards };
  }
}
