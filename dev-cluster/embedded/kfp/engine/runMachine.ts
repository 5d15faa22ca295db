/**
 * One run as a state machine over its tree of tasks. It decides; the engine stores and acts. Everything happens inside
 * a turn (see engine.ts): nodes change in memory and are noted in `changes`; what must follow goes on the `agenda`, so
 * that a chain of ten thousand tasks needs no stack.
 *
 * Rules, as upstream's driver and Argo have them:
 * - a task is ready when all it needs have ended; it is skipped when one of those failed or was skipped for that, unless
 *   it runs after failures; a task skipped by its own condition holds nobody back;
 * - a DAG fails when one of its tasks fails, but its other branches go on; exit tasks run last, whatever happened;
 * - on the cancel of a run nothing starts any more, exit tasks neither.
 */
import { randomUUID } from 'node:crypto';
import type { Component } from '../../../../src/core/ir/model.ts';
import type { RunRow } from '../store/runs.ts';
import { TaskError } from './errors.ts';
import { evaluateCondition } from './expressions.ts';
import type { Names } from './placeholders.ts';
import type { Plan, TaskPlan } from './plan.ts';
import { iterationInputs, prepareLoop } from './loops.ts';
import { checkInputs, dagOutputs, loopOutputs, resolveInputs } from './resolve.ts';
import { backOff, type RunContext } from './runContext.ts';
import { StepTasks, TERMINATED } from './stepTasks.ts';
import { failureOf, TaskNode, type SkipReason } from './taskNode.ts';
import { parameterValues, type BoundParameter } from './taskIo.ts';

export class RunMachine {
  readonly run: RunRow;
  readonly #plan: Plan;
  readonly #context: RunContext;
  readonly #steps: StepTasks;
  #root: TaskNode | undefined;
  #state: RunRow['state'];

  constructor(run: RunRow, plan: Plan, context: RunContext) {
    this.run = run;
    this.#plan = plan;
    this.#context = context;
    this.#state = run.state;
    this.#steps = new StepTasks(plan, context, (node) => this.#settled(node));
  }

  /** Steps that wait for a free slot, and those that run. */
  get steps(): StepTasks {
    return this.#steps;
  }

  get hasEnded(): boolean {
    return this.#state === 'SUCCEEDED' || this.#state === 'FAILED' || this.#state === 'CANCELED';
  }

  get isCanceling(): boolean {
    return this.#state === 'CANCELING';
  }

