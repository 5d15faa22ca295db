import type { JsonObject, JsonValue } from '../base/json.ts';
import type { ArtifactType, Executor, Placeholder, Resources } from './model.ts';
import { readPythonFunction, type PlacedText } from './pythonFunction.ts';
import type { Entries, Entry, Value, YamlReader } from './yamlReader.ts';

/** One entry of `deploymentSpec.executors`. */
export function parseExecutor(reader: YamlReader, entry: Entry, text: string): Executor {
  const fields = reader.entries(entry.value, entry.key);
  const container = fields.get('container');
  if (container !== undefined) return parseContainer(reader, entry, container, text);
  const importer = fields.get('importer');
  if (importer !== undefined) return parseImporter(reader, entry, importer);
  const spec = [...fields.keys()][0] ?? '';
  return { kind: 'unsupported', label: entry.key, spec, range: entry.range };
}

function parseContainer(reader: YamlReader, entry: Entry, container: Entry, source: string): Executor {
  const fields = reader.entries(container.value, 'container');
  const texts = (name: string): PlacedText[] =>
    reader
      .items(fields.get(name)?.value, name)
      .map((value) => ({ text: reader.text(value, name) ?? '', range: value.range }));
  const command = texts('command');
  const args = texts('args');
  const env = reader.items(fields.get('env')?.value, 'env').map((value) => {
    const variable = reader.entries(value, 'env');
    const placed = variable.get('value')?.value;
    return {
      name: reader.text(variable.get('name')?.value, 'name') ?? '',
      value: reader.text(placed, 'value') ?? '',
      range: placed?.range ?? value.range,
    };
  });
  const resources = reader.entries(fields.get('resources')?.value, 'resources');
  const accelerator = reader.entries(resources.get('accelerator')?.value, 'accelerator');
  const python = readPythonFunction(
    command,
    args.map(({ text }) => text),
  );
  const placed = [
    ...command.filter(({ range }) => range.start !== python?.sourceRange.start),
    ...args,
    ...env.map(({ value, range }) => ({ text: value, range })),
    ...placedStrings(reader, resources),
    ...placedStrings(reader, accelerator),
  ];
  return {
    kind: 'container',
    label: entry.key,
    image: reader.text(fields.get('image')?.value, 'image') ?? '',
    command: command.map(({ text }) => text),
    args: args.map(({ text }) => text),
    env: env.map(({ name, value }) => ({ name, value })),
    resources: fields.has('resources') ? parseResources(reader, resources, accelerator) : undefined,
    placeholders: placed.flatMap((value) => findPlaceholders(value, source)),
    python,
    range: entry.range,
  };
}

/** The current fields are quantities; the old twins are cores and gigabytes as numbers. */
function parseResources(reader: YamlReader, fields: Entries, accelerator: Entries): Resources {
  const quantity = (
    name: string,
    oldName: string,
    convert: (amount: number) => string,
  ): string | undefined => {
    const current = reader.text(fields.get(name)?.value, name);
    if (current !== undefined && current !== '') return current;
    const old = reader.number(fields.get(oldName)?.value, oldName);
    return old === undefined || old === 0 ? undefined : convert(old);
  };
  return {
    cpuLimit: quantity('resourceCpuLimit', 'cpuLimit', cores),
    cpuRequest: quantity('resourceCpuRequest', 'cpuRequest', cores),
    memoryLimit: quantity('resourceMemoryLimit', 'memoryLimit', gigabytes),
    memoryRequest: quantity('resourceMemoryRequest', 'memoryRequest', gigabytes),
    accelerator: parseAccelerator(reader, accelerator),
  };
}

function parseAccelerator(reader: YamlReader, fields: Entries): Resources['accelerator'] {
  const type = reader.text((fields.get('resourceType') ?? fields.get('type'))?.value, 'resourceType');
  if (type === undefined) return undefined;
  const count = reader.text(fields.get('resourceCount')?.value, 'resourceCount');
  return { type, count: count ?? String(reader.number(fields.get('count')?.value, 'count') ?? 1) };
}

function cores(amount: number): string {
  return Number.isInteger(amount) ? String(amount) : `${Math.round(amount * 1000)}m`;
}

