/**
 * Carrying values across the borders of groups, named as the KFP compiler names them: inwards by inputs
 * `pipelinechannel--<task>-<output>`, outwards by outputs of that name; a sub-pipeline gets inputs and outputs of its
 * own instead. What comes out of a loop is a list; out of a condition comes nothing that OneOf did not join.
 */
import type { JsonObject } from '../../base/json.ts';
import { isChannel, isLoopItem, withoutChannel } from '../readable.ts';
import { inputNames, kindOf, outputNames, type Draft, type GroupKind } from './draft.ts';
import type { GestureSource } from './gesture.ts';
import { isEqual, objectAt, textAt, withValue } from './jsonPath.ts';
import {
  channelDefinition,
  fits,
  inputPort,
  listOf,
  sectionOf,
  type PortKind,
  type PortType,
} from './ports.ts';
import { refuse } from './refusal.ts';
import { freeName } from './scope.ts';
import { inputsOf, writeSource, type InputSource } from './sources.ts';

/** A group's task, from outside. */
export interface Opener {
  /** Component of the dag that it stands in. */
  readonly parent: string;
  readonly key: string;
}

export interface Route {
  /** As the consumer's dag knows it. */
  readonly source: InputSource;
  readonly selector: string | undefined;
  readonly port: PortType | undefined;
}

/**
 * Makes `source` readable in the dag of a task, and that task wait for it; its input is the caller's to set. Refuses by
 * throwing (refusal.ts). `wanted`: see passIn.
 */
export function route(draft: Draft, consumer: string, source: GestureSource, wanted?: PortType): Route {
  const consumerKeys = consumer.split('/');
  draft.place(consumer);
  switch (source.kind) {
    case 'constant':
      return { source: { kind: 'constant', value: source.value }, selector: undefined, port: undefined };
    case 'groupInput': {
      const keys = keysOf(source.group);
      checkAround(keys, consumerKeys, `The input '${source.name}' can only be read inside its own group.`);
      return passDown(draft, keys, consumerKeys, { kind: 'componentInput', name: source.name }, wanted);
    }
    case 'loopItem': {
      const keys = keysOf(source.group);
      const { parent, key } = draft.place(source.group);
      if (kindOf(draft, parent, key) !== 'loop') refuse(`'${draft.nameOf(parent, key)}' is not a loop.`);
      checkAround(keys, consumerKeys, 'The item of a loop can only be read inside the loop.');
      const item = itemInputOf(draft.task(parent, key));
      const routed = passDown(draft, keys, consumerKeys, { kind: 'componentInput', name: item }, wanted);
      if (source.field === undefined) return routed;
      if (routed.port?.kind === 'artifact') refuse('An artifact has no fields that could be read.');
      return { ...routed, selector: `parseJson(string_value)[${JSON.stringify(source.field)}]` };
    }
    case 'taskOutput': {
      const producerKeys = source.task.split('/');
      const shared = commonLength(producerKeys.slice(0, -1), consumerKeys.slice(0, -1));
      if (producerKeys[shared] === consumerKeys[shared]) {
        refuse(
          source.task === consumer
            ? 'A task cannot read its own output.'
            : 'A group and what it holds cannot wait for each other.',
        );
      }
      let { parent, key } = draft.place(source.task);
      let output = source.output;
      for (let depth = producerKeys.length - 1; depth > shared; depth--) {
        const opener = draft.place(producerKeys.slice(0, depth).join('/'));
        output = passOut(draft, opener, key, output);
        ({ parent, key } = opener);
      }
      const port = draft.outputOf(parent, key, output);
      if (port === undefined) refuse(`'${draft.nameOf(parent, key)}' has no output '${output}'.`);
      draft.addDependency(parent, consumerKeys[shared] ?? '', key);
      const around = consumerKeys.slice(0, shared);
      return passDown(draft, around, consumerKeys, { kind: 'taskOutput', task: key, output }, wanted);
    }
  }
}

