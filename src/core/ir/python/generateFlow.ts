import { describeInputs } from './descriptions.ts';
import { Expressions } from './expressions.ts';
import type { ComponentDefinitions } from './generateComponents.ts';
import { k8sName } from './generateComponents.ts';
import type { TaskCall } from './generateKubernetes.ts';
import { settingCalls } from './generateSettings.ts';
import { groupName } from './meaning.ts';
import {
  allSteps,
  bodies,
  stepsOf,
  UnsayableError,
  type Branch,
  type CallStep,
  type Comparison,
  type Pipeline,
  type Step,
  type Value,
} from './program.ts';
import {
  docstring,
  isIdentifier,
  literal,
  maxWidth,
  Names,
  pyCall,
  pyString,
  toIdentifier,
  type Written,
} from './pythonText.ts';
import { parametersOf } from './generateParameters.ts';
import { inOrder, producersIn } from './statementOrder.ts';
import type { Types } from './types.ts';

export interface Surroundings {
  readonly types: Types;
  readonly components: ComponentDefinitions;
  /** Names of the module: no variable may hide one. */
  readonly names: Names;
  readonly pipeline: (inner: Pipeline) => { readonly name: string; readonly taskName: string };
  readonly useKubernetes: () => void;
  /** First line of the function's docstring, if it has one. */
  readonly summary: string | undefined;
}

/** One pipeline, or sub-pipeline, as a function. */
export class PipelineWriter {
  /** What stands before the function: the type of several outputs. */
  readonly classes: string[] = [];
  readonly #pipeline: Pipeline;
  readonly #functionName: string;
  readonly #around: Surroundings;
  readonly #locals: Names;
  readonly #variables = new Map<Step, string>();
  readonly #expressions = new Expressions(this.#variables);
  /** Steps that a later statement names. */
  readonly #referenced = new Set<Step>();
  /** The SDK numbers tasks of the same name in the order in which they are made. */
  readonly #taskNames = new Set<string>();
  readonly #lines: string[] = [];

  constructor(pipeline: Pipeline, functionName: string, around: Surroundings) {
    this.#pipeline = pipeline;
    this.#functionName = functionName;
    this.#around = around;
    const { inputs } = pipeline.component;
    this.#locals = new Names([...inputs.parameters, ...inputs.artifacts].map(({ name }) => name));
  }