const units = [
  ['Gi', 2 ** 30],
  ['Mi', 2 ** 20],
  ['G', 1e9],
  ['M', 1e6],
] as const;

function gigabytes(amount: number): string {
  const bytes = Math.round(amount * 1e9);
  const [suffix, size] = units.find(([, unit]) => bytes % unit === 0) ?? ['', 1];
  return `${bytes / size}${suffix}`;
}

function placedStrings(reader: YamlReader, fields: Entries): readonly PlacedText[] {
  return [...fields.values()].flatMap(({ value }) => {
    const text = reader.json(value);
    return typeof text === 'string' ? [{ text, range: value.range }] : [];
  });
}

/** Narrowed to the placeholder where the source has it letter by letter; else the whole scalar. */
function findPlaceholders({ text, range }: PlacedText, source: string): readonly Placeholder[] {
  if (!text.includes('{{$')) return [];
  let from = range.start;
  return [...text.matchAll(/\{\{\$.*?\}\}/g)].map(([placeholder]) => {
    const candidates = [placeholder, placeholder.replaceAll("'", "''"), placeholder.replaceAll('"', '\\"')];
    for (const written of candidates) {
      const at = source.indexOf(written, from);
      if (at === -1 || at + written.length > range.end) continue;
      from = at + written.length;
      return { text: placeholder, range: { start: at, end: from } };
    }
    return { text: placeholder, range };
  });
}

function parseImporter(reader: YamlReader, entry: Entry, importer: Entry): Executor {
  const fields = reader.entries(importer.value, 'importer');
  const uri = reader.entries(fields.get('artifactUri')?.value, 'artifactUri');
  const input = reader.text(uri.get('runtimeParameter')?.value, 'runtimeParameter');
  const constant = parseConstant(reader, uri);
  return {
    kind: 'importer',
    label: entry.key,
    artifactUri:
      input === undefined
        ? { kind: 'constant', value: typeof constant === 'string' ? constant : '' }
        : { kind: 'input', name: input },
    type: parseArtifactType(reader, fields.get('typeSchema')?.value),
    reimport: reader.flag(fields.get('reimport')?.value, 'reimport'),
    metadata: parseMetadata(reader, fields),
    range: entry.range,
  };
}

/** `constant`, or its old twin `constantValue: {stringValue | intValue | doubleValue}`. */
export function parseConstant(reader: YamlReader, fields: Entries): JsonValue | undefined {
  const constant = fields.get('constant');
  if (constant !== undefined) return reader.json(constant.value);
  const old = fields.get('constantValue');
  if (old === undefined) return undefined;
  const value = reader.entries(old.value, 'constantValue');
  const number = value.get('intValue') ?? value.get('doubleValue');
  if (number !== undefined) return reader.number(number.value, number.key) ?? 0;
  return reader.text(value.get('stringValue')?.value, 'stringValue') ?? '';
}

/** `metadata`, with its old twins `properties` and `customProperties` beneath it. */
export function parseMetadata(reader: YamlReader, fields: Entries): JsonObject {
  const old = ['properties', 'customProperties'].flatMap((name) =>
    [...reader.entries(fields.get(name)?.value, name)].map(
      ([key, entry]) => [key, parseConstant(reader, reader.entries(entry.value, key)) ?? null] as const,
    ),
  );
  return { ...Object.fromEntries(old), ...reader.object(fields.get('metadata')?.value, 'metadata') };
}

/** The oldest documents carry a schema instead of a title; its own title says `kfp.Dataset`. */
export function parseArtifactType(reader: YamlReader, value: Value | undefined): ArtifactType {
  const fields = reader.entries(value, 'artifactType');
  const instanceSchema = reader.text(fields.get('instanceSchema')?.value, 'instanceSchema');
  const [, oldTitle] = /^title:\s*kfp\.(\w+)/m.exec(instanceSchema ?? '') ?? [];
  return {
    schemaTitle:
      reader.text(fields.get('schemaTitle')?.value, 'schemaTitle') ?? `system.${oldTitle ?? 'Artifact'}`,
    schemaVersion: reader.text(fields.get('schemaVersion')?.value, 'schemaVersion'),
    instanceSchema,
  };
}
