/** Inputs and outputs of the pipeline and of sub-pipelines. */
import type { JsonObject, JsonValue } from '../../base/json.ts';
import { isOfType, typeNames } from '../values.ts';
import { isPathSegment } from '../validationContext.ts';
import { addSelectors, declare, passOut } from './channels.ts';
import { dagOutputs } from './controlFlow/dagOutputs.ts';
import { mapPlatformSources } from './controlFlow/platformSources.ts';
import { inputNames, kindOf, outputNames, type Draft, type OpenGroup } from './draft.ts';
import { editing, elsewhere, type GestureOf } from './edits.ts';
import type { GesturePort } from './gesture.ts';
import { listAt, objectAt, textAt, withKeyRenamed, withoutValue, withValue } from './jsonPath.ts';
import { describePort, fits, inputPort, outputPort, sectionOf, type PortType } from './ports.ts';
import { refuse } from './refusal.ts';
import { dropUnusedInside, removeInput, removeOutput, usersOf } from './removal.ts';
import { inputsOf } from './sources.ts';
import type { Rename } from './spec.ts';
import { dagPath } from './tasks.ts';
import { isParameterType } from './wires.ts';

export const interfaceEdits = {
  addInput: editing((draft, { group, port }: GestureOf<'addInput'>) => {
    const { inside } = ownGroup(draft, group);
    checkName(draft, inside, port.name);
    putDefinition(draft, inside, 'inputDefinitions', port);
    return {
      title: `Add the input ${port.name}${elsewhere(draft, inside)}`,
      selection: [inputId(group, port.name)],
    };
  }),
  changeInput: editing((draft, { group, name, port }: GestureOf<'changeInput'>) => {
    const { inside } = ownGroup(draft, group);
    const before = inputPort(draft.component(inside), name);
    if (before === undefined) refuse(`There is no input '${name}' any more.`);
    const renames = port.name === name ? [] : renameInput(draft, inside, name, port.name, before);
    if (before.kind !== port.kind) {
      refuseReaders(draft, inside, port.name, 'It cannot become something else while it is read');
      draft.putComponent(
        inside,
        withoutValue(draft.component(inside), ['inputDefinitions', sectionOf(before.kind), port.name]),
      );
    }
    putDefinition(draft, inside, 'inputDefinitions', port);
    const after = inputPort(draft.component(inside), port.name);
    if (after !== undefined && (after.type !== before.type || after.kind !== before.kind)) {
      retype(draft, inside, port.name, after);
      checkGiven(draft, inside, port.name, after);
    }
    const verb = port.name === name ? `Change the input ${name}` : `Rename the input ${name} to ${port.name}`;
    return { title: verb + elsewhere(draft, inside), selection: [inputId(group, port.name)], renames };
  }),
  removeInput: editing((draft, { group, name }: GestureOf<'removeInput'>) => {
    const { inside } = ownGroup(draft, group);
    if (!inputNames(draft.component(inside)).has(name)) refuse(`There is no input '${name}' any more.`);
    const title = `Remove the input ${name}${elsewhere(draft, inside)}`;
    removeInput(draft, inside, name);
    return { title, selection: [] };
  }),
  addOutput: editing((draft, { group, name, from }: GestureOf<'addOutput'>) => {
    const { inside } = ownGroup(draft, group);
    checkName(draft, inside, name);
    const within =
      group === '' ? from.task : from.task.startsWith(`${group}/`) ? from.task.slice(group.length + 1) : '';
    const keys = within.split('/');
    if (within === '') refuse('An output must come from a task of its own group.');
    let { parent, key } = draft.place(from.task);
    let { output } = from;
    const prefix = group === '' ? [] : group.split('/');
    for (let depth = keys.length - 1; depth > 0; depth--) {
      const opener = draft.place([...prefix, ...keys.slice(0, depth)].join('/'));
      output = passOut(draft, opener, key, output);
      ({ parent, key } = opener);
    }
    const port = draft.outputOf(parent, key, output);
    if (port === undefined) refuse(`'${draft.nameOf(parent, key)}' has no output '${output}'.`);
    declare(draft, inside, 'outputDefinitions', name, port);
    addSelectors(draft, inside, name, port.kind, [{ task: key, output }]);
    return { title: `Add the output ${name}${elsewhere(draft, inside)}`, selection: [outputId(group, name)] };
  }),
  renameOutput: editing((draft, { group, name, newName }: GestureOf<'renameOutput'>) => {
    const { inside } = ownGroup(draft, group);
    const before = outputPort(draft.component(inside), name);
    if (before === undefined) refuse(`There is no output '${name}' any more.`);
    if (name === newName) refuse(`It is called '${name}' already.`);
    checkName(draft, inside, newName);
    const renames = renameOutput(draft, inside, name, newName, before);
    const title = `Rename the output ${name} to ${newName}${elsewhere(draft, inside)}`;
    return { title, selection: [outputId(group, newName)], renames };
  }),
  removeOutput: editing((draft, { group, name }: GestureOf<'removeOutput'>) => {
    const { inside } = draft.group(group);
    if (!outputNames(draft.component(inside)).has(name)) refuse(`There is no output '${name}' any more.`);
    const title = `Remove the output ${name}${elsewhere(draft, inside)}`;
    removeOutput(draft, inside, name);
    for (const key of Object.keys(draft.tasks(inside)))
      dropUnusedInside(draft, group === '' ? key : `${group}/${key}`);
    return { title, selection: [] };
  }),
} as const;

