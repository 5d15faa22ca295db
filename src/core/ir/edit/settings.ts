/** Settings of tasks that are the task's own, and of the pipeline: caching, retry, name and description. */
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { Draft } from './draft.ts';
import { editing, tasksText, type GestureOf } from './edits.ts';
import { objectAt, textAt, withOptional, withoutValue, withValue } from './jsonPath.ts';
import { refuse } from './refusal.ts';

export const settingEdits = {
  setCaching: editing((draft, { tasks, enabled }: GestureOf<'setCaching'>) => {
    changeTasks(draft, tasks, (task) => {
      const before = objectAt(task, 'cachingOptions');
      // `{}` is how the SDK writes that it is off.
      if (!enabled) return withValue(task, ['cachingOptions'], {});
      return withValue(task, ['cachingOptions'], { ...before, enableCache: true });
    });
    return { title: `${enabled ? 'Cache' : 'Do not cache'} ${tasksText(draft, tasks)}`, selection: tasks };
  }),
  setRetry: editing((draft, { tasks, retry }: GestureOf<'setRetry'>) => {
    changeTasks(draft, tasks, (task) => {
      if (retry === null) return withoutValue(task, ['retryPolicy']);
      return withValue(task, ['retryPolicy'], {
        ...objectAt(task, 'retryPolicy'),
        backoffDuration: seconds(retry.backoffSeconds ?? 0),
        backoffFactor: retry.backoffFactor ?? 2,
        backoffMaxDuration: seconds(retry.backoffMaxSeconds ?? 3600),
        maxRetryCount: retry.maxRetryCount,
      });
    });
    const title = `${retry === null ? 'Do not retry' : 'Retry'} ${tasksText(draft, tasks)}`;
    return { title, selection: tasks };
  }),
  setPipelineInfo: editing((draft, { name, description }: GestureOf<'setPipelineInfo'>) => {
    let { pipeline } = draft.spec;
    if (name !== undefined) {
      if (!/^[a-z0-9][a-z0-9-]{0,127}$/.test(name)) {
        refuse('The name may only have lower-case letters, digits and dashes, at most 128.');
      }
      pipeline = withValue(pipeline, ['pipelineInfo', 'name'], name);
    }
    if (description !== undefined) {
      const text = description === null || description === '' ? undefined : description;
      pipeline = withOptional(pipeline, ['pipelineInfo', 'description'], text);
    }
    draft.spec = { ...draft.spec, pipeline };
    const title =
      name === undefined
        ? 'Describe the pipeline'
        : `Rename the pipeline to ${textAt(pipeline, 'pipelineInfo', 'name') ?? ''}`;
    return { title, selection: [] };
  }),
} as const;

function changeTasks(
  draft: Draft,
  nodeIds: readonly string[],
  change: (task: JsonObject) => JsonObject,
): void {
  for (const id of nodeIds) {
    const { parent, key } = draft.place(id);
    const before = draft.task(parent, key);
    const after = change(before);
    if (isJsonObject(after)) draft.putTask(parent, key, after);
  }
}

/** Protobuf's JSON form of a duration. */
function seconds(value: number): string {
  return `${Number(value.toFixed(9))}s`;
}
