/** What can be done about a problem at a click: a certain edit of the text, or gestures on the pipeline. */
import { isJsonObject, type JsonValue } from '../../base/json.ts';
import { childId } from '../graph.ts';
import type { Component, InputParameter, ParameterType, PipelineDocument, Problem, Task } from '../model.ts';
import { isOfType, typeNames } from '../values.ts';
import type { Gesture } from './gesture.ts';
import { splitId } from './scope.ts';

export type Fix = {
  /** Unique among the fixes of one problem. */
  readonly id: string;
  /** For people, as a command. */
  readonly title: string;
} & (
  | { readonly kind: 'gesture'; readonly gesture: Gesture }
  | { readonly kind: 'text'; readonly edits: NonNullable<Problem['fix']>['edits'] }
);

/** The best first; empty when only the person can know. A gesture may still be refused for what is around it. */
export function fixesFor(document: PipelineDocument, problem: Problem): readonly Fix[] {
  const text: readonly Fix[] =
    problem.fix === undefined
      ? []
      : [{ id: 'text', kind: 'text', title: problem.fix.title, edits: problem.fix.edits }];
  return [...text, ...gesturesFor(document, problem)];
}

function gesturesFor(document: PipelineDocument, problem: Problem): readonly Fix[] {
  const { code, taskPath, about } = problem;
  const place = taskPath === undefined ? undefined : findTask(document, taskPath);
  const remove = (title: string): readonly Fix[] =>
    taskPath === undefined ? [] : [fix('delete', title, { kind: 'delete', tasks: [taskPath] })];
  switch (code) {
    case 'missing-input':
      return place !== undefined && about?.kind === 'input' ? giveInput(place, about.name) : [];
    case 'unknown-input':
      if (taskPath === undefined) return [];
      if (about?.kind === 'input') {
        return [disconnect(taskPath, about.name, `Remove the input '${about.name}'`)];
      }
      if (about?.kind !== 'groupInput') return [];
      return [
        ...(place === undefined ? [] : createInput(place, about.input)),
        disconnect(taskPath, about.input, `Disconnect '${about.input}'`),
      ];
    case 'unknown-task':
    case 'unknown-output':
      if (about?.kind === 'ownOutput') {
        const { group, name } = about;
        return [fix('removeOutput', `Remove the output '${name}'`, { kind: 'removeOutput', group, name })];
      }
      if (taskPath === undefined || about?.kind !== 'input') return [];
      return [disconnect(taskPath, about.name, `Disconnect '${about.name}'`)];
    case 'type-mismatch':
      return convert(document, place, about);
    case 'cycle':
      return place !== undefined && about?.kind === 'upstream' ? breakCycle(place, about.task) : [];
    case 'recursion':
      return remove('Delete the task that opens itself');
    case 'unknown-component':
      return remove('Delete the task');
    case 'empty-dag':
      return remove('Delete the empty group');
    case 'unused-component':
      if (about?.kind !== 'component') return [];
      return [fix('remove', 'Remove it', { kind: 'removeComponent', component: about.name })];
    case 'missing-name':
      return [fix('name', "Call it 'pipeline'", { kind: 'setPipelineInfo', name: 'pipeline' })];
    case 'bad-iterator':
      if (taskPath === undefined || !isWrongLimit(place?.task)) return [];
      return [fix('noLimit', 'Take the limit away', { kind: 'setLoop', loop: taskPath, parallelism: 0 })];
    default:
      return [];
  }
}

interface Place {
  readonly id: string;
  readonly task: Task;
  /** Whose dag the task stands in. */
  readonly parent: Component;
  /** What the task runs or opens. */
  readonly component: Component | undefined;
}

function findTask(document: PipelineDocument, id: string): Place | undefined {
  let parent: Component | undefined = document.root;
  let place: Place | undefined;
  for (const key of id.split('/')) {
    if (parent?.implementation.kind !== 'dag') return undefined;
    const task = parent.implementation.dag.tasks.find((one) => one.key === key);
    if (task === undefined) return undefined;
    const component = document.components.get(task.componentRef);
    place = { id, task, parent, component };
    parent = component;
  }
  return place;
}

const emptyValues: Readonly<Record<ParameterType, JsonValue | undefined>> = {
  STRING: '',
  NUMBER_INTEGER: 0,
  NUMBER_DOUBLE: 0,
  BOOLEAN: false,
  LIST: [],
  STRUCT: {},
  TASK_FINAL_STATUS: undefined,
  TASK_CONFIG: undefined,
};

/** Ways to give a required input its value. */
function giveInput(place: Place, name: string): readonly Fix[] {
  const parameter = place.component?.inputs.parameters.find((input) => input.name === name);
  const value = parameter?.literals[0] ?? (parameter === undefined ? undefined : emptyValues[parameter.type]);
  return [
    ...createInput(place, name),
    ...(value === undefined ? [] : [constant(place.id, name, value, `Set '${name}' to ${shown(value)}`)]),
  ];
}