  write(): string {
    const { component, steps, outputs } = this.#pipeline;
    for (const step of allSteps(steps)) {
      for (const other of producersIn(step)) this.#referenced.add(other);
      for (const other of step.after) this.#referenced.add(other);
    }
    const returns = this.#returns();
    for (const { value } of outputs) for (const step of stepsOf(value)) this.#referenced.add(step);
    const head = pyCall(`def ${this.#functionName}`, parametersOf(this.#pipeline, this.#around.types))(
      '',
      maxWidth - returns.length - 5,
    );
    const doc = describeInputs(component, this.#around.summary);
    this.#body(steps, '    ');
    if (outputs.length > 0) this.#line('    ', this.#return());
    const arrow = returns === '' ? '' : ` -> ${returns}`;
    return `${head}${arrow}:\n${doc === '' ? '' : docstring(doc, '    ')}${this.#lines.join('')}`;
  }

  /** The return annotation; a NamedTuple of its own for several outputs. */
  #returns(): string {
    const { types, names } = this.#around;
    const annotated = this.#pipeline.outputs.map(({ name, type, isList }) => {
      if (!isIdentifier(name) && name !== 'Output')
        throw new UnsayableError(`The output ${name} is no name in Python: rename it.`);
      return {
        name,
        annotation: typeof type === 'string' ? types.parameter(type) : types.artifact(type, isList),
      };
    });
    const [first, ...more] = annotated;
    if (first === undefined) return '';
    if (more.length === 0 && first.name === 'Output') return first.annotation;
    types.typing.add('NamedTuple');
    const wish = this.#functionName
      .split('_')
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
      .join('');
    const className = names.pick(`${wish}Outputs`);
    this.classes.push(
      `class ${className}(NamedTuple):\n${annotated.map(({ name, annotation }) => `    ${name}: ${annotation}\n`).join('')}`,
    );
    return className;
  }

  #return(): Written {
    const { outputs } = this.#pipeline;
    const [first] = outputs;
    if (outputs.length === 1 && first?.name === 'Output')
      return prefixed('return ', this.#expressions.write(first.value));
    const className = /^class (\w+)/.exec(this.classes[0] ?? '')?.[1] ?? '';
    return prefixed(
      'return ',
      pyCall(
        className,
        outputs.map(({ name, value }) => ({ name, value: this.#expressions.write(value) })),
      ),
    );
  }

  #body(steps: readonly Step[], indent: string): void {
    for (const step of inOrder(steps, (one) => this.#isNextOfItsName(one))) this.#step(step, indent);
  }

  #step(step: Step, indent: string): void {
    switch (step.kind) {
      case 'call':
        this.#call(step, indent);
        return;
      case 'loop': {
        const variable = this.#locals.pick(itemName(step.items), 'item');
        this.#variables.set(step, variable);
        const args = [
          { name: 'items', value: this.#expressions.write(step.items) },
          ...this.#groupName(step.task.name, step.task.key, 'name'),
          ...(step.parallelism === 0
            ? []
            : [{ name: 'parallelism', value: literal(String(step.parallelism)) }]),
        ];
        const isUsed = this.#referenced.has(step);
        this.#line(
          indent,
          suffixed(prefixed('with ', pyCall('dsl.ParallelFor', args)), isUsed ? ` as ${variable}:` : ':'),
        );
        break;
      }
      case 'exitHandler': {
        const args = [
          { name: 'exit_task', value: literal(this.#expressions.variable(step.exitTask)) },
          ...this.#groupName(step.task.name, step.task.key, 'name'),
        ];
        const isUsed = [...allSteps(this.#pipeline.steps)].some(
          (other) => other !== step.exitTask && other.after.includes(step),
        );
        const variable = isUsed ? this.#locals.pick(toIdentifier(step.task.name)) : '';
        if (isUsed) this.#variables.set(step, variable);
        this.#line(
          indent,
          suffixed(prefixed('with ', pyCall('dsl.ExitHandler', args)), isUsed ? ` as ${variable}:` : ':'),
        );
        break;
      }
      case 'branches': {
        if (groupName(step.task.name, step.task.key) !== undefined && step.isWrapped)
          throw new UnsayableError(
            `The group of branches ${step.task.name} has a name of its own, which Python cannot give it.`,
          );
        for (const [at, branch] of step.branches.entries()) {
          this.#line(indent, this.#branch(branch, at));
          this.#inside(step, branch.steps, indent, at === 0);
        }
        return;
      }
    }
    this.#inside(step, step.steps, indent, true);
  }

  #inside(group: Step, steps: readonly Step[], indent: string, isFirst: boolean): void {
    if (steps.length === 0) throw new UnsayableError(`${group.task.name} holds no task: put one in.`);
    const deeper = `${indent}    `;
    this.#body(steps, deeper);
    if (!isFirst || group.after.length === 0) return;
    // The SDK has no "after" of groups; a task inside that waits makes its group wait.
    const waiting = firstCall(steps);
    for (const other of group.after)
      this.#line(
        deeper,
        literal(`${this.#expressions.variable(waiting)}.after(${this.#afterName(group, other)})`),
      );
  }

  #branch({ task, condition }: Branch, at: number): Written {
    const name = this.#groupName(task.name, task.key, condition === undefined ? undefined : 'name');
    if (condition === undefined) return prefixed('with ', suffixed(pyCall('dsl.Else', name), ':'));
    const compared = { value: this.#comparison(condition) };
    return prefixed('with ', suffixed(pyCall(at === 0 ? 'dsl.If' : 'dsl.Elif', [compared, ...name]), ':'));
  }

  #comparison({ left, operator, right }: Comparison): Written {
    return (indent) => {
      const flat = (value: Value): string => this.#expressions.write(value)(indent, Infinity);
      return `${flat(left)} ${operator} ${flat(right)}`;
    };
  }

  #groupName(
    name: string,
    key: string,
    argument: string | undefined,
  ): readonly { name?: string; value: Written }[] {
    const own = groupName(name, key);
    if (own === undefined) return [];
    return [{ ...(argument === undefined ? {} : { name: argument }), value: literal(pyString(own)) }];
  }

  #call(step: CallStep, indent: string): void {
    const { task, runs } = step;
    const { called, taskName, args } = this.#callee(step);
    const given = this.#takeTaskName(taskName);
    const settings = settingCalls(step, given, this.#expressions);
    const call = pyCall(called, args);
    const after = step.isExitTask ? [] : step.after.map((other) => this.#afterName(step, other));
    if (settings.some(({ kind }) => kind === 'kubernetes')) this.#around.useKubernetes();
    const isNamed = this.#referenced.has(step) || after.length > 0 || this.#waitsForGroup(step);
    const variable = isNamed || settings.length > 0 ? this.#pickVariable(toIdentifier(task.name)) : '';
    this.#variables.set(step, variable);
    const assigned = isNamed ? prefixed(`${variable} = `, call) : call;
    const chained = this.#chained(assigned, settings, indent);
    if (chained !== undefined) this.#line(indent, literal(chained));
    else {
      this.#line(indent, prefixed(`${variable} = `, call));
      for (const { write } of settings) this.#line(indent, write(variable));
    }
    if (after.length > 0) this.#line(indent, literal(`${variable}.after(${after.join(', ')})`));
    if (runs.kind === 'pipeline' && settings.some(({ kind }) => kind === 'kubernetes'))
      throw new UnsayableError(
        `${task.name} is a pipeline, and has platform settings: they belong on its tasks.`,
      );
  }

  /** A call with at most one setting, on one line when it has room. */
  #chained(call: Written, [setting, ...more]: readonly TaskCall[], indent: string): string | undefined {
    const room = maxWidth - indent.length;
    if (setting === undefined) return call(indent, room);
    if (more.length > 0 || setting.kind === 'kubernetes') return undefined;
    const flat = setting.write(call(indent, Infinity))(indent, Infinity);
    return flat.length <= room && !flat.includes('\n') ? flat : undefined;
  }

  #callee(step: CallStep): {
    called: string;
    taskName: string;
    args: readonly { name: string; value: Written }[];
  } {
    const { runs, component, task } = step;
    if (runs.kind === 'executor' && runs.executor.kind === 'importer') {
      const { artifactUri, type, reimport, metadata } = runs.executor;
      const uri: Value =
        artifactUri.kind === 'input'
          ? step.lookUp({ kind: 'taskInput', name: artifactUri.name })
          : { kind: 'constant', value: artifactUri.value, parts: new Map() };
      const parts = new Map(
        step.inputs.filter(({ name }) => name !== 'uri').map(({ name, value }) => [name, value] as const),
      );
      const args = [
        { name: 'artifact_uri', value: this.#expressions.write(uri) },
        { name: 'artifact_class', value: literal(this.#around.types.artifact(type, false)) },
        ...(reimport ? [{ name: 'reimport', value: literal('True') }] : []),
        ...(Object.keys(metadata).length === 0
          ? []
          : [
              {
                name: 'metadata',
                value: this.#expressions.write({ kind: 'constant', value: metadata, parts }),
              },
            ]),
      ];
      return { called: 'dsl.importer', taskName: 'importer', args };
    }
    const types = new Map(component.inputs.parameters.map(({ name, type }) => [name, type] as const));
    const args = step.inputs.flatMap(({ name, value }) => {
      // The SDK gives those by itself.
      if (value.kind === 'status' && types.get(name) === 'TASK_FINAL_STATUS') return [];
      if (!isIdentifier(name))
        throw new UnsayableError(`${task.name} has an input ${name}, which is no name in Python: rename it.`);
      return [{ name, value: this.#expressions.write(value, types.get(name)) }];
    });
    const definition =
      runs.kind === 'pipeline'
        ? this.#around.pipeline(runs.pipeline)
        : this.#containerDefinition(runs.executor);
    return { called: definition.name, taskName: definition.taskName, args };
  }

  #containerDefinition(executor: Parameters<ComponentDefinitions['of']>[0] | { readonly kind: 'importer' }): {
    readonly name: string;
    readonly taskName: string;
  } {
    if (executor.kind !== 'container') throw new Error('Importers have no definition.');
    const definition = this.#around.components.of(executor);
    if (definition.name.startsWith('kubernetes.')) this.#around.useKubernetes();
    return definition;
  }

  #pickVariable(wish: string): string {
    const wishes = [wish, `${wish}_task`].filter(
      (name) => !this.#around.names.has(name) && name !== this.#functionName,
    );
    const [first = `${wish}_task_2`, ...others] = wishes;
    return this.#locals.pick(first, ...others);
  }

  #afterName(step: Step, other: Step): string {
    if (other.kind === 'loop' || other.kind === 'branches') {
      const what = other.kind === 'loop' ? 'loop' : 'branches';
      throw new UnsayableError(
        `${step.task.name} runs after the ${what} ${other.task.name} without a value from it; Python's .after() takes tasks and exit handlers only.`,
      );
    }
    return this.#expressions.variable(other);
  }

  #waitsForGroup(step: CallStep): boolean {
    for (const group of allSteps(this.#pipeline.steps)) {
      const [first] = bodies(group);
      if (group.after.length > 0 && first !== undefined && first.length > 0 && firstCall(first) === step)
        return true;
    }
    return false;
  }

  #takeTaskName(taskName: string): string {
    const given = this.#nextTaskName(taskName);
    this.#taskNames.add(given);
    return given;
  }

  #nextTaskName(taskName: string): string {
    const base = k8sName(taskName) || 'task';
    let name = base;
    for (let i = 2; this.#taskNames.has(name); i++) name = `${base}-${i}`;
    return name;
  }

  #isNextOfItsName(step: Step): boolean {
    const first = step.kind === 'call' ? step : firstCall(bodies(step).flat());
    const { runs, task } = first;
    const taskName =
      runs.kind === 'pipeline'
        ? this.#around.pipeline(runs.pipeline).taskName
        : runs.executor.kind === 'importer'
          ? 'importer'
          : this.#around.components.of(runs.executor).taskName;
    return this.#nextTaskName(taskName) === task.name;
  }

  #line(indent: string, written: Written): void {
    this.#lines.push(`${indent}${written(indent, maxWidth - indent.length)}\n`);
  }
}

function firstCall(steps: readonly Step[]): CallStep {
  for (const step of allSteps([...inOrder(steps, () => false)])) if (step.kind === 'call') return step;
  throw new UnsayableError('A group holds no task: put one in.');
}

function prefixed(prefix: string, written: Written): Written {
  return (indent, room) => prefix + written(indent, room - prefix.length);
}

function suffixed(written: Written, suffix: string): Written {
  return (indent, room) => written(indent, room - suffix.length) + suffix;
}

/** `word` for a loop over `words`. */
function itemName(items: Value): string {
  const name = items.kind === 'input' ? items.name : '';
  const singular = /^(.*[^s])s$/.exec(name)?.[1];
  return singular === undefined ? 'item' : toIdentifier(singular);
}
