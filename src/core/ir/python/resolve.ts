import type { Component, Dag, PipelineDocument, Task, TaskArtifact, TaskParameter } from '../model.ts';
import { conjuncts, type Conjunct, type Operand } from './comparison.ts';
import { exitTaskOf, isExitHandler, readChain } from './groups.ts';
import { anyArtifact, constant, notTwoValues, parseItems, select, turned } from './resolveValues.ts';
import {
  placeholderNames,
  UnsayableError,
  type Branch,
  type BranchesStep,
  type CallStep,
  type ExitHandlerStep,
  type LoopStep,
  type Pipeline,
  type PipelineOutput,
  type Reference,
  type Step,
  type Value,
} from './program.ts';

/** Reads a document as a program. Throws UnsayableError. */
export function resolveProgram(document: PipelineDocument): Pipeline {
  return new Resolver(document).pipeline('root', document.root);
}

/** A DAG while it is read: its tasks' steps, and how to get at what comes from outside. */
interface Scope {
  readonly dag: Dag;
  readonly component: Component;
  readonly byTask: Map<string, Step>;
  /** Scopes of the groups in it, by task key. */
  readonly inner: Map<string, Scope>;
  /** Undefined in a pipeline and in a sub-pipeline: their inputs are their own. */
  readonly opener: { readonly scope: Scope; readonly task: Task; readonly loop?: LoopStep } | undefined;
}

/** What `inputs` and `after` of a step become once all steps of the pipeline are there. */
type Unfilled<T> = { -readonly [K in keyof T]: T[K] };

class Resolver {
  readonly #document: PipelineDocument;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #open: string[] = [];
  #later: (() => void)[] = [];

  constructor(document: PipelineDocument) {
    this.#document = document;
  }

  pipeline(key: string, component: Component): Pipeline {
    const known = this.#pipelines.get(key);
    if (known !== undefined) return known;
    if (this.#open.includes(key))
      throw new UnsayableError(`${key} contains itself: take one of its tasks out.`);
    this.#open.push(key);
    const outerLater = this.#later;
    this.#later = [];
    const scope = this.#scope(component, undefined);
    const steps = this.#steps(scope);
    for (const fill of this.#later) fill();
    this.#later = outerLater;
    this.#open.pop();
    const pipeline = { key, component, steps, outputs: this.#outputs(scope) };
    this.#pipelines.set(key, pipeline);
    return pipeline;
  }

  #scope(component: Component, opener: Scope['opener']): Scope {
    const { implementation } = component;
    const dag = implementation.kind === 'dag' ? implementation.dag : undefined;
    if (dag === undefined) throw new UnsayableError(`${component.name} has no tasks: it is not a pipeline.`);
    return { dag, component, byTask: new Map(), inner: new Map(), opener };
  }

  #steps(scope: Scope): readonly Step[] {
    const { tasks } = scope.dag;
    // Exit handlers name their exit tasks, which therefore come first.
    const exitTasks = new Set(tasks.map((task) => exitTaskOf(scope.dag, task)));
    const isExit = (task: Task): number => (exitTasks.has(task) ? 0 : 1);
    for (const task of tasks.toSorted((a, b) => isExit(a) - isExit(b)))
      scope.byTask.set(task.key, this.#step(scope, task));
    return tasks.flatMap(({ key }) => scope.byTask.get(key) ?? []);
  }

  #step(scope: Scope, task: Task): Step {
    const component = this.#document.components.get(task.componentRef);
    if (component === undefined)
      throw new UnsayableError(`${task.key} uses ${task.componentRef}, which is not there.`);
    const isGroup = component.implementation.kind === 'dag';
    if (isGroup && task.iterator !== undefined) return this.#loop(scope, task, component);
    if (isGroup && task.trigger.condition !== undefined) return this.#if(scope, task, component);
    if (task.iterator !== undefined || task.trigger.condition !== undefined) {
      const what = task.iterator === undefined ? 'condition' : 'loop';
      throw new UnsayableError(
        `${task.key} has a ${what} of its own; in Python a ${what} holds tasks: put one around it.`,
      );
    }
    if (isGroup && readChain(this.#document, component) !== undefined)
      return this.#branches(scope, task, component);
    if (isGroup && isExitHandler(scope.dag, task, component))
      return this.#exitHandler(scope, task, component);
    return this.#call(scope, task, component);
  }

  #group(scope: Scope, task: Task, component: Component, loop?: LoopStep): readonly Step[] {
    if (this.#open.includes(component.name))
      throw new UnsayableError(`${component.name} contains itself: take one of its tasks out.`);
    const inner = this.#scope(component, { scope, task, ...(loop === undefined ? {} : { loop }) });
    scope.inner.set(task.key, inner);
    this.#open.push(component.name);
    const steps = this.#steps(inner);
    this.#open.pop();
    return steps;
  }

  #loop(scope: Scope, task: Task, component: Component): LoopStep {
    const { iterator } = task;
    if (iterator === undefined) throw new Error('A loop has an iterator.');
    const item = component.inputs.parameters.find(({ name }) => name === iterator.itemInput);
    const step: Unfilled<LoopStep> = {
      kind: 'loop',
      task,
      after: [],
      items: { kind: 'input', name: '' },
      over: iterator.kind,
      itemType: item?.type,
      parallelism: iterator.parallelismLimit,
      steps: [],
    };
    step.steps = this.#group(scope, task, component, step);
    const inner = scope.inner.get(task.key);
    const { items } = iterator;
    this.#fill(scope, step, () => {
      if (items.kind === 'raw') step.items = constant(parseItems(items.json, task.key));
      else if (inner !== undefined) step.items = this.#groupInput(inner, items.name);
    });
    return step;
  }