/** From the dag of `around` down to the consumer's. */
function passDown(
  draft: Draft,
  around: readonly string[],
  consumer: readonly string[],
  from: InputSource,
  wanted: PortType | undefined,
): Route {
  let source = from;
  for (let depth = around.length + 1; depth < consumer.length; depth++) {
    const opener = draft.place(consumer.slice(0, depth).join('/'));
    source = { kind: 'componentInput', name: passIn(draft, opener, source, wanted) };
  }
  const { parent } = draft.place(consumer.join('/'));
  const port = draft.sourceType(parent, source);
  if (port === undefined) refuse('What this would read is not there any more.');
  return { source, selector: undefined, port };
}

/**
 * The input of the opened component that holds `source` of the dag around it; made where there is none. `wanted`: what
 * reads it. Items of a list are called text by the SDK, whatever they are, so a sub-pipeline declares the reader's type.
 */
export function passIn(
  draft: Draft,
  { parent, key }: Opener,
  source: InputSource,
  wanted?: PortType,
): string {
  const port = draft.sourceType(parent, source);
  if (port === undefined) refuse('What this would read is not there any more.');
  const json = writeSource(port.kind, source);
  const inside = draft.componentOfTask(parent, key);
  const isOwn = kindOf(draft, parent, key) === 'dag';
  const isKnown = (name: string): boolean => inputNames(draft.component(inside)).has(name);
  const suits = (name: string): boolean => {
    const declared = inputPort(draft.component(inside), name);
    return !isOwn || wanted === undefined || declared === undefined || fits(declared, wanted);
  };
  for (const [name, known] of Object.entries(
    objectAt(draft.task(parent, key), 'inputs', sectionOf(port.kind)),
  )) {
    if (isEqual(known, json) && isKnown(name) && suits(name)) return name;
  }
  checkPrivate(draft, { parent, key });
  const given = new Set(inputsOf(draft.task(parent, key)).map(({ name }) => name));
  const wish = isOwn ? ownName(source) : channelName(source);
  const name = freeName(wish, (candidate) => isKnown(candidate) || given.has(candidate));
  const isItem = source.kind === 'componentInput' && isLoopItem(source.name);
  const isOther = isOwn && isItem && wanted?.kind === port.kind && !fits(port, wanted);
  declare(draft, inside, 'inputDefinitions', name, isOther ? wanted : port);
  draft.putInput(parent, key, name, port.kind, json);
  if (source.kind === 'taskOutput') draft.addDependency(parent, key, source.task);
  return name;
}

/** The output of the opener that is an inner task's output; made where there is none and the group allows it. */
export function passOut(
  draft: Draft,
  { parent, key }: Opener,
  task: string,
  output: string,
  options: { readonly outOfCondition?: boolean } = {},
): string {
  const inside = draft.componentOfTask(parent, key);
  const known = exportOf(draft, inside, task, output);
  if (known !== undefined) return known;
  const kind = kindOf(draft, parent, key);
  if (options.outOfCondition !== true) checkLetsOut(draft, { parent, key }, kind);
  checkPrivate(draft, { parent, key });
  const port = draft.outputOf(inside, task, output);
  if (port === undefined) refuse(`'${draft.nameOf(inside, task)}' has no output '${output}'.`);
  const source: InputSource = { kind: 'taskOutput', task, output };
  const name = freeName(kind === 'dag' ? ownName(source) : channelName(source), (candidate) =>
    outputNames(draft.component(inside)).has(candidate),
  );
  declare(draft, inside, 'outputDefinitions', name, kind === 'loop' ? listOf(port) : port);
  addSelectors(draft, inside, name, port.kind, [{ task, output }]);
  return name;
}

