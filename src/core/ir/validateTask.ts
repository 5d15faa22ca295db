import { parseCondition } from './conditions.ts';
import { removeItemFix } from './fixes.ts';
import type {
  ComponentInputSource,
  ParameterSource,
  Problem,
  Task,
  TaskArtifact,
  TaskParameter,
} from './model.ts';
import { isChannel, isLoopItem } from './readable.ts';
import type { ComponentInterface, ValidationContext } from './validationContext.ts';
import { isPathSegment } from './validationContext.ts';
import { isAllowed, isArtifactPassable, isOfType, isPassable, parseJson, typeNames } from './values.ts';
import { quote } from './yamlReader.ts';

type Tasks = ReadonlyMap<string, Task>;

/** Everything one task can have wrong, seen from the dag of `parent` that holds it. */
export function validateTask(
  context: ValidationContext,
  parent: ComponentInterface,
  tasks: Tasks,
  task: Task,
  path: string | undefined,
): void {
  if (!isPathSegment(task.key)) {
    const message = `The task name ${quote(task.key)} cannot be used in a path: use letters, digits and dashes.`;
    context.report('bad-task-name', message, task.keyRange, path);
  }
  const component = context.interfaceOf(task.componentRef);
  if (component === undefined) {
    context.report(
      'unknown-component',
      task.componentRef === ''
        ? `The task ${quote(task.key)} names no component: set componentRef.name.`
        : `There is no component ${quote(task.componentRef)} in components.`,
      task.componentRefRange,
      path,
      context.rename(task.componentRef, task.componentRefRange, context.document.components.keys()),
    );
  } else validateInputs(context, component, task, path);
  for (const input of task.inputs.parameters) {
    validateParameter(context, { parent, tasks, component, task, path }, input);
  }
  for (const input of task.inputs.artifacts) {
    validateArtifact(context, { parent, tasks, component, task, path }, input);
  }
  for (const { task: upstream, range } of task.dependentTasks) {
    if (tasks.has(upstream)) continue;
    const isOnly = task.dependentTasks.length === 1;
    context.report(
      'dangling-dependency',
      `There is no task ${quote(upstream)} to wait for in this dag.`,
      range,
      path,
      context.rename(upstream, range, tasks.keys()) ??
        removeItemFix(context.text, range, isOnly, `Remove '${upstream}' from dependentTasks`),
      { kind: 'upstream', task: upstream },
    );
  }
  if (component !== undefined) validateIterator(context, component, task, path);
  validateCondition(context, task, path);
}

interface Place {
  readonly parent: ComponentInterface;
  readonly tasks: Tasks;
  readonly component: ComponentInterface | undefined;
  readonly task: Task;
  readonly path: string | undefined;
}

function validateInputs(
  context: ValidationContext,
  component: ComponentInterface,
  task: Task,
  path: string | undefined,
): void {
  const given = new Set([...task.inputs.parameters, ...task.inputs.artifacts].map(({ name }) => name));
  if (task.iterator !== undefined) given.add(task.iterator.itemInput);
  for (const input of [...component.inputParameters.values(), ...component.inputArtifacts.values()]) {
    // TASK_CONFIG is filled in by the backend.
    if (input.isOptional || given.has(input.name) || input.type === 'TASK_CONFIG') continue;
    const message = `The task ${quote(task.key)} gives no value for the required input ${quote(input.name)}.`;
    const about = { kind: 'input', name: input.name } as const;
    context.report('missing-input', message, task.keyRange, path, undefined, about);
  }
  for (const [known, inputs] of [
    [component.inputParameters, task.inputs.parameters] as const,
    [component.inputArtifacts, task.inputs.artifacts] as const,
  ]) {
    for (const input of inputs) {
      if (known.has(input.name) || isCompilersOwn(input)) continue;
      const unset = [...known.keys()].filter((name) => !given.has(name));
      context.report(
        'unknown-input',
        `The component ${quote(task.componentRef)} has no input ${quote(input.name)}.`,
        input.nameRange,
        path,
        context.rename(input.name, input.nameRange, unset),
        { kind: 'input', name: input.name },
      );
    }
  }
}

/** The SDK passes values for resources and platform settings as inputs that no component declares. */
function isCompilersOwn(input: TaskParameter | TaskArtifact): boolean {
  return isChannel(input.name) || (input.source.kind === 'constant' && hasPlaceholder(input.source));
}

function hasPlaceholder(source: Extract<ParameterSource, { kind: 'constant' }>): boolean {
  return typeof source.value === 'string' && source.value.includes('{{$');
}

