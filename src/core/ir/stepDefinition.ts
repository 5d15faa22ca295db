/** What a pipeline says of the step that a scope path leads to. */
import type { Component, Executor, PipelineDocument, Task } from './model.ts';

export interface StepDefinition {
  readonly task: Task;
  readonly component: Component;
  /** undefined: it has none, or one that is not there. */
  readonly executor: Executor | undefined;
}

/** `undefined` for a path that leads nowhere, and for groups and sub-pipelines. */
export function stepDefinition(document: PipelineDocument, scopePath: string): StepDefinition | undefined {
  let component: Component | undefined = document.root;
  let task: Task | undefined;
  for (const key of scopePath.split('/')) {
    if (component?.implementation.kind !== 'dag') return undefined;
    task = component.implementation.dag.tasks.find((one) => one.key === key);
    component = task === undefined ? undefined : document.components.get(task.componentRef);
  }
  if (task === undefined || component?.implementation.kind !== 'executor') return undefined;
  return { task, component, executor: document.executors.get(component.implementation.label) };
}