/** Gives a dag's output its value: one selector, or several of which the first that ran counts. */
export function addSelectors(
  draft: Draft,
  component: string,
  name: string,
  kind: PortKind,
  from: readonly { readonly task: string; readonly output: string }[],
): void {
  const selectors = from.map(({ task, output }) => ({
    [kind === 'parameter' ? 'outputParameterKey' : 'outputArtifactKey']: output,
    producerSubtask: task,
  }));
  const [first] = selectors;
  if (first === undefined) return;
  const value: JsonObject =
    kind === 'artifact'
      ? { artifactSelectors: selectors }
      : selectors.length === 1
        ? { valueFromParameter: first }
        : { valueFromOneof: { parameterSelectors: selectors } };
  const path = ['dag', 'outputs', sectionOf(kind), name];
  draft.putComponent(component, withValue(draft.component(component), path, value));
}

/** Gives a component an input or output, as the compiler declares what it carries over borders. */
export function declare(
  draft: Draft,
  component: string,
  side: 'inputDefinitions' | 'outputDefinitions',
  name: string,
  port: PortType,
): void {
  const path = [side, sectionOf(port.kind), name];
  draft.putComponent(component, withValue(draft.component(component), path, channelDefinition(port)));
}

/** The output of a dag that is this one output of a task and nothing else. */
function exportOf(draft: Draft, component: string, task: string, output: string): string | undefined {
  const outputs = objectAt(draft.component(component), 'dag', 'outputs');
  for (const [name, value] of Object.entries(objectAt(outputs, 'parameters'))) {
    const selector = objectAt(value, 'valueFromParameter');
    if (selector['producerSubtask'] === task && selector['outputParameterKey'] === output) return name;
  }
  for (const [name, value] of Object.entries(objectAt(outputs, 'artifacts'))) {
    if (isEqual(objectAt(value)['artifactSelectors'], [{ producerSubtask: task, outputArtifactKey: output }]))
      return name;
  }
  return undefined;
}

/** A component that other tasks use too must keep the inputs and outputs that they know. */
export function checkPrivate(draft: Draft, { parent, key }: Opener): void {
  const component = draft.componentOfTask(parent, key);
  const uses = draft.uses(component);
  if (uses <= 1) return;
  refuse(
    `'${draft.nameOf(parent, key)}' is used by ${uses} tasks, which would all need the new input or output: add it to the sub-pipeline yourself.`,
  );
}

function checkLetsOut(draft: Draft, { parent, key }: Opener, kind: GroupKind | undefined): void {
  const name = draft.nameOf(parent, key);
  if (kind === 'condition' || kind === 'branches') {
    refuse(
      `'${name}' may not run, and then there is no value to read outside of it: join its branches' outputs with OneOf.`,
    );
  }
  if (kind === 'exitHandler') {
    refuse(`What runs under the exit handler '${name}' can only be read under it: move the reader in, too.`);
  }
}

/** As `additional_input_name_for_pipeline_channel` of the compiler. */
export function channelName(source: InputSource): string {
  if (source.kind === 'taskOutput') return `pipelinechannel--${source.task}-${source.output}`;
  const name = source.kind === 'componentInput' ? source.name : 'value';
  return isChannel(name) ? name : `pipelinechannel--${name}`;
}

/** A name for an input or output of a sub-pipeline, which people and Python read. */
function ownName(source: InputSource): string {
  const name =
    source.kind === 'taskOutput'
      ? source.output === 'Output'
        ? source.task
        : `${source.task}_${withoutChannel(source.output)}`
      : source.kind === 'componentInput'
        ? withoutChannel(source.name)
        : 'value';
  return name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=\d)/, '_');
}

/** The input of a loop's component that holds one item. */
export function itemInputOf(task: JsonObject): string {
  return (
    textAt(task, 'parameterIterator', 'itemInput') ?? textAt(task, 'artifactIterator', 'itemInput') ?? ''
  );
}

function keysOf(group: string): readonly string[] {
  return group === '' ? [] : group.split('/');
}

function checkAround(group: readonly string[], consumer: readonly string[], reason: string): void {
  if (consumer.length <= group.length || commonLength(group, consumer) < group.length) refuse(reason);
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((key, i) => key !== b[i]);
  return differs === -1 ? Math.min(a.length, b.length) : differs;
}
