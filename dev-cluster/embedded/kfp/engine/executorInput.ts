/** ExecutorInput: what a step is told about its inputs and where its outputs go. Paths are real ones on this machine. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonValue } from '../../../../src/core/base/json.ts';
import { executorInputJson, type RuntimeArtifact } from '../../../../src/core/ir/executorInput.ts';
import type { Component } from '../../../../src/core/ir/model.ts';
import type { ArtifactRow } from '../store/artifacts.ts';
import { localPath } from './artifactPaths.ts';
import { typeSchema } from './cacheKey.ts';
import { TaskError } from './errors.ts';
import { parameterValues, type TaskIo } from './taskIo.ts';

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
  const doubles = component.inputs.parameters.filter(({ type }) => type === 'NUMBER_DOUBLE');
  const parts = { parameters, inputArtifacts, outputParameterFiles, outputArtifacts, outputFile };
  const json = executorInputJson({ ...parts, doubles: new Set(doubles.map(({ name }) => name)) });
  return { ...parts, mirror: folders.mirror, json };
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
