/**
 * The compiler's names as people read them: `pipelinechannel--flip-coin-Output` is `flip-coin.Output` or, passed on
 * through groups, whatever the value was called where it came from.
 */
import type { JsonValue } from '../base/json.ts';
import type { Component, PipelineDocument, Task, TaskArtifact, TaskParameter } from './model.ts';

/** Readable names of a group's inputs, by input name. */
export type InputNames = ReadonlyMap<string, string>;

/** Above this a name says less, not more. */
const maxLength = 60;

/** How people call the inputs of the component that `task` opens, seen from a group whose inputs are `outer`. */
export function innerInputNames(document: PipelineDocument, task: Task, scope: Scope): InputNames {
  const names = new Map<string, string>();
  for (const input of [...task.inputs.parameters, ...task.inputs.artifacts]) {
    // A sub-pipeline's own inputs keep their names; only what the compiler made up is looked up.
    if (isChannel(input.name)) names.set(input.name, readableSource(document, input, scope));
  }
  if (task.iterator !== undefined) {
    const { items, itemInput } = task.iterator;
    const list = items.kind === 'input' ? names.get(items.name) : undefined;
    names.set(itemInput, list === undefined ? `${task.key} item` : `${list} item`);
  }
  return names;
}

/** Where a name is read: the tasks of a dag by key, and what its inputs are called. */
export interface Scope {
  readonly tasks: ReadonlyMap<string, Task>;
  readonly inputs: InputNames;
}

/** Where the value of a task's input comes from, in words. */
export function readableSource(
  document: PipelineDocument,
  input: TaskParameter | TaskArtifact,
  scope: Scope,
): string {
  const { source } = input;
  const selector = 'selector' in input ? input.selector : undefined;
  const key = selector === undefined ? undefined : selectedField(selector);
  const suffix = key === undefined ? '' : `.${key}`;
  switch (source.kind) {
    case 'constant':
      return shorten(readableValue(source.value));
    case 'componentInput':
      return (scope.inputs.get(source.name) ?? withoutChannel(source.name)) + suffix;
    case 'taskOutput': {
      const component = componentOf(document, scope.tasks.get(source.producerTask));
      return readableOutput(document, component, source.producerTask, source.outputKey, 0) + suffix;
    }
    case 'taskFinalStatus':
      return `${source.producerTask}.status`;
    case 'missing':
      return withoutChannel(input.name);
  }
}

/** The field that a selector picks: `a` of `parseJson(string_value)["a"]`, the only kind that the SDK writes. */
export function selectedField(selector: string): string | undefined {
  return /^parseJson\(string_value\)\[["'](.+)["']\]$/.exec(selector)?.[1];
}

/** An output of a task, followed into groups that only pass it on. */
export function readableOutput(
  document: PipelineDocument,
  component: Component | undefined,
  taskKey: string,
  outputKey: string,
  depth: number,
): string {
  if (!isChannel(outputKey)) return `${taskKey}.${outputKey}`;
  const dag = component?.implementation.kind === 'dag' ? component.implementation.dag : undefined;
  const output = [...(dag?.outputs.parameters ?? []), ...(dag?.outputs.artifacts ?? [])].find(
    ({ name }) => name === outputKey,
  );
  // Groups nest a few levels deep; a component inside itself nests without end.
  if (dag === undefined || output === undefined || depth > 8) return withoutChannel(outputKey);
  const names = output.selectors.slice(0, 3).map((selector) => {
    const producer = dag.tasks.find(({ key }) => key === selector.producerTask);
    const inner = componentOf(document, producer);
    return readableOutput(document, inner, selector.producerTask, selector.outputKey, depth + 1);
  });
  return shorten([...new Set(names)].join(' or '));
}

/** A CEL trigger condition with names instead of look-ups, and `and`, `or`, `not` instead of signs. */
export function readableCondition(condition: string, inputs: InputNames): string {
  const named = condition.replace(
    /\b(?:(?:int|double|string|bool)\()?inputs\.parameter(?:s|_values)\[(['"])(.*?)\1\](?:\.\w+_value)?(\)?)/g,
    (match, _quote: string, name: string, close: string) => {
      const isCast = !match.startsWith('inputs');
      return (inputs.get(name) ?? withoutChannel(name)) + (isCast ? '' : close);
    },
  );
  return named
    .split(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/)
    .map((part, i) =>
      // Odd parts are the quoted strings.
      i % 2 === 1
        ? part
        : part
            .replaceAll('&&', 'and')
            .replaceAll('||', 'or')
            .replace(/!(?!=)/g, 'not '),
    )
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
}

function readableValue(value: JsonValue): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

/** `pipelinechannel--train-rows` is `train-rows`; other names are themselves. */
export function withoutChannel(name: string): string {
  return isChannel(name) ? name.slice('pipelinechannel--'.length) : name;
}

/** True for inputs and outputs that the compiler added to carry a value across a group's border. */
export function isChannel(name: string): boolean {
  return name.startsWith('pipelinechannel--');
}

/** True for what holds an item of a loop; the SDK calls every item text, whatever it is. */
export function isLoopItem(name: string): boolean {
  return isChannel(name) && name.includes('loop-item');
}

function componentOf(document: PipelineDocument, task: Task | undefined): Component | undefined {
  return task === undefined ? undefined : document.components.get(task.componentRef);
}

function shorten(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}
