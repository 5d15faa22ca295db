/** The stores that the engine writes, over one database. */
import type { DatabaseSync } from 'node:sqlite';
import { ArtifactStore } from './artifacts.ts';
import { AttemptStore } from './attempts.ts';
import { RunStore } from './runs.ts';
import { TaskStore } from './tasks.ts';

export interface Stores {
  readonly db: DatabaseSync;
  readonly runs: RunStore;
  readonly tasks: TaskStore;
  readonly attempts: AttemptStore;
  readonly artifacts: ArtifactStore;
}

export function openStores(db: DatabaseSync): Stores {
  return {
    db,
    runs: new RunStore(db),
    tasks: new TaskStore(db),
    attempts: new AttemptStore(db),
    artifacts: new ArtifactStore(db),
  };
}