function validateParameter(context: ValidationContext, place: Place, input: TaskParameter): void {
  const { source } = input;
  const declared = place.component?.inputParameters.get(input.name);
  const type = declared?.type;
  switch (source.kind) {
    case 'constant':
      if (typeof source.value === 'string' && hasPlaceholder(source)) {
        validateConstantPlaceholders(context, place, input, source.value);
      } else if (type !== undefined && !isOfType(source.value, type)) {
        const message = `The input ${quote(input.name)} must be ${typeNames[type]}.`;
        reportType(context, place, input, message);
      } else if (declared !== undefined && !isAllowed(source.value, declared.literals)) {
        const allowed = declared.literals.map((literal) => JSON.stringify(literal)).join(', ');
        const message = `The input ${quote(input.name)} must be one of ${allowed}.`;
        reportType(context, place, input, message);
      }
      return;
    case 'componentInput': {
      const from = place.parent.inputParameters.get(source.name);
      if (from === undefined) {
        reportUnknownParentInput(context, place, input.name, source, place.parent.inputParameters.keys());
        // An item of a list without an item type is called text by the SDK, whatever it is.
      } else if (!isLoopItem(source.name)) checkParameterType(context, place, input, from.type, type);
      return;
    }
    case 'taskOutput': {
      const producer = findProducer(context, place, input.name, source.producerTask, source.producerRange);
      if (producer === undefined) return;
      const from = producer.outputParameters.get(source.outputKey);
      if (from === undefined)
        reportUnknownOutput(
          context,
          place,
          input.name,
          source,
          'parameter',
          producer.outputParameters.keys(),
        );
      else checkParameterType(context, place, input, isLoop(place, source) ? 'LIST' : from.type, type);
      return;
    }
    case 'taskFinalStatus':
      findProducer(context, place, input.name, source.producerTask, source.producerRange);
      return;
    case 'missing':
      reportNoSource(context, place, input);
  }
}

function validateArtifact(context: ValidationContext, place: Place, input: TaskArtifact): void {
  const { source } = input;
  const to = place.component?.inputArtifacts.get(input.name);
  const check = (from: { type: { schemaTitle: string }; isList: boolean }): void => {
    if (to === undefined) return;
    const wanted = describeArtifact(to.type.schemaTitle, to.isList);
    if (isArtifactPassable(from.type.schemaTitle, to.type.schemaTitle) && from.isList === to.isList) return;
    const given = describeArtifact(from.type.schemaTitle, from.isList);
    const message = `The input ${quote(input.name)} takes ${wanted}, but gets ${given}.`;
    reportType(context, place, input, message);
  };
  switch (source.kind) {
    case 'componentInput': {
      const from = place.parent.inputArtifacts.get(source.name);
      if (from === undefined) {
        reportUnknownParentInput(context, place, input.name, source, place.parent.inputArtifacts.keys());
      } else check(from);
      return;
    }
    case 'taskOutput': {
      const producer = findProducer(context, place, input.name, source.producerTask, source.producerRange);
      if (producer === undefined) return;
      const from = producer.outputArtifacts.get(source.outputKey);
      if (from === undefined)
        reportUnknownOutput(context, place, input.name, source, 'artifact', producer.outputArtifacts.keys());
      else check({ type: from.type, isList: from.isList || isLoop(place, source) });
      return;
    }
    case 'missing':
      reportNoSource(context, place, input);
  }
}

function describeArtifact(title: string, isList: boolean): string {
  return isList ? `a list of ${title}` : `one ${title}`;
}

function checkParameterType(
  context: ValidationContext,
  place: Place,
  input: TaskParameter,
  from: keyof typeof typeNames,
  to: keyof typeof typeNames | undefined,
): void {
  if (to === undefined || input.selector !== undefined || isPassable(from, to)) return;
  const message = `The input ${quote(input.name)} must be ${typeNames[to]}, but gets ${typeNames[from]}.`;
  reportType(context, place, input, message);
}

function reportType(
  context: ValidationContext,
  place: Place,
  input: TaskParameter | TaskArtifact,
  message: string,
): void {
  const about = { kind: 'input', name: input.name } as const;
  context.report('type-mismatch', message, input.range, place.path, undefined, about);
}

/** A loop's outputs are lists of what one iteration gives; SDKs before 2.1 declare the iteration's own type. */
function isLoop(place: Place, source: { readonly producerTask: string }): boolean {
  return place.tasks.get(source.producerTask)?.iterator !== undefined;
}

/** The producer's component; undefined when there is no such task (reported) or its component is unknown. */
function findProducer(
  context: ValidationContext,
  place: Place,
  input: string,
  name: string,
  range: Problem['range'],
): ComponentInterface | undefined {
  const producer = place.tasks.get(name);
  if (producer !== undefined) return context.interfaceOf(producer.componentRef);
  context.report(
    'unknown-task',
    `There is no task ${quote(name)} in this dag.`,
    range,
    place.path,
    context.rename(name, range, place.tasks.keys()),
    { kind: 'input', name: input },
  );
  return undefined;
}

