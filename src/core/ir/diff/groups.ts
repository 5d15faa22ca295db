import { childId } from '../graph.ts';
import type { Component, Dag, PipelineDocument, Task } from '../model.ts';

/** A dag where it is used; a component that two tasks open is two groups. */
export interface Group {
  /** Node id; '' is the pipeline. */
  readonly id: string;
  readonly component: Component;
  readonly dag: Dag;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly opener: { readonly group: Group; readonly task: Task } | undefined;
  /** The groups that its tasks open, by task key. */
  readonly inner: ReadonlyMap<string, Group>;
}

/** As in graph.ts: a small text can open components without end. */
const maxTasks = 20_000;
const maxDepth = 100;

/** All groups of a document, from the pipeline's; undefined when that has no dag. */
export function openGroups(document: PipelineDocument): Group | undefined {
  let opened = 0;
  const open = (
    id: string,
    component: Component | undefined,
    opener: Group['opener'],
    around: readonly string[],
  ): Group | undefined => {
    if (component?.implementation.kind !== 'dag' || around.includes(component.name)) return undefined;
    const { dag } = component.implementation;
    opened += dag.tasks.length;
    if (opened > maxTasks || around.length > maxDepth) return undefined;
    const inner = new Map<string, Group>();
    const tasks = new Map(dag.tasks.map((task) => [task.key, task]));
    const group: Group = { id, component, dag, tasks, opener, inner };
    for (const task of dag.tasks) {
      const next = open(childId(id, task.key), document.components.get(task.componentRef), { group, task }, [
        ...around,
        component.name,
      ]);
      if (next !== undefined) inner.set(task.key, next);
    }
    return group;
  };
  return open('', document.root, undefined, []);
}

/** A group and all in it. */
export function allGroups(group: Group): readonly Group[] {
  return [group, ...[...group.inner.values()].flatMap(allGroups)];
}