/** The pipeline or a sub-pipeline; what goes into the compiler's groups follows from their tasks. */
function ownGroup(draft: Draft, id: string): OpenGroup {
  const group = draft.group(id);
  if (!draft.isDag(group.inside))
    refuse('Only the pipeline and sub-pipelines have inputs and outputs of their own.');
  const { opener } = group;
  if (opener === undefined) return group;
  const kind = kindOf(draft, opener.parent, opener.key);
  if (kind !== 'dag')
    refuse('What goes in and out of a loop, a condition or an exit handler follows from its tasks.');
  return group;
}

function checkName(draft: Draft, component: string, name: string): void {
  if (!isPathSegment(name)) refuse(`'${name}' cannot be a name: use letters, digits and underscores.`);
  if (inputNames(draft.component(component)).has(name) || outputNames(draft.component(component)).has(name)) {
    refuse(`'${name}' is there already: choose another name.`);
  }
}

/** A port as the format declares it; what is beside the port's own fields stays. */
export function putDefinition(
  draft: Draft,
  component: string,
  side: 'inputDefinitions' | 'outputDefinitions',
  port: GesturePort,
): void {
  if (!isPathSegment(port.name))
    refuse(`'${port.name}' cannot be a name: use letters, digits and underscores.`);
  const path = [side, sectionOf(port.kind), port.name];
  const before = objectAt(draft.component(component), ...path);
  draft.putComponent(component, withValue(draft.component(component), path, definition(port, before)));
}

function definition(port: GesturePort, before: JsonObject): JsonObject {
  const own = ['parameterType', 'type', 'artifactType', 'defaultValue', 'isOptional', 'description'];
  const rest = Object.fromEntries(Object.entries(before).filter(([key]) => !own.includes(key)));
  const { defaultValue, description } = port;
  if (port.kind === 'parameter') checkDefault(port, listAt(before, 'literals'));
  else if (defaultValue !== undefined) refuse('Only parameters can have a default.');
  const isOptional = port.isOptional === true || defaultValue !== undefined;
  return {
    ...rest,
    ...(port.kind === 'parameter'
      ? { parameterType: port.type }
      : { artifactType: artifactType(port.type, before) }),
    // `None` is how the SDK says optional.
    ...(defaultValue === undefined || defaultValue === null ? {} : { defaultValue }),
    ...(isOptional ? { isOptional: true } : {}),
    ...(description === undefined || description === '' ? {} : { description }),
  };
}

function artifactType(title: string, before: JsonObject): JsonObject {
  const known = objectAt(before, 'artifactType');
  if (textAt(known, 'schemaTitle') === title) return known;
  return { schemaTitle: title, schemaVersion: '0.0.1' };
}

function checkDefault({ name, type, defaultValue }: GesturePort, literals: readonly JsonValue[]): void {
  if (!isParameterType(type)) refuse(`'${type}' is no type of a parameter.`);
  if (defaultValue === undefined || defaultValue === null) return;
  if (!isOfType(defaultValue, type)) refuse(`The default of '${name}' must be ${typeNames[type]}.`);
  if (literals.length > 0 && !literals.includes(defaultValue)) {
    refuse(`The default of '${name}' must be one of ${JSON.stringify(literals)}.`);
  }
}

function renameInput(
  draft: Draft,
  inside: string,
  from: string,
  to: string,
  port: PortType,
): readonly Rename[] {
  checkName(draft, inside, to);
  const section = sectionOf(port.kind);
  draft.putComponent(
    inside,
    withKeyRenamed(draft.component(inside), ['inputDefinitions', section], from, to),
  );
  for (const key of Object.keys(draft.tasks(inside))) {
    for (const input of inputsOf(draft.task(inside, key))) {
      if (input.source.kind === 'componentInput' && input.source.name === from) {
        draft.setSource(inside, key, input, { kind: 'componentInput', name: to });
      }
    }
    mapPlatformSources(draft, inside, key, (source) =>
      source.kind === 'componentInput' && source.name === from
        ? { kind: 'componentInput', name: to }
        : source,
    );
  }
  const renames: Rename[] = [{ path: [...dagPath(inside), 'inputDefinitions', section], from, to }];
  for (const { component, key } of usersOf(draft, inside)) {
    draft.putTask(component, key, withKeyRenamed(draft.task(component, key), ['inputs', section], from, to));
    renames.push({ path: [...dagPath(component), 'dag', 'tasks', key, 'inputs', section], from, to });
  }
  return renames;
}

