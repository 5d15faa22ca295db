/**
 * KFP's placeholders in commands, args, env and constants. One pass: what a value contains is never read as a
 * placeholder again.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import { localPath } from './artifactPaths.ts';
import { TaskError } from './errors.ts';
import type { ExecutorInput } from './executorInput.ts';
import { toText } from './values.ts';

/** What the run and the task are called. Times are RFC 3339 in UTC. */
export interface Names {
  readonly jobName: string;
  readonly jobResourceName: string;
  readonly jobId: string;
  readonly taskName: string;
  readonly taskId: string;
  readonly pipelineRoot: string;
  readonly createTime: string;
  readonly scheduleTime: string;
  /** Folder shared by the steps of a run. */
  readonly workspacePath: string;
}

const PLACEHOLDER = /\{\{\$(?:\.(.*?))?\}\}/gs;

function nameOf(path: string, names: Names): string | undefined {
  switch (path) {
    case 'pipeline_job_name':
      return names.jobName;
    case 'pipeline_job_resource_name':
      return names.jobResourceName;
    case 'pipeline_job_uuid':
      return names.jobId;
    case 'pipeline_task_name':
      return names.taskName;
    case 'pipeline_task_uuid':
      return names.taskId;
    case 'pipeline_root':
      return names.pipelineRoot;
    case 'pipeline_job_create_time_utc':
      return names.createTime;
    case 'pipeline_job_schedule_time_utc':
      return names.scheduleTime;
    case 'workspace_path':
      return names.workspacePath;
    default:
      return undefined;
  }
}

/** Placeholders in a constant input, at any depth: names, and the task's other input parameters. */
export function resolveConstant(
  value: JsonValue,
  parameters: ReadonlyMap<string, { readonly value: JsonValue }>,
  names: Names,
): JsonValue {
  if (typeof value === 'string') {
    return value.replace(PLACEHOLDER, (whole, path: string | undefined) => {
      if (path === undefined) return whole;
      const input = /^inputs\.parameters\['(.*)'\]$/s.exec(path)?.[1];
      if (input === undefined) return nameOf(path, names) ?? whole;
      const bound = parameters.get(input);
      return bound ? toText(bound.value) : whole;
    });
  }
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map((item) => resolveConstant(item, parameters, names));
  }
  if (isJsonObject(value)) return mapStrings(value, (item) => resolveConstant(item, parameters, names));
  return value;
}

/** Importer metadata: keys and values may hold placeholders. */
export function mapStrings(value: JsonObject, map: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [toText(map(key)), map(item)]));
}

/** A command line with everything filled in. Throws TaskError `expression`. */
export function resolveCommand(elements: readonly string[], input: ExecutorInput, names: Names): string[] {
  return elements
    .flatMap((element) => structural(element, input))
    .map((text) => resolveText(text, input, names));
}

/** One string, e.g. of `env`. */
export function resolveText(text: string, input: ExecutorInput, names: Names): string {
  return text.replace(PLACEHOLDER, (whole, path: string | undefined) => {
    if (path === undefined) return input.json;
    const name = nameOf(path, names);
    if (name !== undefined) return name;
    return lookUp(path, input) ?? whole;
  });
}

const PATH =
  /^(inputs|outputs)\.(parameters|artifacts)\['(.*?)'\](?:\.(output_file|uri|path|value|name|metadata|properties|custom_properties))?(?:\['(.*)'\])?(\.json_escape\[1\])?$/s;

/** `undefined`: not a placeholder that KFP knows, so it stays as it is. */
function lookUp(path: string, input: ExecutorInput): string | undefined {
  if (path === 'outputs.output_file' || path === 'outputMetadataUri') return input.outputFile;
  if (path === 'json_escape[1]') return escape(input.json);
  const match = PATH.exec(path);
  if (!match) return undefined;
  const [, side, kind, name = '', property, key, escaped] = match;
  const text =
    kind === 'artifacts'
      ? artifactText(
          (side === 'inputs' ? input.inputArtifacts : input.outputArtifacts).get(name),
          property,
          key,
          input.mirror,
        )
      : side === 'outputs'
        ? input.outputParameterFiles.get(name)
        : // A parameter without a value reads as JSON's null, as in the SDK's own runner.
          toParameterText(input.parameters.get(name));
  return text === undefined || escaped === undefined ? text : escape(text);
}

function toParameterText(value: JsonValue | undefined): string {
  return value === undefined || value === null ? 'null' : toText(value);
}

function artifactText(
  artifacts: ExecutorInput['inputArtifacts'] extends ReadonlyMap<string, infer T> ? T | undefined : never,
  property: string | undefined,
  key: string | undefined,
  mirror: string | undefined,
): string | undefined {
  const artifact = artifacts?.[0];
  if (!artifact) return 'null';
  switch (property) {
    case undefined:
      // For inputs that take a list.
      return JSON.stringify(artifacts);
    case 'uri':
      return artifact.uri;
    case 'path':
    case 'value':
      return localPath(artifact.uri, mirror);
    case 'name':
      return artifact.name;
    default: {
      if (key === undefined) return JSON.stringify(artifact.metadata);
      const value = artifact.metadata[key];
      return toParameterText(value);
    }
  }
}

function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** `{"Concat": […]}` and `{"IfPresent": {…}}`. */
function structural(element: string, input: ExecutorInput): string[] {
  if (!/^\s*\{\s*"(Concat|IfPresent)"\s*:/.test(element)) return [element];
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(element) as JsonValue;
  } catch {
    return [element];
  }
  return expand(parsed, input, element);
}

function expand(value: JsonValue | undefined, input: ExecutorInput, element: string): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).flatMap((item) => expand(item, input, element));
  }
  if (isJsonObject(value)) {
    const { Concat: concat, IfPresent: condition } = value;
    if (Array.isArray(concat)) return [expand(concat, input, element).join('')];
    if (isJsonObject(condition) && typeof condition['InputName'] === 'string') {
      const name = condition['InputName'];
      const isPresent = (input.parameters.get(name) ?? null) !== null || input.inputArtifacts.has(name);
      return expand(isPresent ? condition['Then'] : condition['Else'], input, element);
    }
  }
  throw new TaskError('expression', `The placeholder ${element} isn't one that KFP knows.`);
}
