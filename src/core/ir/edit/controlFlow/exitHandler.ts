/** An exit handler: a group, and beside it a task that runs when the group has ended, however it ended. */
import { childId } from '../../graph.ts';
import { Draft, kindOf, siblings } from '../draft.ts';
import { objectAt, withValue, withoutValue } from '../jsonPath.ts';
import { inputPort } from '../ports.ts';
import { refusable, refuse } from '../refusal.ts';
import { splitId } from '../scope.ts';
import { inputsOf } from '../sources.ts';
import type { EditOf } from '../spec.ts';
import { describeTasks, edited } from './conditions.ts';
import { mapDagOutputs } from './dagOutputs.ts';
import { moveIn } from './moveIn.ts';
import { addGroup, nextNumber } from './numbers.ts';
import { upstreamOf } from './order.ts';
import { dropUnusedChannels } from './unused.ts';

const runsAnyway = 'ALL_UPSTREAM_TASKS_COMPLETED';

export const wrapInExitHandler: EditOf<'wrapInExitHandler'> = (spec, { tasks, exitTask }) =>
  refusable(() => {
    const draft = new Draft(spec);
    const { group, keys } = siblings(tasks);
    const exit = splitId(exitTask);
    if (exit.group !== group)
      refuse('The exit task stands beside the tasks that it watches: move it there first.');
    if (keys.includes(exit.key)) refuse('Choose the exit task, and other tasks for it to watch.');
    checkOutermost(draft, group);
    const parent = draft.group(group).inside;
    checkIndependent(draft, parent, exit.key);
    const key = `exit-handler-${nextNumber(draft)}`;
    const opener = addGroup(draft, parent, key);
    moveIn(draft, opener, keys);
    watch(draft, parent, exit.key, key);
    dropUnusedChannels(draft, group);
    return edited(draft, [childId(group, key)], `Run ${exit.key} after ${describeTasks(keys)} in any case`);
  });

/** The SDK's rule. */
function checkOutermost(draft: Draft, group: string): void {
  if (group === '') return;
  const { parent, key } = draft.place(group);
  if (kindOf(draft, parent, key) === 'dag') return;
  refuse(
    'An exit handler can only stand in a pipeline or sub-pipeline itself, not in a loop or a condition.',
  );
}

/** Whatever an exit task read might not be there when it runs. */
function checkIndependent(draft: Draft, parent: string, exit: string): void {
  const name = draft.nameOf(parent, exit);
  if (kindOf(draft, parent, exit) !== undefined && kindOf(draft, parent, exit) !== 'dag') {
    refuse('An exit task is a task or a sub-pipeline, not a loop or a condition.');
  }
  if (inputsOf(draft.task(parent, exit)).some(({ source }) => source.kind === 'taskOutput')) {
    refuse(
      `'${name}' reads outputs of other tasks, which may have failed: an exit task reads inputs of the pipeline only.`,
    );
  }
  for (const task of Object.keys(draft.tasks(parent))) {
    if (!upstreamOf(draft, parent, task).has(exit)) continue;
    refuse(`'${draft.nameOf(parent, task)}' waits for '${name}', but nothing can come after an exit task.`);
  }
  mapDagOutputs(draft, parent, (from) =>
    from.task === exit ? refuse(`'${name}' gives the pipeline an output, which an exit task cannot.`) : from,
  );
}

function watch(draft: Draft, parent: string, exit: string, group: string): void {
  draft.setDependencies(parent, exit, [group]);
  draft.putTask(parent, exit, withValue(draft.task(parent, exit), ['triggerPolicy', 'strategy'], runsAnyway));
  for (const input of statusInputs(draft, parent, exit)) {
    draft.putInput(parent, exit, input, 'parameter', { taskFinalStatus: { producerTask: group } });
  }
}

/** Makes the exit tasks of a group that goes away tasks like any other. */
export function unwatch(draft: Draft, parent: string, group: string): void {
  for (const task of Object.keys(draft.tasks(parent))) {
    const isExit = inputsOf(draft.task(parent, task)).some(
      ({ source }) => source.kind === 'finalStatus' && source.task === group,
    );
    const runsLast =
      draft.dependencies(parent, task).includes(group) &&
      objectAt(draft.task(parent, task), 'triggerPolicy')['strategy'] === runsAnyway;
    if (!isExit && !runsLast) continue;
    for (const input of inputsOf(draft.task(parent, task))) {
      if (input.source.kind === 'finalStatus' && input.source.task === group) {
        draft.removeInput(parent, task, input);
      }
    }
    const rest = draft.dependencies(parent, task).filter((upstream) => upstream !== group);
    draft.setDependencies(parent, task, rest);
    draft.putTask(parent, task, withoutValue(draft.task(parent, task), ['triggerPolicy', 'strategy']));
  }
}

function statusInputs(draft: Draft, parent: string, exit: string): readonly string[] {
  const component = draft.component(draft.componentOfTask(parent, exit));
  const names = Object.keys(objectAt(component, 'inputDefinitions', 'parameters'));
  return names.filter((name) => inputPort(component, name)?.type === 'TASK_FINAL_STATUS');
}
