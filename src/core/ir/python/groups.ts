/** What kind of group a task opens, told by what the SDK writes for each. */
import type { Component, Dag, PipelineDocument, Task } from '../model.ts';
import { isChannel } from '../readable.ts';
import { conjuncts, type Conjunct } from './comparison.ts';

/**
 * If, Elif, Else as the SDK writes them: each condition holds the ones before it, negated. Undefined when the
 * component's tasks are anything else.
 */
export function readChain(
  document: PipelineDocument,
  component: Component,
): readonly { task: Task; component: Component; own: Conjunct | undefined }[] | undefined {
  const { implementation } = component;
  if (implementation.kind !== 'dag' || implementation.dag.tasks.length < 2) return undefined;
  const found = implementation.dag.tasks.map((task) => {
    const body = document.components.get(task.componentRef);
    const parts = conjuncts(task.trigger.condition ?? '');
    return body?.implementation.kind === 'dag' && parts !== undefined && task.iterator === undefined
      ? { task, component: body, parts }
      : undefined;
  });
  const branches = found.filter((one) => one !== undefined);
  if (branches.length !== found.length) return undefined;
  const negations = (parts: readonly Conjunct[]): number => parts.filter(({ negated }) => negated).length;
  branches.sort((a, b) => negations(a.parts) - negations(b.parts));
  const before: string[] = [];
  const chain = [];
  for (const [at, { parts, ...branch }] of branches.entries()) {
    const own = parts[at];
    const isElse = own === undefined && at === branches.length - 1;
    const isNext = parts
      .slice(0, at)
      .every(({ negated }, i) => negated && placed(negated, branch.task) === before[i]);
    if (!isNext || parts.length < at || parts.length > at + 1 || (own === undefined && !isElse))
      return undefined;
    if (own !== undefined) before.push(placed(own, branch.task));
    chain.push({ ...branch, own });
  }
  return chain;
}

/** A condition with where its values come from, for comparing those of two tasks of one group. */
function placed({ text, comparison }: Conjunct, { inputs }: Task): string {
  const sides = comparison === undefined ? [] : [comparison.left, comparison.right];
  const sources = sides.map((side) => {
    if (side.kind === 'literal') return '';
    const { source, selector } = inputs.parameters.find(({ name }) => name === side.name) ?? {};
    const from =
      source?.kind === 'taskOutput'
        ? [source.producerTask, source.outputKey]
        : source?.kind === 'componentInput'
          ? [source.name]
          : [source?.kind ?? ''];
    return [...from, selector ?? ''].join(' ');
  });
  return [text, ...sources].join(' | ');
}

/** The task that runs when the group has ended, however it ended: of a dsl.ExitHandler. */
export function exitTaskOf(dag: Dag, group: Task): Task | undefined {
  return dag.tasks.find(
    ({ trigger, dependentTasks }) =>
      trigger.runsAfterFailure && dependentTasks.some(({ task }) => task === group.key),
  );
}

/** A group without condition or loop whose end another task waits for, however it ends. Only the compiler names inputs so. */
export function isExitHandler(dag: Dag, task: Task, component: Component): boolean {
  const names = [component.inputs, component.outputs].flatMap(({ parameters, artifacts }) =>
    [...parameters, ...artifacts].map(({ name }) => name),
  );
  return (
    component.implementation.kind === 'dag' &&
    task.iterator === undefined &&
    task.trigger.condition === undefined &&
    names.every(isChannel) &&
    exitTaskOf(dag, task) !== undefined
  );
}
