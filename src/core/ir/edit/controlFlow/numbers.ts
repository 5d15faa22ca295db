import type { Draft } from '../draft.ts';
import { objectAt, withValue } from '../jsonPath.ts';
import type { JsonObject } from '../../../base/json.ts';

const numbered = /(?:^|-)(?:condition(?:-branches)?|for-loop|exit-handler|loop-item-param)-(\d+)/;

/** The next number of a group: the compiler counts all kinds of groups and loop items of a pipeline together. */
export function nextNumber(draft: Draft): number {
  let last = 0;
  const note = (name: string): void => {
    last = Math.max(last, Number(numbered.exec(name)?.[1] ?? 0));
  };
  const components = Object.entries(objectAt(draft.spec.pipeline, 'components'));
  for (const [name, component] of [...components, ['', draft.component('')] as const]) {
    note(name);
    Object.keys(objectAt(component, 'dag', 'tasks')).forEach(note);
    Object.keys(objectAt(component, 'inputDefinitions', 'parameters')).forEach(note);
  }
  return last + 1;
}

/** A group without tasks in a dag, for tasks to move in. Answers its key. */
export function addGroup(
  draft: Draft,
  parent: string,
  key: string,
  options: { readonly name?: string; readonly task?: JsonObject } = {},
): { readonly parent: string; readonly key: string } {
  const component = draft.freeComponentName(`comp-${key}`);
  draft.putComponent(component, { dag: { tasks: {} } });
  draft.putComponent(
    parent,
    withValue(draft.component(parent), ['dag', 'tasks', key], {
      componentRef: { name: component },
      ...options.task,
      taskInfo: { name: options.name ?? key },
    }),
  );
  return { parent, key };
}