function createInput(place: Place, name: string): readonly Fix[] {
  const { parameters = [], artifacts = [] } = place.component?.inputs ?? {};
  const isDeclared = [...parameters, ...artifacts].some((input) => input.name === name);
  if (!isDeclared) return [];
  const gesture: Gesture = { kind: 'createInput', task: place.id, input: name };
  return [fix('createInput', `Create a pipeline input for '${name}'`, gesture)];
}

/** The edge that closes the circle: an order, or the one input that reads across it. */
function breakCycle(place: Place, upstream: string): readonly Fix[] {
  const { group } = splitId(place.id);
  const reads = [...place.task.inputs.parameters, ...place.task.inputs.artifacts].filter(
    ({ source }) => source.kind === 'taskOutput' && source.producerTask === upstream,
  );
  if (reads.length === 0) {
    const after = childId(group, upstream);
    const gesture: Gesture = { kind: 'removeRunAfter', task: place.id, after };
    return [fix('breakCycle', `Let '${place.task.key}' not wait for '${upstream}'`, gesture)];
  }
  const [read] = reads;
  if (read === undefined || reads.length > 1) return [];
  return [disconnect(place.id, read.name, `Disconnect '${read.name}' of '${place.task.key}'`)];
}

/** A constant as the type that is asked for, or the group's input as the type of who reads it. */
function convert(
  document: PipelineDocument,
  place: Place | undefined,
  about: Problem['about'],
): readonly Fix[] {
  if (about?.kind === 'ownInput') return convertDefault(document, about.group, about.name);
  if (place === undefined || about?.kind !== 'input') return [];
  const wanted = place.component?.inputs.parameters.find(({ name }) => name === about.name);
  const given = place.task.inputs.parameters.find(({ name }) => name === about.name);
  const cut = disconnect(place.id, about.name, `Disconnect '${about.name}'`);
  if (wanted === undefined || given === undefined) return [cut];
  const { source } = given;
  if (source.kind === 'constant') {
    const value = convertValue(source.value, wanted.type);
    const isUsable = value !== undefined && (wanted.literals.length === 0 || wanted.literals.includes(value));
    return isUsable ? [constant(place.id, about.name, value, `Change it to ${shown(value)}`)] : [cut];
  }
  if (source.kind !== 'componentInput' || emptyValues[wanted.type] === undefined) return [cut];
  const input = place.parent.inputs.parameters.find(({ name }) => name === source.name);
  const { group } = splitId(place.id);
  // Only people's own inputs have a type to choose: the pipeline's.
  if (input === undefined || group !== '') return [cut];
  return [changeType(group, input, wanted.type, `Make '${input.name}' ${typeNames[wanted.type]}`), cut];
}

function convertDefault(document: PipelineDocument, group: string, name: string): readonly Fix[] {
  const component = group === '' ? document.root : findTask(document, group)?.component;
  const input = component?.inputs.parameters.find((one) => one.name === name);
  if (input?.defaultValue === undefined || component?.implementation.kind !== 'dag') return [];
  const value = convertValue(input.defaultValue, input.type);
  const converted: InputParameter = { ...input, defaultValue: value };
  const title = value === undefined ? 'Take the default away' : `Change the default to ${shown(value)}`;
  return [changeType(group, converted, input.type, title)];
}

function changeType(group: string, input: InputParameter, type: ParameterType, title: string): Fix {
  const kept = input.defaultValue === undefined ? undefined : convertValue(input.defaultValue, type);
  return fix('changeType', title, {
    kind: 'changeInput',
    group,
    name: input.name,
    port: {
      name: input.name,
      kind: 'parameter',
      type,
      ...(kept === undefined ? {} : { defaultValue: kept }),
      ...(input.isOptional ? { isOptional: true } : {}),
      ...(input.description === undefined ? {} : { description: input.description }),
    },
  });
}

/** The same value in another type, where nobody could mean anything else; undefined otherwise. */
export function convertValue(value: JsonValue, type: ParameterType): JsonValue | undefined {
  if (isOfType(value, type)) return value;
  if (type === 'STRING') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (typeof value === 'number' && type === 'NUMBER_INTEGER') return undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (type === 'BOOLEAN') {
    const lower = text.toLowerCase();
    return lower === 'true' || lower === 'false' ? lower === 'true' : undefined;
  }
  if (!/^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  return isOfType(number, type) ? number : undefined;
}

function isWrongLimit(task: Task | undefined): boolean {
  const limit = task?.iterator?.parallelismLimit ?? 0;
  return limit < 0 || !Number.isInteger(limit);
}

function shown(value: JsonValue): string {
  if (Array.isArray(value) && value.length === 0) return 'an empty list';
  if (isJsonObject(value) && Object.keys(value).length === 0) return 'an empty mapping';
  return value === '' ? 'an empty text' : JSON.stringify(value);
}

function constant(task: string, input: string, value: JsonValue, title: string): Fix {
  return fix('constant', title, { kind: 'connect', task, input, source: { kind: 'constant', value } });
}

function disconnect(task: string, input: string, title: string): Fix {
  return fix('disconnect', title, { kind: 'disconnect', task, input });
}

function fix(id: string, title: string, gesture: Gesture): Fix {
  return { id, title, kind: 'gesture', gesture };
}
