/** What a step left behind: ExecutorOutput, parameter files, artifacts. As the launcher collects them. */
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../../../src/core/base/json.ts';
import { localPath, remoteUri } from './artifactPaths.ts';
import { TaskError } from './errors.ts';
import type { NewArtifact, Step } from './executor.ts';
import { parseOutputText } from './values.ts';

/** A parameter is read into memory and into the store; what is bigger belongs into an artifact. */
const MAX_BYTES = 16 * 1024 * 1024;

const metadata = z.record(z.string(), z.json());
const artifact = z.object({
  name: z.string().default(''),
  uri: z.string().default(''),
  metadata: metadata.default({}),
  /** Snake case from kfp.dsl; protojson takes both. */
  custom_path: z.string().optional(),
  customPath: z.string().optional(),
});
const executorOutput = z.object({
  parameterValues: z.record(z.string(), z.json()).default({}),
  artifacts: z.record(z.string(), z.object({ artifacts: z.array(artifact).default([]) })).default({}),
});

export interface CollectedOutputs {
  readonly parameters: ReadonlyMap<string, JsonValue>;
  readonly artifacts: ReadonlyMap<string, readonly NewArtifact[]>;
}

/** Throws TaskError `output`. */
export function collectOutputs(step: Step): CollectedOutputs {
  const written = readExecutorOutput(step.input.outputFile);
  const parameters = new Map<string, JsonValue>();
  for (const { name, type } of step.component.outputs.parameters) {
    const value = Object.hasOwn(written.parameterValues, name)
      ? written.parameterValues[name]
      : readParameterFile(step, name, type);
    if (value === undefined) throw new TaskError('output', `It ended without giving its output ${name}.`);
    parameters.set(name, value);
  }
  const artifacts = new Map<string, readonly NewArtifact[]>();
  for (const { name } of step.component.outputs.artifacts) {
    const planned = step.input.outputArtifacts.get(name)?.[0];
    if (!planned) continue;
    const made = Object.hasOwn(written.artifacts, name) ? (written.artifacts[name]?.artifacts ?? []) : [];
    const [first, ...rest] = made;
    artifacts.set(name, [
      merge(planned, first, step.input.mirror),
      ...rest.map((one) => merge({ name, uri: one.uri, metadata: {} }, one, step.input.mirror)),
    ]);
  }
  return { parameters, artifacts };
}

function merge(
  planned: NewArtifact,
  made: z.infer<typeof artifact> | undefined,
  mirror: string | undefined,
): NewArtifact {
  if (!made) return { name: planned.name, uri: planned.uri, metadata: planned.metadata };
  const uri = made.uri === '' ? planned.uri : remoteUri(made.uri, mirror);
  const path = localPath(uri, mirror);
  const customPath = made.custom_path ?? made.customPath ?? '';
  // The launcher uploads from the custom path to the uri.
  if (customPath !== '' && customPath !== path && path.startsWith('/') && existsSync(customPath)) {
    cpSync(customPath, path, { recursive: true });
  }
  const given: JsonObject = made.metadata;
  return { name: planned.name, uri, metadata: { ...planned.metadata, ...given } };
}

function readExecutorOutput(file: string): z.infer<typeof executorOutput> {
  const text = readSmall(file, 'executor output');
  if (text === undefined || text.trim() === '') return { parameterValues: {}, artifacts: {} };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new TaskError('output', 'Its outputs are not JSON (NaN and Infinity are not either).', {
      cause: error,
    });
  }
  const parsed = executorOutput.safeParse(json);
  if (!parsed.success)
    throw new TaskError('output', 'Its executor output has an unknown form.', { cause: parsed.error });
  return parsed.data;
}

function readParameterFile(
  step: Step,
  name: string,
  type: Parameters<typeof parseOutputText>[1],
): JsonValue | undefined {
  const file = step.input.outputParameterFiles.get(name);
  const text = file === undefined ? undefined : readSmall(file, `output ${name}`);
  return text === undefined ? undefined : parseOutputText(name, type, text);
}

function readSmall(file: string, what: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if (!stat.isFile()) throw new TaskError('output', `Its ${what} is not a file.`);
  if (stat.size > MAX_BYTES) {
    throw new TaskError('output', `Its ${what} is over 16 MiB; make it an artifact.`);
  }
  return readFileSync(file, 'utf8');
}
