/** Where a run's tree, attempts and artifacts come from: the task and artifact calls of KFP's next release. */
import type { DatabaseSync } from 'node:sqlite';
import { invalid, notFound } from '../errors.ts';
import type { ArtifactRow, ArtifactStore } from '../store/artifacts.ts';
import type { AttemptStore } from '../store/attempts.ts';
import { checkRun } from '../store/runListing.ts';
import { IO_TYPES, type TaskStore } from '../store/tasks.ts';
import { listArtifacts, listArtifactTasks, listTasks } from '../store/treeListing.ts';
import { listRequest, queryText } from './query.ts';
import type { Route } from './router.ts';
import { artifactTaskToWire, artifactToWire, taskToWire } from './taskWire.ts';
import { page } from './wire.ts';

export interface TreeDeps {
  readonly db: DatabaseSync;
  readonly tasks: TaskStore;
  readonly attempts: AttemptStore;
  readonly artifacts: ArtifactStore;
}

export function treeRoutes({ db, tasks, attempts, artifacts }: TreeDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/apis/v2beta1/runs/{run_id}/tasks',
      handler: ({ path, query }) => {
        const runId = path['run_id'] ?? '';
        checkRun(db, runId);
        const parentId = queryText(query, 'parent_id');
        const { items, ...rest } = listTasks(db, listRequest(query, 'order_by'), runId, parentId);
        const artifact = remember((id) => artifacts.get(id));
        return page(
          'tasks',
          items.map((task) => taskToWire(task, { attempts: attempts.ofTask(task.id), artifact })),
          rest,
        );
      },
    },
    {
      method: 'GET',
      path: '/apis/v2beta1/runs/{run_id}/tasks/{task_id}',
      handler: ({ path }) => {
        const task = tasks.get(path['task_id'] ?? '');
        if (task === undefined || task.runId !== path['run_id'])
          throw notFound('Task', path['task_id'] ?? '');
        return taskToWire(task, {
          attempts: attempts.ofTask(task.id),
          artifact: (id) => artifacts.get(id),
        });
      },
    },
    {
      method: 'GET',
      path: '/apis/v2beta1/artifacts',
      handler: ({ query }) => {
        const { items, ...rest } = listArtifacts(db, listRequest(query));
        return page('artifacts', items.map(artifactToWire), rest);
      },
    },
    {
      method: 'GET',
      path: '/apis/v2beta1/artifacts/{artifact_id}',
      handler: ({ path }) => {
        const artifact = artifacts.get(path['artifact_id'] ?? '');
        if (artifact === undefined) throw notFound('Artifact', path['artifact_id'] ?? '');
        return artifactToWire(artifact);
      },
    },
    {
      method: 'GET',
      path: '/apis/v2beta1/artifact_tasks',
      handler: ({ query }) => {
        const scope = {
          taskIds: query.getAll('task_ids'),
          runIds: query.getAll('run_ids'),
          artifactIds: query.getAll('artifact_ids'),
          type: ioType(queryText(query, 'type')),
        };
        if (scope.taskIds.length + scope.runIds.length + scope.artifactIds.length === 0)
          throw invalid('At least one filter (task_ids, run_ids, or artifact_ids) is required');
        const { items, ...rest } = listArtifactTasks(db, listRequest(query), scope);
        return page('artifact_tasks', items.map(artifactTaskToWire), rest);
      },
    },
  ];
}

function ioType(text: string | undefined): string | undefined {
  if (text === undefined || text === 'UNSPECIFIED') return undefined;
  const found = IO_TYPES.find((type) => type === text);
  if (found === undefined) throw invalid(`type must be one of ${IO_TYPES.join(', ')}, not "${text}"`);
  return found;
}

/** One page names the same artifact many times. */
function remember(get: (id: string) => ArtifactRow | undefined): (id: string) => ArtifactRow | undefined {
  const known = new Map<string, ArtifactRow | undefined>();
  return (id) => {
    if (!known.has(id)) known.set(id, get(id));
    return known.get(id);
  };
}