  #if(scope: Scope, task: Task, component: Component): BranchesStep {
    const [first, ...more] = conjuncts(task.trigger.condition ?? '') ?? [];
    if (first === undefined || more.length > 0) throw notTwoValues(task);
    const branch = this.#branch(scope, task, component, first);
    const step: BranchesStep = { kind: 'branches', isWrapped: false, task, after: [], branches: [branch] };
    this.#fill(scope, step);
    return step;
  }

  #branches(scope: Scope, task: Task, component: Component): BranchesStep {
    const chain = readChain(this.#document, component) ?? [];
    const inner = this.#scope(component, { scope, task });
    scope.inner.set(task.key, inner);
    const branches = chain.map(({ task: branch, component: body, own }) => {
      const waits = branch.dependentTasks.length > 0;
      if (waits)
        throw new UnsayableError(`The branch ${branch.name} waits for another: branches of an If cannot.`);
      return this.#branch(inner, branch, body, own);
    });
    const [first, ...others] = branches;
    if (first === undefined) throw new Error('A chain has branches.');
    const step: BranchesStep = {
      kind: 'branches',
      isWrapped: true,
      task,
      after: [],
      branches: [first, ...others],
    };
    for (const branch of branches) inner.byTask.set(branch.task.key, step);
    this.#fill(scope, step);
    return step;
  }

  #branch(scope: Scope, task: Task, component: Component, own: Conjunct | undefined): Branch {
    if (own !== undefined && own.comparison === undefined) throw notTwoValues(task);
    const steps = this.#group(scope, task, component);
    const branch: Unfilled<Branch> = { task, steps, condition: undefined };
    const parsed = own?.comparison;
    const inner = scope.inner.get(task.key);
    if (parsed !== undefined && inner !== undefined) {
      this.#later.push(() => {
        const operand = (one: Operand): Value =>
          one.kind === 'literal' ? constant(one.value) : this.#groupInput(inner, one.name);
        const { operator, left, right } = parsed;
        if (left.kind === 'literal' && right.kind === 'literal') throw notTwoValues(task);
        // Python, too, turns a literal on the left around.
        branch.condition =
          left.kind === 'literal'
            ? { operator: turned[operator], left: operand(right), right: operand(left) }
            : { operator, left: operand(left), right: operand(right) };
      });
    }
    return branch;
  }

  #exitHandler(scope: Scope, task: Task, component: Component): ExitHandlerStep {
    const exitTask = scope.byTask.get(exitTaskOf(scope.dag, task)?.key ?? '');
    if (exitTask?.kind !== 'call')
      throw new UnsayableError(`What runs when ${task.name} ends is a group: Python wants one task there.`);
    const steps = this.#group(scope, task, component);
    const step: ExitHandlerStep = { kind: 'exitHandler', task, after: [], steps, exitTask };
    this.#fill(scope, step);
    return step;
  }

  #call(scope: Scope, task: Task, component: Component): CallStep {
    const lookUp = (reference: Reference): Value => {
      if (reference.kind === 'groupInput') return this.#groupInput(scope, reference.name);
      if (reference.kind === 'taskOutput') return this.#taskOutput(scope, reference.task, reference.output);
      const given = [...task.inputs.parameters, ...task.inputs.artifacts].find(
        ({ name }) => name === reference.name,
      );
      if (given === undefined)
        throw new UnsayableError(`${task.key} has no input ${reference.name}, which a text of it names.`);
      return this.#source(scope, task, given);
    };
    const own = new Set(
      [...component.inputs.parameters, ...component.inputs.artifacts].map(({ name }) => name),
    );
    const step: Unfilled<CallStep> = {
      kind: 'call',
      task,
      after: [],
      component,
      runs: this.#runs(task, component),
      inputs: [],
      lookUp,
      isExitTask: false,
    };
    this.#fill(scope, step, () => {
      step.isExitTask = scope.dag.tasks.some((other) => {
        const group = this.#document.components.get(other.componentRef);
        return (
          group !== undefined &&
          isExitHandler(scope.dag, other, group) &&
          exitTaskOf(scope.dag, other) === task
        );
      });
      step.inputs = [...task.inputs.parameters, ...task.inputs.artifacts]
        .filter(({ name }) => own.has(name))
        .map((input) => ({ name: input.name, value: this.#source(scope, task, input) }));
    });
    return step;
  }

  #runs(task: Task, component: Component): CallStep['runs'] {
    const { implementation } = component;
    if (implementation.kind === 'dag')
      return { kind: 'pipeline', pipeline: this.pipeline(component.name, component) };
    const executor =
      implementation.kind === 'executor' ? this.#document.executors.get(implementation.label) : undefined;
    if (executor === undefined)
      throw new UnsayableError(`${task.key} runs nothing: ${component.name} has no executor.`);
    if (executor.kind === 'unsupported')
      throw new UnsayableError(
        `${task.key} runs as \`${executor.spec}\`, which the SDK's Python has no word for.`,
      );
    return { kind: 'executor', executor, kubernetes: this.#document.kubernetes.get(executor.label) };
  }

  /** Runs when all steps of the pipeline are there, since values come from any of them. */
  #fill(scope: Scope, step: Unfilled<Step>, more?: () => void): void {
    this.#later.push(() => {
      const { task } = step;
      const producers = new Set(
        [...task.inputs.parameters, ...task.inputs.artifacts].flatMap(({ source }) =>
          source.kind === 'taskOutput' || source.kind === 'taskFinalStatus' ? [source.producerTask] : [],
        ),
      );
      step.after = task.dependentTasks.flatMap(({ task: key }) => {
        const other = scope.byTask.get(key);
        if (other === undefined)
          throw new UnsayableError(`${task.key} runs after ${key}, which is not there.`);
        return producers.has(key) ? [] : [other];
      });
      more?.();
    });
  }

  #outputs({ dag, component, ...scope }: Scope): readonly PipelineOutput[] {
    const inside = { dag, component, ...scope };
    const parameters = dag.outputs.parameters.map(({ name, selectors }) => {
      const declared = component.outputs.parameters.find((output) => output.name === name);
      return {
        name,
        type: declared?.type ?? ('STRING' as const),
        isList: false,
        value: this.#selected(inside, selectors, name),
      };
    });
    const artifacts = dag.outputs.artifacts.map(({ name, selectors }) => {
      const declared = component.outputs.artifacts.find((output) => output.name === name);
      const type = declared?.type ?? anyArtifact;
      return {
        name,
        type,
        isList: declared?.isList ?? false,
        value: this.#selected(inside, selectors, name),
      };
    });
    return [...parameters, ...artifacts];
  }

  #selected(
    scope: Scope,
    selectors: readonly { readonly producerTask: string; readonly outputKey: string }[],
    name: string,
  ): Value {
    const [first, ...others] = selectors.map(({ producerTask, outputKey }) =>
      this.#taskOutput(scope, producerTask, outputKey),
    );
    if (first === undefined)
      throw new UnsayableError(`The output ${name} of ${scope.component.name} comes from no task.`);
    return others.length === 0 ? first : { kind: 'oneOf', values: [first, ...others] };
  }

  #source(scope: Scope, task: Task, input: TaskParameter | TaskArtifact): Value {
    const { source } = input;
    switch (source.kind) {
      case 'constant': {
        const parts = new Map<string, Value>();
        for (const name of placeholderNames(source.value)) {
          const given = task.inputs.parameters.find((other) => other.name === name);
          // A name that is no input of the task stays a text, as it would at run time.
          if (given !== undefined && given !== input) parts.set(name, this.#source(scope, task, given));
        }
        return { kind: 'constant', value: source.value, parts };
      }
      case 'componentInput':
        return select(
          this.#groupInput(scope, source.name),
          'selector' in input ? input.selector : undefined,
          task,
        );
      case 'taskOutput': {
        const value = this.#taskOutput(scope, source.producerTask, source.outputKey);
        return select(value, 'selector' in input ? input.selector : undefined, task);
      }
      case 'taskFinalStatus': {
        const step = scope.byTask.get(source.producerTask);
        if (step === undefined)
          throw new UnsayableError(`${task.key} asks how ${source.producerTask} ended, which is not there.`);
        return { kind: 'status', step };
      }
      case 'missing':
        throw new UnsayableError(`The input ${input.name} of ${task.key} has no value: give it one.`);
    }
  }

  #groupInput(scope: Scope, name: string): Value {
    const { opener } = scope;
    if (opener === undefined) return { kind: 'input', name };
    if (opener.loop !== undefined && opener.task.iterator?.itemInput === name)
      return { kind: 'item', loop: opener.loop, field: undefined };
    const given = [...opener.task.inputs.parameters, ...opener.task.inputs.artifacts].find(
      (one) => one.name === name,
    );
    if (given !== undefined) return this.#source(opener.scope, opener.task, given);
    const declared = scope.component.inputs.parameters.find((one) => one.name === name);
    if (declared?.defaultValue !== undefined) return constant(declared.defaultValue);
    throw new UnsayableError(`${opener.task.key} gets no ${name} from outside: connect it.`);
  }

  #taskOutput(scope: Scope, key: string, output: string): Value {
    const step = scope.byTask.get(key);
    if (step === undefined)
      throw new UnsayableError(`${key} is not there, and something takes its ${output}.`);
    const inner = scope.inner.get(key);
    if (inner === undefined) {
      if (step.kind !== 'call') throw new UnsayableError(`${key} has no output ${output}.`);
      return { kind: 'output', step, output };
    }
    const { outputs } = inner.dag;
    const found = [...outputs.parameters, ...outputs.artifacts].find(({ name }) => name === output);
    if (found === undefined) throw new UnsayableError(`${key} has no output ${output}.`);
    const value = this.#selected(inner, found.selectors, output);
    return inner.opener?.loop === undefined ? value : { kind: 'collected', loop: inner.opener.loop, value };
  }
}