  /** A new run. */
  begin(): void {
    this.#enterRun('RUNNING');
    const root = this.#create(undefined, undefined, this.#plan.document.root, 'ROOT', null);
    this.#root = root;
    root.notes = this.#context.rootNotes;
    const given = Object.entries(this.run.parameters).map(([name, value]): [string, BoundParameter] => [
      name,
      { value, type: 'RUNTIME_VALUE_INPUT' },
    ]);
    this.#attempt(root, () => {
      // Its own inputs can be wrong only when the api let them through.
      root.inputs = checkInputs(undefined, root.component, {
        parameters: new Map(given),
        artifacts: new Map(),
      });
      this.#open(root);
    });
  }

  /** Goes on after a restart of the service: everything that has ended stays ended. */
  resume(root: TaskNode): void {
    this.#root = root;
    if (root.hasEnded) {
      this.#endRun(root);
      return;
    }
    this.#resumeNode(root, (node) => node.hasEnded);
    if (this.isCanceling) this.#cancelRest();
  }

  /** Runs again what failed, was skipped for that, or was cancelled. */
  retry(root: TaskNode): void {
    this.#root = root;
    this.#enterRun('RUNNING');
    this.#reset(root);
    this.#open(root);
  }

  /** Starts the step that has waited longest. */
  startNextStep(): void {
    this.#steps.startNext((node, error) => this.#fail(node, error.message));
  }

  cancel(): void {
    if (this.hasEnded || this.isCanceling) return;
    this.#enterRun('CANCELING');
    this.#cancelRest();
  }

  // --- tasks

  #create(
    parent: TaskNode | undefined,
    plan: TaskPlan | undefined,
    component: Component,
    kind: TaskNode['kind'],
    iteration: number | null,
  ): TaskNode {
    const node = new TaskNode({
      id: randomUUID(),
      runId: this.run.id,
      parent,
      plan,
      component,
      kind,
      iteration,
      createdAt: this.#context.now(),
    });
    this.#context.changes.task(node);
    return node;
  }

  /** A task's turn has come: all it needs have ended. */
  #ready(parent: TaskNode, plan: TaskPlan): void {
    if (this.isCanceling) return;
    const dag = parent.dag;
    if (!dag) return;
    const { task, component, kind } = plan;
    let node = dag.children.get(task.key);
    if (!node) {
      node = this.#create(parent, plan, component, kind, null);
      dag.children.set(task.key, node);
    } else this.#reset(node);
    const current = node;
    if (!task.trigger.runsAfterFailure && plan.needs.some((need) => dag.children.get(need)?.blocksOthers)) {
      this.#skip(current, 'upstream');
      return;
    }
    this.#attempt(current, () => {
      current.inputs = resolveInputs(task, component, parent, this.#names(current));
      const { condition } = task.trigger;
      if (condition !== undefined && !evaluateCondition(condition, parameterValues(current.inputs))) {
        this.#skip(current, 'condition');
      } else this.#dispatch(current);
    });
  }

  #dispatch(node: TaskNode): void {
    if (node.kind === 'LOOP') this.#openLoop(node);
    else if (node.isDag) this.#open(node);
    else this.#steps.dispatch(node);
  }

  #skip(node: TaskNode, reason: SkipReason): void {
    node.notes = { ...node.notes, skipped: reason };
    node.enter('SKIPPED', this.#context.now());
    this.#context.changes.task(node);
    this.#settled(node);
  }

  #fail(node: TaskNode, message: string): void {
    node.enter('FAILED', this.#context.now(), message);
    this.#context.changes.task(node);
    this.#settled(node);
  }

  /** Runs a decision about a node; what the document or the values do wrong fails the node, not the service. */
  #attempt(node: TaskNode, decide: () => void): void {
    try {
      decide();
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      this.#fail(node, error.message);
    }
  }

  /** A task has ended: its DAG or loop goes on. */
  #settled(node: TaskNode): void {
    if (this.isCanceling) {
      this.#context.agenda.push(() => this.#endCancelWhenIdle());
      return;
    }
    const { parent } = node;
    if (!parent) this.#endRun(node);
    else if (parent.loop && node.iteration !== null) this.#iterationSettled(parent);
    else if (parent.dag) this.#taskSettled(parent, node.key);
  }

  #taskSettled(parent: TaskNode, key: string): void {
    const { dag } = parent;
    if (!dag) return;
    const plan = this.#plan.dag(parent.component);
    dag.open--;
    for (const dependent of plan.dependents.get(key) ?? []) {
      const left = (dag.waiting.get(dependent) ?? 0) - 1;
      dag.waiting.set(dependent, left);
      const next = plan.tasks.get(dependent);
      if (left === 0 && next) this.#context.agenda.push(() => this.#ready(parent, next));
    }
    if (dag.open === 0) this.#context.agenda.push(() => this.#close(parent));
  }

  // --- DAGs

  #open(node: TaskNode): void {
    node.enter('RUNNING', this.#context.now());
    this.#context.changes.task(node);
    this.#resumeNode(node, (child) => child.isSettledWell);
  }

  /** Takes up an open node: `isDone` says which of the nodes in it need nothing more. */
  #resumeNode(node: TaskNode, isDone: (child: TaskNode) => boolean): void {
    if (node.kind === 'LOOP') this.#resumeLoop(node, isDone);
    else if (node.isDag) this.#resumeDag(node, isDone);
    else this.#steps.resume(node);
  }

  #resumeDag(node: TaskNode, isDone: (child: TaskNode) => boolean): void {
    const { tasks } = this.#plan.dag(node.component);
    const children = node.dag?.children ?? new Map<string, TaskNode>();
    const isTaskDone = (key: string): boolean => {
      const child = children.get(key);
      return child !== undefined && isDone(child);
    };
    const dag = { children, waiting: new Map<string, number>(), open: 0 };
    node.dag = dag;
    for (const [key, plan] of tasks) {
      if (isTaskDone(key)) continue;
      dag.open++;
      const left = plan.needs.filter((need) => !isTaskDone(need)).length;
      dag.waiting.set(key, left);
      const child = children.get(key);
      if (child && !child.hasEnded) this.#resumeNode(child, isDone);
      else if (left === 0) this.#context.agenda.push(() => this.#ready(node, plan));
    }
    if (dag.open === 0) this.#context.agenda.push(() => this.#close(node));
  }

  /** The last task of a DAG has ended. */
  #close(node: TaskNode): void {
    const { implementation } = node.component;
    if (node.hasEnded || !node.dag || implementation.kind !== 'dag') return;
    node.outputs = dagOutputs(
      implementation.dag.outputs,
      node,
      node.iteration === null ? 'OUTPUT' : 'ITERATOR_OUTPUT',
    );
    this.#end(node, failureOf([...node.dag.children.values()]));
  }

  /** Ends a DAG or a loop; after a failure its retry policy may open it again. */
  #end(node: TaskNode, error: string | undefined): void {
    if (error === undefined) {
      node.enter('SUCCEEDED', this.#context.now());
      this.#context.changes.task(node);
      // Its outputs are all that is asked for from now on.
      this.#context.changes.afterwards(() => node.forgetInside());
      this.#settled(node);
      return;
    }
    // An iteration has the policy of its loop.
    const delay = node.iteration === null ? backOff(node.plan?.task.retry, node.openings) : undefined;
    if (delay === undefined) {
      this.#fail(node, error);
      return;
    }
    this.#context.after(delay, () => {
      if (!node.hasEnded && !this.isCanceling) this.#open(node);
    });
  }

  // --- loops

  #openLoop(node: TaskNode): void {
    const iterator = node.plan?.task.iterator;
    if (!iterator) return;
    prepareLoop(node, iterator);
    this.#open(node);
  }

  #resumeLoop(node: TaskNode, isDone: (child: TaskNode) => boolean): void {
    const { loop } = node;
    if (!loop) return;
    loop.queued = [];
    loop.active = 0;
    for (let index = loop.iterations.length - 1; index >= 0; index--) {
      const child = loop.iterations[index];
      if (child && isDone(child)) continue;
      if (child && !child.hasEnded) {
        loop.active++;
        this.#resumeNode(child, isDone);
      } else loop.queued.push(index);
    }
    this.#startIterations(node);
  }

  #startIterations(node: TaskNode): void {
    const { loop } = node;
    if (!loop) return;
    while (loop.active < loop.limit) {
      const index = loop.queued.pop();
      if (index === undefined) break;
      loop.active++;
      this.#context.agenda.push(() => this.#startIteration(node, index));
    }
    if (loop.active === 0) this.#context.agenda.push(() => this.#closeLoop(node));
  }

  #startIteration(node: TaskNode, index: number): void {
    const { loop, plan } = node;
    const iterator = plan?.task.iterator;
    const item = loop?.items[index];
    if (!loop || !plan || !iterator || !item || this.isCanceling) return;
    let child = loop.iterations[index];
    if (child) this.#reset(child);
    else {
      const kind = node.component.implementation.kind === 'dag' ? 'DAG' : 'RUNTIME';
      child = this.#create(node, plan, node.component, kind, index);
      loop.iterations[index] = child;
    }
    const iteration = child;
    this.#attempt(iteration, () => {
      iteration.inputs = iterationInputs(iterator, node, item);
      this.#dispatch(iteration);
    });
  }

  #iterationSettled(parent: TaskNode): void {
    if (!parent.loop) return;
    parent.loop.active--;
    this.#startIterations(parent);
  }

  #closeLoop(node: TaskNode): void {
    if (node.hasEnded || !node.loop) return;
    const iterations = node.loop.iterations.filter((child) => child !== undefined);
    node.outputs = loopOutputs(
      node.component,
      iterations.map(({ outputs }) => outputs),
    );
    this.#end(node, failureOf(iterations));
  }

  // --- retry, cancel, end

  /** Back to before its first try, as far as the node itself goes. */
  #reset(node: TaskNode): void {
    if (!node.isStored || node.state === 'PENDING') return;
    node.notes = Object.fromEntries(Object.entries(node.notes).filter(([key]) => key !== 'skipped'));
    node.tries = 0;
    node.enter('PENDING', this.#context.now());
    this.#context.changes.unlink(node.id);
    this.#context.changes.task(node);
  }

  #cancelRest(): void {
    for (const node of this.#steps.cancel()) this.#skip(node, 'canceled');
    this.#context.agenda.push(() => this.#endCancelWhenIdle());
  }

  #endCancelWhenIdle(): void {
    if (!this.isCanceling || this.#steps.running > 0 || !this.#root) return;
    const open: TaskNode[] = [this.#root];
    for (let node = open.pop(); node; node = open.pop()) {
      if (node.hasEnded) continue;
      node.enter('FAILED', this.#context.now(), TERMINATED);
      this.#context.changes.task(node);
      open.push(...(node.dag?.children.values() ?? []));
      open.push(...(node.loop?.iterations.filter((child) => child !== undefined) ?? []));
    }
    this.#enterRun('CANCELED');
  }

  #endRun(root: TaskNode): void {
    if (root.state === 'FAILED') this.#enterRun('FAILED', root.error ?? undefined);
    else this.#enterRun('SUCCEEDED');
  }

  #enterRun(state: RunRow['state'], error?: string): void {
    this.#state = state;
    this.#context.changes.run(
      this.run.id,
      { state, at: this.#context.now(), ...(error === undefined ? {} : { error }) },
      this.hasEnded,
    );
  }

  #names(node: TaskNode): Names {
    return { ...this.#context.names, taskName: node.key, taskId: node.id };
  }
}
