/** ExecutorInput: what a step is told about its inputs and where its outputs go. Paths are real ones on this machine. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject, JsonValue } from '../../../../src/core/base/json.ts';
import type { Component } from '../../../../src/core/ir/model.ts';
import type { ArtifactRow } from '../store/artifacts.ts';
import { localPath } from './artifactPaths.ts';
import { typeSchema } from './cacheKey.ts';
import { TaskError } from './errors.ts';
import { parameterValues, type TaskIo } from './taskIo.ts';

export interface RuntimeArtifact {
  readonly name: string;
  readonly type: JsonObject;
  readonly uri: string;
  readonly metadata: JsonObject;
}

export interface ExecutorInput {
  readonly parameters: ReadonlyMap<string, JsonValue>;
  readonly inputArtifacts: ReadonlyMap<string, readonly RuntimeArtifact[]>;
  readonly outputParameterFiles: ReadonlyMap<string, string>;
  readonly outputArtifacts: ReadonlyMap<string, readonly RuntimeArtifact[]>;
  readonly outputFile: string;
  /** Where copies of artifacts in object stores are; see artifactPaths.ts. */
  readonly mirror: string | undefined;
  /** The message as protojson. */
  readonly json: string;
}

export interface OutputFolders {
  /** Path or uri. Becomes the parent of the artifacts and of the executor's output file, as `dsl.get_uri` expects. */
  readonly artifacts: string;
  readonly parameters: string;
  readonly mirror?: string | undefined;
}

/** Throws TaskError `document` for names that would leave the folders. */
export function buildExecutorInput(component: Component, io: TaskIo, folders: OutputFolders): ExecutorInput {
  const parameters = parameterValues(io);
  const inputArtifacts = new Map(
    [...io.artifacts].map(([name, { items }]) => [name, items.map(toRuntimeArtifact)]),
  );
  const outputParameterFiles = new Map(
    component.outputs.parameters.map(({ name }) => [name, join(folders.parameters, safeName(name))]),
  );
  const outputArtifacts = new Map(
    component.outputs.artifacts.map(({ name, type, metadata }): [string, RuntimeArtifact[]] => [
      name,
      [{ name, type: typeSchema(type), uri: `${folders.artifacts}/${safeName(name)}`, metadata }],
    ]),
  );
  const outputFile = join(localPath(folders.artifacts, folders.mirror), 'executor_output.json');
  const json = toJson(
    component,
    parameters,
    {
      ...(inputArtifacts.size > 0 ? { artifacts: artifactLists(inputArtifacts) } : {}),
    },
    {
      ...(outputParameterFiles.size > 0
        ? {
            parameters: Object.fromEntries(
              [...outputParameterFiles].map(([name, file]) => [name, { outputFile: file }]),
            ),
          }
        : {}),
      ...(outputArtifacts.size > 0 ? { artifacts: artifactLists(outputArtifacts) } : {}),
      outputFile,
    },
  );
  return {
    parameters,
    inputArtifacts,
    outputParameterFiles,
    outputArtifacts,
    outputFile,
    mirror: folders.mirror,
    json,
  };
}

/** A single path segment from the document. Throws TaskError `document`. */
export function safeName(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name) || name.length > 200) {
    throw new TaskError('document', `The name ${JSON.stringify(name)} can't be part of a path.`);
  }
  return name;
}

function toRuntimeArtifact(artifact: ArtifactRow): RuntimeArtifact {
  return {
    name: artifact.name,
    // The text of an instanceSchema has lines, a title has none.
    type: artifact.type.includes('\n')
      ? { instanceSchema: artifact.type }
      : { schemaTitle: artifact.type, schemaVersion: '0.0.1' },
    uri: localUri(artifact.uri),
    metadata: artifact.metadata,
  };
}

/** kfp.dsl opens a uri that it has no mount for as it is, so `file://` has to go. */
function localUri(uri: string): string {
  if (!uri.startsWith('file://')) return uri;
  try {
    return fileURLToPath(uri);
  } catch {
    return uri;
  }
}

function artifactLists(artifacts: ReadonlyMap<string, readonly RuntimeArtifact[]>): JsonObject {
  return Object.fromEntries(
    [...artifacts].map(([name, items]) => [
      name,
      { artifacts: items.map(({ name: own, type, uri, metadata }) => ({ name: own, type, uri, metadata })) },
    ]),
  );
}

function toJson(
  component: Component,
  parameters: ReadonlyMap<string, JsonValue>,
  inputs: JsonObject,
  outputs: JsonObject,
): string {
  if (parameters.size === 0) return JSON.stringify({ inputs, outputs });
  const doubles = new Set(
    component.inputs.parameters.filter(({ type }) => type === 'NUMBER_DOUBLE').map(({ name }) => name),
  );
  // A float stays a float in Python only with its point.
  const values = [...parameters].map(([name, value]) => {
    const text = JSON.stringify(value);
    const needsPoint = doubles.has(name) && typeof value === 'number' && /^-?\d+$/.test(text);
    return `${JSON.stringify(name)}:${needsPoint ? `${text}.0` : text}`;
  });
  const rest = JSON.stringify(inputs).slice(1, -1);
  return `{"inputs":{"parameterValues":{${values.join(',')}}${rest === '' ? '' : `,${rest}`}},"outputs":${JSON.stringify(outputs)}}`;
}
