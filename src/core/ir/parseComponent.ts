import type { Component, InputParameter, OutputParameter, ParameterType } from './model.ts';
import { parseArtifactType, parseMetadata } from './parseExecutor.ts';
import { parseDag } from './parseTask.ts';
import { quote, type Entries, type Entry, type YamlReader } from './yamlReader.ts';

/** `root`, or one entry of `components`. */
export function parseComponent(reader: YamlReader, entry: Entry): Component {
  const fields = reader.entries(entry.value, entry.key);
  const inputs = reader.entries(fields.get('inputDefinitions')?.value, 'inputDefinitions');
  const outputs = reader.entries(fields.get('outputDefinitions')?.value, 'outputDefinitions');
  const list = (definitions: Entries, kind: 'parameters' | 'artifacts'): Entry[] => [
    ...reader.entries(definitions.get(kind)?.value, kind).values(),
  ];
  return {
    name: entry.key,
    inputs: {
      parameters: list(inputs, 'parameters').map((input) => parseInputParameter(reader, input)),
      artifacts: list(inputs, 'artifacts').map((input) => {
        const spec = reader.entries(input.value, input.key);
        return {
          name: input.key,
          nameRange: input.keyRange,
          type: parseArtifactType(reader, spec.get('artifactType')?.value),
          isList: reader.flag(spec.get('isArtifactList')?.value, 'isArtifactList'),
          isOptional: reader.flag(spec.get('isOptional')?.value, 'isOptional'),
          description: reader.text(spec.get('description')?.value, 'description'),
          range: input.range,
        };
      }),
    },
    outputs: {
      parameters: list(outputs, 'parameters').map((output) => parseOutputParameter(reader, output)),
      artifacts: list(outputs, 'artifacts').map((output) => {
        const spec = reader.entries(output.value, output.key);
        return {
          name: output.key,
          nameRange: output.keyRange,
          type: parseArtifactType(reader, spec.get('artifactType')?.value),
          isList: reader.flag(spec.get('isArtifactList')?.value, 'isArtifactList'),
          metadata: parseMetadata(reader, spec),
          description: reader.text(spec.get('description')?.value, 'description'),
          range: output.range,
        };
      }),
    },
    implementation: parseImplementation(reader, fields),
    range: entry.range,
    nameRange: entry.keyRange,
  };
}

function parseImplementation(reader: YamlReader, fields: Entries): Component['implementation'] {
  const dag = fields.get('dag');
  if (dag !== undefined) return { kind: 'dag', dag: parseDag(reader, dag) };
  const executor = fields.get('executorLabel');
  const label = reader.text(executor?.value, 'executorLabel');
  if (executor === undefined || label === undefined) return { kind: 'missing' };
  return { kind: 'executor', label, range: executor.value.range };
}

function parseInputParameter(reader: YamlReader, entry: Entry): InputParameter {
  const spec = reader.entries(entry.value, entry.key);
  const defaultEntry = spec.get('defaultValue');
  const defaultValue = defaultEntry === undefined ? undefined : reader.json(defaultEntry.value);
  return {
    name: entry.key,
    nameRange: entry.keyRange,
    type: parseParameterType(reader, spec, entry),
    defaultValue,
    // The betas wrote a default alone.
    isOptional: reader.flag(spec.get('isOptional')?.value, 'isOptional') || defaultValue !== undefined,
    description: reader.text(spec.get('description')?.value, 'description'),
    literals: reader.items(spec.get('literals')?.value, 'literals').map((value) => reader.json(value)),
    range: entry.range,
  };
}

function parseOutputParameter(reader: YamlReader, entry: Entry): OutputParameter {
  const spec = reader.entries(entry.value, entry.key);
  return {
    name: entry.key,
    nameRange: entry.keyRange,
    type: parseParameterType(reader, spec, entry),
    description: reader.text(spec.get('description')?.value, 'description'),
    range: entry.range,
  };
}

const parameterTypes: ReadonlyMap<string, ParameterType> = new Map<string, ParameterType>([
  ['NUMBER_DOUBLE', 'NUMBER_DOUBLE'],
  ['NUMBER_INTEGER', 'NUMBER_INTEGER'],
  ['STRING', 'STRING'],
  ['BOOLEAN', 'BOOLEAN'],
  ['LIST', 'LIST'],
  ['STRUCT', 'STRUCT'],
  ['TASK_FINAL_STATUS', 'TASK_FINAL_STATUS'],
  ['TASK_CONFIG', 'TASK_CONFIG'],
  // `type`, the old twin of `parameterType`.
  ['INT', 'NUMBER_INTEGER'],
  ['DOUBLE', 'NUMBER_DOUBLE'],
]);

function parseParameterType(reader: YamlReader, spec: Entries, entry: Entry): ParameterType {
  const field = spec.get('parameterType') ?? spec.get('type');
  const written = reader.text(field?.value, 'parameterType') ?? '';
  const type = parameterTypes.get(written);
  if (type !== undefined) return type;
  const known = [...new Set(parameterTypes.values())].join(', ');
  const what = written === '' ? 'no type' : `the type ${quote(written)}`;
  reader.report(
    'unknown-type',
    `The parameter ${quote(entry.key)} has ${what}: use one of ${known}.`,
    field?.value.range ?? entry.keyRange,
  );
  return 'STRING';
}
