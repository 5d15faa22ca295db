/** A lightweight component's function, edited as Python. */
import { isEqual, listAt, textAt, withoutValue, withValue } from './jsonPath.ts';
import type { JsonObject } from '../../base/json.ts';
import { readPythonFunction } from '../pythonFunction.ts';
import { isOfType } from '../values.ts';
import { executorOf, freeLabel, kubernetesOf, putExecutor, putKubernetes } from './components.ts';
import { dropDependency, dropUnusedChannels } from './controlFlow/unused.ts';
import { inputNames, outputNames, type Draft } from './draft.ts';
import { editing, type GestureOf } from './edits.ts';
import type { GesturePort } from './gesture.ts';
import { putDefinition } from './interface.ts';
import { fits, inputPort, outputPort, sectionOf, type PortType } from './ports.ts';
import { withPackages } from './pipInstall.ts';
import { refuse } from './refusal.ts';
import { dropReaders, dropUnusedInside, groupsOf, removeFrom, usersOf, type TaskAt } from './removal.ts';
import { inputsOf, type TaskInput } from './sources.ts';

export const pythonEdits = {
  setPythonSource: editing((draft, gesture: GestureOf<'setPythonSource'>) => {
    const { component, functionName, source, inputs, outputs, packages } = gesture;
    if (!draft.hasComponent(component)) refuse(`There is no component '${component}' any more.`);
    const label = labelAlone(draft, component);
    const container = executorOf(draft, label)['container'];
    const command = listAt(container, 'command').map(String);
    const args = listAt(container, 'args').map(String);
    const places = command.map((text) => ({ text, range: { start: 0, end: 0 } }));
    const at = command.findIndex((text) => /kfp\S*\.executor_main\b/.test(text)) + 1;
    const python = readPythonFunction(places, args);
    if (python === undefined || at === 0) refuse('This component does not carry a Python function.');
    command[at] = source;
    args[args.indexOf('--function_to_execute') + 1] = functionName;
    let result = withValue(executorOf(draft, label), ['container', 'command'], command);
    result = withValue(result, ['container', 'args'], args);
    if (packages !== undefined && !isEqual([...packages], [...python.packages])) {
      result = withValue(result, ['container', 'command'], withPackages(command, packages));
    }
    putExecutor(draft, label, result);
    setInterface(draft, component, inputs, outputs);
    return { title: `Change ${functionName}()`, selection: [] };
  }),
} as const;

/** The component's executor; a copy of it when other components have it too. */
function labelAlone(draft: Draft, component: string): string {
  const label = textAt(draft.component(component), 'executorLabel');
  if (label === undefined) refuse('This component does not carry a Python function.');
  const { components = {} } = draft.spec.pipeline;
  const users = Object.values(components as JsonObject).filter(
    (one) => textAt(one, 'executorLabel') === label,
  );
  if (users.length === 1) return label;
  const copy = freeLabel(draft, label);
  putExecutor(draft, copy, executorOf(draft, label));
  const config = kubernetesOf(draft, label);
  if (Object.keys(config).length > 0) putKubernetes(draft, copy, config);
  draft.putComponent(component, withValue(draft.component(component), ['executorLabel'], copy));
  return copy;
}

/** What does not fit any more is disconnected; the rest stays as it is. */
function setInterface(
  draft: Draft,
  component: string,
  inputs: readonly GesturePort[],
  outputs: readonly GesturePort[],
): void {
  const before = draft.component(component);
  for (const name of outputNames(before)) {
    const old = outputPort(before, name);
    const now = outputs.find((port) => port.name === name);
    if (old !== undefined && now?.kind === old.kind && now.type === old.type) continue;
    for (const user of usersOf(draft, component)) dropReaders(draft, user, name);
    if (old !== undefined && now?.kind !== old.kind)
      dropDefinition(draft, component, 'outputDefinitions', name, old);
  }
  for (const name of inputNames(before)) {
    const old = inputPort(before, name);
    const now = inputs.find((port) => port.name === name);
    if (old !== undefined && now?.kind !== old.kind)
      dropDefinition(draft, component, 'inputDefinitions', name, old);
  }
  for (const port of inputs) putDefinition(draft, component, 'inputDefinitions', port);
  for (const port of outputs) putDefinition(draft, component, 'outputDefinitions', port);
  for (const user of usersOf(draft, component)) dropUnfit(draft, user);
  for (const group of groupsOf(draft, component)) {
    dropUnusedChannels(draft, group);
    dropUnusedInside(draft, group);
  }
}

function dropDefinition(
  draft: Draft,
  component: string,
  side: 'inputDefinitions' | 'outputDefinitions',
  name: string,
  port: PortType,
): void {
  draft.putComponent(component, withoutValue(draft.component(component), [side, sectionOf(port.kind), name]));
}

function dropUnfit(draft: Draft, { component, key }: TaskAt): void {
  for (const input of inputsOf(draft.task(component, key))) {
    const to = draft.inputOf(component, key, input.name);
    const isOwn = to === undefined && input.name.startsWith('pipelinechannel--');
    if (isOwn || (to !== undefined && isFit(draft, component, input, to))) continue;
    removeFrom(draft, { component, key }, input);
    if (input.source.kind === 'taskOutput')
      dropDependency(draft, { parent: component, key }, input.source.task);
  }
}

function isFit(draft: Draft, component: string, input: TaskInput, to: PortType): boolean {
  if (input.port !== to.kind) return false;
  const { source } = input;
  if (source.kind === 'constant') {
    const isBuilt = typeof source.value === 'string' && source.value.includes('{{$');
    return isBuilt || isOfType(source.value, to.type as Parameters<typeof isOfType>[1]);
  }
  const from = draft.sourceType(component, source);
  return from === undefined || input.selector !== undefined || fits(from, to);
}
