/** `dsl.importer`: an artifact that exists already gets a row; nothing is copied or fetched. */
import { randomUUID } from 'node:crypto';
import type { JsonValue } from '../../../../src/core/base/json.ts';
import { isJsonObject } from '../../../../src/core/base/json.ts';
import type { Executor } from '../../../../src/core/ir/model.ts';
import type { ArtifactRow, ArtifactStore } from '../store/artifacts.ts';
import { TaskError } from './errors.ts';
import { buildExecutorInput } from './executorInput.ts';
import { mapStrings, resolveText, type Names } from './placeholders.ts';
import type { TaskNode } from './taskNode.ts';

export type ImporterSpec = Extract<Executor, { kind: 'importer' }>;

/** The artifact, and whether its row has yet to be written. Throws TaskError. */
export function importArtifact(
  spec: ImporterSpec,
  node: TaskNode,
  names: Names,
  store: ArtifactStore,
  now: number,
): { readonly artifact: ArtifactRow; readonly isNew: boolean } {
  const output = node.component.outputs.artifacts[0];
  if (!output) throw new TaskError('document', `The importer ${node.component.name} has no output artifact.`);
  const input = buildExecutorInput(node.component, node.inputs, { artifacts: '', parameters: '' });
  const resolve = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return resolveText(value, input, names);
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map(resolve);
    return isJsonObject(value) ? mapStrings(value, resolve) : value;
  };
  const uri =
    spec.artifactUri.kind === 'constant'
      ? resolveText(spec.artifactUri.value, input, names)
      : input.parameters.get(spec.artifactUri.name);
  if (typeof uri !== 'string' || uri === '') {
    throw new TaskError('input', 'The importer has no uri to import from.');
  }
  const type = spec.type.schemaTitle === '' ? (spec.type.instanceSchema ?? '') : spec.type.schemaTitle;
  const metadata = mapStrings(spec.metadata, resolve);
  const same = spec.reimport ? undefined : store.findSame(uri, type, metadata);
  if (same) return { artifact: same, isNew: false };
  const artifact = {
    id: randomUUID(),
    name: output.name,
    type,
    uri,
    metadata,
    numberValue: null,
    createdAt: now,
  };
  return { artifact, isNew: true };
}
