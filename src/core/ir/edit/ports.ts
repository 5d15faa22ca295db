/** Inputs and outputs of components as the spec's JSON declares them, and what fits into what. */
import type { JsonObject } from '../../base/json.ts';
import type { ParameterType } from '../model.ts';
import { isArtifactPassable, isPassable, typeNames } from '../values.ts';
import { objectAt, textAt, valueAt } from './jsonPath.ts';

export type PortKind = 'parameter' | 'artifact';

export interface PortType {
  readonly kind: PortKind;
  /** Parameter type, or the artifact's schema title. */
  readonly type: string;
  /** Of artifacts only. */
  readonly isList: boolean;
  /** As the component that has it declares it. */
  readonly definition: JsonObject;
}

/** What documents of SDK 2.0-beta call the parameter types. */
const oldTypes: Readonly<Record<string, string>> = { INT: 'NUMBER_INTEGER', DOUBLE: 'NUMBER_DOUBLE' };

const sections = { parameter: 'parameters', artifact: 'artifacts' } as const;

/** The key of such ports in definitions, inputs and outputs. */
export function sectionOf(kind: PortKind): 'parameters' | 'artifacts' {
  return sections[kind];
}

/** As the component declares it; undefined when it has no such input. */
export function inputPort(component: JsonObject, name: string): PortType | undefined {
  return portOf(objectAt(component, 'inputDefinitions'), name);
}

/** As the component declares it; undefined when it has no such output. */
export function outputPort(component: JsonObject, name: string): PortType | undefined {
  return portOf(objectAt(component, 'outputDefinitions'), name);
}

function portOf(definitions: JsonObject, name: string): PortType | undefined {
  for (const kind of ['parameter', 'artifact'] as const) {
    const section = objectAt(definitions, sectionOf(kind));
    if (!Object.hasOwn(section, name)) continue;
    const definition = objectAt(section, name);
    if (kind === 'artifact') {
      const type = objectAt(definition, 'artifactType');
      const title = textAt(type, 'schemaTitle') ?? textAt(type, 'instanceSchema') ?? '';
      return { kind, type: title, isList: valueAt(definition, 'isArtifactList') === true, definition };
    }
    const written = textAt(definition, 'parameterType') ?? textAt(definition, 'type') ?? '';
    return { kind, type: oldTypes[written] ?? written, isList: false, definition };
  }
  return undefined;
}

/** How a group declares what it only passes on: the type, and nothing of defaults and descriptions. */
export function channelDefinition(port: PortType): JsonObject {
  if (port.kind === 'parameter') return { parameterType: port.type };
  return {
    artifactType: objectAt(port.definition, 'artifactType'),
    ...(port.isList ? { isArtifactList: true } : {}),
  };
}

/** What comes out of a loop for something that each of its rounds makes. */
export function listOf(port: PortType): PortType {
  return port.kind === 'parameter' ? { ...port, type: 'LIST' } : { ...port, isList: true };
}

/** True when a value of `from` may go into an input of `to`. */
export function fits(from: PortType, to: PortType): boolean {
  if (from.kind !== to.kind) return false;
  if (from.kind === 'artifact') return isArtifactPassable(from.type, to.type) && from.isList === to.isList;
  if (!isParameterType(from.type) || !isParameterType(to.type)) return from.type === to.type;
  return isPassable(from.type, to.type);
}

/** `text`, `a list`, `one system.Dataset`, `a list of system.Dataset`. */
export function describePort(port: PortType): string {
  if (port.kind === 'artifact') return `${port.isList ? 'a list of' : 'one'} ${port.type}`;
  return isParameterType(port.type) ? typeNames[port.type] : port.type;
}

function isParameterType(type: string): type is ParameterType {
  return Object.hasOwn(typeNames, type);
}