function renameOutput(
  draft: Draft,
  inside: string,
  from: string,
  to: string,
  port: PortType,
): readonly Rename[] {
  const section = sectionOf(port.kind);
  let json = withKeyRenamed(draft.component(inside), ['outputDefinitions', section], from, to);
  json = withKeyRenamed(json, ['dag', 'outputs', section], from, to);
  draft.putComponent(inside, json);
  for (const { component, key } of usersOf(draft, inside)) {
    for (const reader of Object.keys(draft.tasks(component))) {
      for (const input of inputsOf(draft.task(component, reader))) {
        const { source } = input;
        if (source.kind !== 'taskOutput' || source.task !== key || source.output !== from) continue;
        draft.setSource(component, reader, input, { ...source, output: to });
      }
      mapPlatformSources(draft, component, reader, (source) =>
        source.kind === 'taskOutput' && source.task === key && source.output === from
          ? { ...source, output: to }
          : source,
      );
    }
    for (const output of dagOutputs(draft.component(component))) {
      const selectors = output.from.map((one) =>
        one.task === key && one.output === from ? { ...one, output: to } : one,
      );
      if (selectors.every((one, i) => one === output.from[i])) continue;
      addSelectors(draft, component, output.name, output.kind, selectors);
    }
  }
  return [
    { path: [...dagPath(inside), 'outputDefinitions', section], from, to },
    { path: [...dagPath(inside), 'dag', 'outputs', section], from, to },
  ];
}

/** What reads an input must take its new type; the compiler's groups pass it on as what it is now. */
function retype(draft: Draft, inside: string, name: string, port: PortType): void {
  for (const key of Object.keys(draft.tasks(inside))) {
    for (const input of inputsOf(draft.task(inside, key))) {
      if (input.source.kind !== 'componentInput' || input.source.name !== name) continue;
      const kind = kindOf(draft, inside, key);
      const to = draft.inputOf(inside, key, input.name);
      if (to === undefined || input.selector !== undefined) continue;
      if (fits(port, to)) continue;
      const reader = `${draft.nameOf(inside, key)}.${input.name}`;
      if (kind === undefined || kind === 'dag') {
        refuse(`'${reader}' takes ${describePort(to)}, not ${describePort(port)}: disconnect it first.`);
      }
      const component = draft.componentOfTask(inside, key);
      const iterated = textAt(draft.task(inside, key), 'parameterIterator', 'items', 'inputParameter');
      if (iterated === input.name && port.type !== 'LIST' && port.type !== 'STRING') {
        refuse(`'${draft.nameOf(inside, key)}' loops over it, so it must be a list.`);
      }
      declare(draft, component, 'inputDefinitions', input.name, port);
      retype(draft, component, input.name, port);
    }
  }
}

function checkGiven(draft: Draft, inside: string, name: string, port: PortType): void {
  for (const { component, key } of usersOf(draft, inside)) {
    const input = inputsOf(draft.task(component, key)).find((one) => one.name === name);
    if (input === undefined) continue;
    const given = `${draft.nameOf(component, key)}.${name}`;
    const { source } = input;
    if (source.kind === 'constant') {
      if (isParameterType(port.type) && !isOfType(source.value, port.type)) {
        refuse(`'${given}' is given a value that is not ${describePort(port)}: change it first.`);
      }
      continue;
    }
    const from = draft.sourceType(component, source);
    if (from !== undefined && input.selector === undefined && !fits(from, port)) {
      refuse(`'${given}' is given ${describePort(from)}: disconnect it first.`);
    }
  }
}

function refuseReaders(draft: Draft, inside: string, name: string, reason: string): void {
  const isRead = Object.keys(draft.tasks(inside)).some((key) =>
    inputsOf(draft.task(inside, key)).some(
      ({ source }) => source.kind === 'componentInput' && source.name === name,
    ),
  );
  const isGiven = usersOf(draft, inside).some(({ component, key }) =>
    inputsOf(draft.task(component, key)).some((input) => input.name === name),
  );
  if (isRead || isGiven) refuse(`${reason}: disconnect it first.`);
}

function inputId(group: string, name: string): string {
  return group === '' ? `in:${name}` : `${group}/in:${name}`;
}

function outputId(group: string, name: string): string {
  return group === '' ? `out:${name}` : `${group}/out:${name}`;
}