function reportUnknownOutput(
  context: ValidationContext,
  place: Place,
  input: string,
  source: { producerTask: string; outputKey: string; outputKeyRange: Problem['range'] },
  kind: 'parameter' | 'artifact',
  available: Iterable<string>,
): void {
  context.report(
    'unknown-output',
    `The task ${quote(source.producerTask)} has no output ${kind} ${quote(source.outputKey)}.`,
    source.outputKeyRange,
    place.path,
    context.rename(source.outputKey, source.outputKeyRange, available),
    { kind: 'input', name: input },
  );
}

function reportUnknownParentInput(
  context: ValidationContext,
  place: Place,
  input: string,
  { name, nameRange: range }: ComponentInputSource,
  available: Iterable<string>,
): void {
  const owner = place.parent.component.name === 'root' ? 'The pipeline' : 'The group around this task';
  const message = `${owner} has no input ${quote(name)}.`;
  const fix = context.rename(name, range, available);
  context.report('unknown-input', message, range, place.path, fix, { kind: 'groupInput', name, input });
}

function reportNoSource(context: ValidationContext, place: Place, input: TaskParameter | TaskArtifact): void {
  const message = `The input ${quote(input.name)} of ${quote(place.task.key)} says nowhere its value comes from.`;
  const about = { kind: 'input', name: input.name } as const;
  context.report('missing-input', message, input.range, place.path, undefined, about);
}

/** A constant may be built of the task's own other inputs. */
function validateConstantPlaceholders(
  context: ValidationContext,
  place: Place,
  input: TaskParameter,
  value: string,
): void {
  const names = new Set(place.task.inputs.parameters.map(({ name }) => name));
  for (const [placeholder, name = ''] of value.matchAll(/\{\{\$\.inputs\.parameters\[['"](.*?)['"]\]\}\}/g)) {
    if (names.has(name)) continue;
    const message = `${placeholder} reads an input that the task ${quote(place.task.key)} does not have.`;
    context.report('bad-placeholder', message, input.range, place.path);
  }
}

function validateIterator(
  context: ValidationContext,
  component: ComponentInterface,
  task: Task,
  path: string | undefined,
): void {
  const { iterator } = task;
  if (iterator === undefined) return;
  const { items, itemInput, itemInputRange, parallelismLimit } = iterator;
  const isParameter = iterator.kind === 'parameter';
  if (items.kind === 'raw' && !Array.isArray(parseJson(items.json))) {
    context.report('bad-iterator', 'The items of this loop must be a JSON list.', items.range, path);
  }
  if (items.kind === 'input') {
    const given = isParameter ? task.inputs.parameters : task.inputs.artifacts;
    const names = given.map(({ name }) => name);
    if (!names.includes(items.name)) {
      const message = `The loop ${quote(task.key)} has no input ${quote(items.name)} to take its items from.`;
      const fix = context.rename(items.name, items.range, names);
      context.report('bad-iterator', message, items.range, path, fix);
    }
    const type = isParameter ? component.inputParameters.get(items.name)?.type : undefined;
    if (type !== undefined && type !== 'LIST' && type !== 'STRING') {
      const message = `The loop's input ${quote(items.name)} must be a list, not ${typeNames[type]}.`;
      context.report('bad-iterator', message, items.range, path);
    }
  }
  const inputs = isParameter ? component.inputParameters : component.inputArtifacts;
  if (!inputs.has(itemInput)) {
    context.report(
      'bad-iterator',
      `The component ${quote(task.componentRef)} has no input ${quote(itemInput)} to take an item.`,
      itemInputRange,
      path,
      context.rename(itemInput, itemInputRange, inputs.keys()),
    );
  }
  if (parallelismLimit < 0 || !Number.isInteger(parallelismLimit)) {
    context.report('bad-iterator', 'parallelismLimit must be a whole number from 0.', iterator.range, path);
  }
}

function validateCondition(context: ValidationContext, task: Task, path: string | undefined): void {
  const { condition, conditionRange } = task.trigger;
  if (condition === undefined || conditionRange === undefined) return;
  const parsed = parseCondition(condition);
  if (parsed.kind === 'error') {
    context.report('bad-condition', `This condition is not CEL: ${parsed.message}.`, conditionRange, path);
    return;
  }
  const names = new Set(task.inputs.parameters.map(({ name }) => name));
  for (const name of parsed.parameters) {
    if (names.has(name)) continue;
    const message = `The condition reads ${quote(name)}, which is not an input of ${quote(task.key)}.`;
    context.report('bad-condition', message, conditionRange, path);
  }
}
