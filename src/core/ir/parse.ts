/**
 * KFP IR text to the typed model. The files: yamlReader (typed, ranged values out of YAML) → parse (documents,
 * the pipeline itself) → parseComponent → parseTask, parseExecutor → pythonFunction.
 */
import { Lexer } from 'yaml';
import type { JsonObject } from '../base/json.ts';
import { parseWhole, type EditableText, type YamlDocument } from './editableText.ts';
import type { Component, Executor, PipelineDocument, Problem, SourceRange } from './model.ts';
import { parseComponent } from './parseComponent.ts';
import { parseExecutor } from './parseExecutor.ts';
import { problem } from './problemCodes.ts';
import { LimitError, YamlReader, type Entries, type Entry, type Value } from './yamlReader.ts';

export type ParseResult =
  | {
      readonly kind: 'pipeline';
      readonly document: PipelineDocument;
      /** What the text itself does wrong; what the pipeline means wrong is validate.ts's. */
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'notPipeline'; readonly problem: Problem };

interface PipelinePart {
  readonly document: YamlDocument;
  readonly reader: YamlReader;
  /** Of the REST form: under which key of the document it is. */
  readonly wrapper: string | undefined;
}

/** The two halves of a pipeline, as YAML values. `platforms` is the value of that key. */
export interface PipelineParts {
  readonly kind: 'parts';
  readonly spec: PipelinePart & { readonly fields: Entries; readonly range: SourceRange };
  readonly platforms: (PipelinePart & { readonly value: Value }) | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Reads KFP IR YAML or JSON (a pipeline document and, in any order, a platform document; or the REST form
 * `{pipeline_spec, platform_spec}`). Never throws; the work is linear in the text, and with the `yaml` of an earlier
 * version of it, mostly in what changed.
 */
export function parsePipeline(text: string, yaml?: EditableText): ParseResult {
  return withLimits(text, (parts) => readPipeline(parts, text), yaml);
}

/** The typed reading of what `withLimits` found. */
export function readPipeline(parts: PipelineParts, text: string): Extract<ParseResult, { kind: 'pipeline' }> {
  return {
    kind: 'pipeline',
    document: readDocument(parts, text),
    // One document can hold both halves, and then they share a reader.
    problems: [...new Set([parts.spec.reader, parts.platforms?.reader])]
      .flatMap((reader) => reader?.problems ?? [])
      .concat(parts.problems),
  };
}

/** Finds the halves of a pipeline and hands them to `read`; whatever stops that becomes a `notPipeline`. */
export function withLimits<T>(
  text: string,
  read: (parts: PipelineParts) => T,
  yaml?: EditableText,
): T | Extract<ParseResult, { kind: 'notPipeline' }> {
  try {
    const parts = findParts(text, yaml);
    return parts.kind === 'parts' ? read(parts) : parts;
  } catch (error) {
    if (error instanceof LimitError) {
      return { kind: 'notPipeline', problem: problem(error.code, error.message, error.range) };
    }
    // The yaml package walks aliases by recursion.
    if (error instanceof RangeError) {
      return { kind: 'notPipeline', problem: problem('nested-too-deeply', tooDeep, firstLine(text)) };
    }
    throw error;
  }
}

const tooDeep = 'Values are nested too deeply to be read.';

function findParts(
  text: string,
  yaml: EditableText | undefined,
): PipelineParts | Extract<ParseResult, { kind: 'notPipeline' }> {
  const documents = readYaml(text, yaml);
  const error = documents.flatMap((document) => document.errors)[0];
  if (error !== undefined) {
    const [start, end] = error.pos;
    const range = {
      start: Math.min(start, text.length),
      end: Math.min(Math.max(end, start + 1), text.length),
    };
    // The package composes by recursion and says so when the stack ends.
    return error.code === 'RESOURCE_EXHAUSTION'
      ? { kind: 'notPipeline', problem: problem('nested-too-deeply', tooDeep, range) }
      : {
          kind: 'notPipeline',
          problem: problem('yaml-syntax', `This is not valid YAML: ${error.message}`, range),
        };
  }
  let spec: PipelineParts['spec'] | undefined;
  let platforms: PipelineParts['platforms'];
  const problems: Problem[] = [];
  let firstOther: Entries | undefined;
  for (const document of documents) {
    const reader = new YamlReader(document.contents, text);
    const root = reader.root();
    if (root.node === null) continue;
    const fields = reader.entries(root, 'The document');
    const wrapped = fields.get('pipeline_spec') ?? fields.get('pipelineSpec');
    const wrappedPlatform = fields.get('platform_spec') ?? fields.get('platformSpec');
    const inner = wrapped === undefined ? fields : reader.entries(wrapped.value, wrapped.key);
    const platformFields =
      wrappedPlatform === undefined ? fields : reader.entries(wrappedPlatform.value, wrappedPlatform.key);
    const platformsEntry = platformFields.get('platforms');
    const platformsPart =
      platformsEntry === undefined
        ? undefined
        : { document, reader, wrapper: wrappedPlatform?.key, value: platformsEntry.value };
    if (spec === undefined && isPipeline(inner)) {
      spec = {
        document,
        reader,
        wrapper: wrapped?.key,
        fields: inner,
        range: wrapped?.value.range ?? root.range,
      };
      platforms ??= platformsPart;
    } else if (platforms === undefined && platformsPart !== undefined) {
      platforms = platformsPart;
    } else if (spec !== undefined || platforms !== undefined) {
      const message = 'Only a pipeline and a platform document belong in one file: remove this one.';
      problems.push(problem('extra-document', message, root.range));
    } else firstOther ??= fields;
  }
  if (spec === undefined) return notPipeline(text, firstOther, platforms !== undefined);
  return { kind: 'parts', spec, platforms, problems };
}

/**
 * Reading takes microseconds and some hundred bytes a token: more than these would hold up, or kill, whoever reads.
 * Ten MB of real pipeline has about a million; long texts inside it count as one each.
 */
const maxTokens = 2_000_000;

function refuseTooMany(text: string): void {
  // A token has at least one character.
  if (text.length <= maxTokens) return;
  let count = 0;
  for (const token of new Lexer().lex(text)) {
    count += token === '' ? 0 : 1;
    if (count > maxTokens) {
      throw new LimitError('too-large', 'This has more values than any pipeline that runs.', firstLine(text));
    }
  }
}

function readYaml(text: string, yaml: EditableText | undefined): readonly YamlDocument[] {
  refuseTooMany(text);
  return yaml?.read(text) ?? parseWhole(text);
}

function isPipeline(fields: Entries): boolean {
  if (fields.has('apiVersion')) return false;
  const signs = ['root', 'components', 'deploymentSpec', 'schemaVersion', 'sdkVersion'];
  return fields.has('pipelineInfo') || signs.filter((key) => fields.has(key)).length >= 2;
}

function notPipeline(
  text: string,
  fields: Entries | undefined,
  isPlatform: boolean,
): Extract<ParseResult, { kind: 'notPipeline' }> {
  const message =
    text.trim() === ''
      ? 'The file is empty.'
      : isPlatform
        ? 'This file has only the platform half of a KFP pipeline, not the pipeline itself.'
        : fields?.has('implementation') === true
          ? 'This is a KFP v1 component, not a pipeline compiled by the KFP v2 SDK.'
          : fields?.has('apiVersion') === true
            ? 'This is a Kubernetes object (KFP v1 pipelines are such), not a pipeline compiled by the KFP v2 SDK.'
            : 'This is not a pipeline compiled by the KFP v2 SDK: it has no pipelineInfo and no root.';
  return { kind: 'notPipeline', problem: problem('not-pipeline', message, firstLine(text)) };
}

/** The first line that says something, for problems of the file as a whole. */
function firstLine(text: string): SourceRange {
  const match = /^[^\S\n]*(?![#\s])\S.*$/m.exec(text.slice(0, 10_000));
  if (match === null) return { start: 0, end: Math.min(text.length, 1) };
  return { start: match.index, end: match.index + match[0].trimEnd().length };
}

function readDocument({ spec, platforms }: PipelineParts, text: string): PipelineDocument {
  const { reader, fields } = spec;
  const info = fields.get('pipelineInfo');
  const infoFields = reader.entries(info?.value, 'pipelineInfo');
  const nameEntry = infoFields.get('name');
  const at = firstLine(text);
  const rootEntry = fields.get('root');
  const root: Component =
    rootEntry === undefined ? emptyRoot(info?.keyRange ?? at) : parseComponent(reader, rootEntry);
  const deployment = reader.entries(fields.get('deploymentSpec')?.value, 'deploymentSpec');
  return {
    name: reader.text(nameEntry?.value, 'name') ?? '',
    nameRange: nameEntry?.value.range ?? info?.keyRange ?? at,
    displayName: reader.text(infoFields.get('displayName')?.value, 'displayName'),
    description: reader.text(infoFields.get('description')?.value, 'description'),
    schemaVersion: reader.text(fields.get('schemaVersion')?.value, 'schemaVersion') ?? '',
    schemaVersionRange: fields.get('schemaVersion')?.value.range ?? at,
    sdkVersion: reader.text(fields.get('sdkVersion')?.value, 'sdkVersion'),
    defaultPipelineRoot: reader.text(fields.get('defaultPipelineRoot')?.value, 'defaultPipelineRoot'),
    root,
    components: byKey(reader, fields, 'components', (entry) => parseComponent(reader, entry)),
    executors: byKey<Executor>(reader, deployment, 'executors', (entry) =>
      parseExecutor(reader, entry, text),
    ),
    kubernetes: platforms === undefined ? new Map() : readKubernetes(platforms.reader, platforms.value),
    range: spec.range,
  };
}

function byKey<T>(
  reader: YamlReader,
  fields: Entries,
  name: string,
  parse: (entry: Entry) => T,
): ReadonlyMap<string, T> {
  const entries = reader.entries(fields.get(name)?.value, name);
  return new Map([...entries].map(([key, entry]) => [key, parse(entry)]));
}

function readKubernetes(reader: YamlReader, platforms: Value): ReadonlyMap<string, JsonObject> {
  const kubernetes = reader.entries(platforms, 'platforms').get('kubernetes');
  const spec = reader.entries(kubernetes?.value, 'kubernetes').get('deploymentSpec');
  return byKey(reader, reader.entries(spec?.value, 'deploymentSpec'), 'executors', (entry) =>
    reader.object(entry.value, entry.key),
  );
}

/** A document without a root has no tasks, which validate.ts reports at `range`. */
function emptyRoot(range: SourceRange): Component {
  const none = { parameters: [], artifacts: [] };
  return {
    name: 'root',
    inputs: none,
    outputs: none,
    implementation: { kind: 'missing' },
    range,
    nameRange: range,
  };
}
