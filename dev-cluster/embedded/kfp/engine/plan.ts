/** A document prepared for running: who needs whom, and what kind of node each task becomes. */
import type { TaskKind } from '../../../../src/clients/kfp/model.ts';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import type { Component, Executor, PipelineDocument, Task } from '../../../../src/core/ir/model.ts';
import { TaskError } from './errors.ts';

export interface TaskPlan {
  readonly task: Task;
  readonly component: Component;
  readonly kind: TaskKind;
  /** Keys of the tasks that must have ended before: `dependentTasks` and every producer of an input. */
  readonly needs: readonly string[];
}

export interface DagPlan {
  readonly tasks: ReadonlyMap<string, TaskPlan>;
  /** The reverse of `needs`. */
  readonly dependents: ReadonlyMap<string, readonly string[]>;
}

export class Plan {
  readonly document: PipelineDocument;
  readonly #dags = new Map<Component, DagPlan>();

  /** Throws TaskError `document` for what would never end: a component that contains itself. */
  constructor(document: PipelineDocument) {
    this.document = document;
    this.#refuseRecursion();
  }

  /** Throws TaskError `document` when the DAG can't be run. */
  dag(component: Component): DagPlan {
    let plan = this.#dags.get(component);
    if (!plan) {
      plan = this.#planDag(component);
      this.#dags.set(component, plan);
    }
    return plan;
  }

  executor(component: Component): Executor {
    if (component.implementation.kind !== 'executor') {
      throw new TaskError('document', `The component ${component.name} has no executor.`);
    }
    const { label } = component.implementation;
    const executor = this.document.executors.get(label);
    if (!executor) {
      throw new TaskError(
        'document',
        `The executor ${label} of ${component.name} isn't in the deploymentSpec.`,
      );
    }
    return executor;
  }

  /** `{}` when the platform document says nothing about it. */
  kubernetes(executor: Executor): JsonObject {
    return this.document.kubernetes.get(executor.label) ?? {};
  }

  #planDag(component: Component): DagPlan {
    if (component.implementation.kind !== 'dag')
      throw new TaskError('document', `${component.name} isn't a DAG.`);
    const tasks = new Map<string, TaskPlan>();
    const dependents = new Map<string, string[]>();
    for (const task of component.implementation.dag.tasks) {
      const target = this.#component(task);
      tasks.set(task.key, {
        task,
        component: target,
        kind: kindOf(task, target, this),
        needs: needsOf(task),
      });
      dependents.set(task.key, []);
    }
    for (const { task, needs } of tasks.values()) {
      for (const need of needs) {
        const list = dependents.get(need);
        if (!list) {
          throw new TaskError('document', `The task ${task.key} needs ${need}, which isn't in its DAG.`);
        }
        list.push(task.key);
      }
    }
    refuseCycles(tasks, dependents);
    return { tasks, dependents };
  }

  #component(task: Task): Component {
    const component = this.document.components.get(task.componentRef);
    if (!component) {
      throw new TaskError(
        'document',
        `The task ${task.key} uses the component ${task.componentRef}, which isn't in the document.`,
      );
    }
    return component;
  }

  #refuseRecursion(): void {
    const done = new Set<string>();
    const path = new Set<string>();
    const visit = (component: Component): void => {
      if (component.implementation.kind !== 'dag' || done.has(component.name)) return;
      if (path.has(component.name)) {
        throw new TaskError('document', `The component ${component.name} contains itself.`);
      }
      path.add(component.name);
      for (const task of component.implementation.dag.tasks) visit(this.#component(task));
      path.delete(component.name);
      done.add(component.name);
    };
    visit(this.document.root);
  }
}

function needsOf(task: Task): string[] {
  const needs = new Set(task.dependentTasks.map((one) => one.task));
  for (const { source } of task.inputs.parameters) {
    if (source.kind === 'taskOutput' || source.kind === 'taskFinalStatus') needs.add(source.producerTask);
  }
  for (const { source } of task.inputs.artifacts) {
    if (source.kind === 'taskOutput') needs.add(source.producerTask);
  }
  return [...needs];
}

function kindOf(task: Task, component: Component, plan: Plan): TaskKind {
  if (task.iterator) return 'LOOP';
  if (component.implementation.kind === 'executor') {
    const executor = plan.document.executors.get(component.implementation.label);
    return executor?.kind === 'importer' ? 'IMPORTER' : 'RUNTIME';
  }
  if (task.trigger.condition !== undefined) return 'CONDITION';
  // The SDK marks these two by name only.
  if (task.componentRef.startsWith('comp-condition-branches-')) return 'CONDITION_BRANCH';
  if (task.componentRef.startsWith('comp-exit-handler-')) return 'EXIT_HANDLER';
  return 'DAG';
}

function refuseCycles(
  tasks: ReadonlyMap<string, TaskPlan>,
  dependents: ReadonlyMap<string, readonly string[]>,
): void {
  const waiting = new Map([...tasks].map(([key, { needs }]) => [key, needs.length]));
  const free = [...waiting].filter(([, count]) => count === 0).map(([key]) => key);
  let ordered = 0;
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    ordered++;
    for (const dependent of dependents.get(key) ?? []) {
      const left = (waiting.get(dependent) ?? 0) - 1;
      waiting.set(dependent, left);
      if (left === 0) free.push(dependent);
    }
  }
  if (ordered === tasks.size) return;
  const stuck = [...waiting].filter(([, count]) => count > 0).map(([key]) => key);
  throw new TaskError('document', `Some tasks wait for each other: ${stuck.slice(0, 5).join(', ')}.`);
}
