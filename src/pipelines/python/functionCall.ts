/** One call of a component's function on this machine, as files in a folder of its own: what goes in, what comes out. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../core/base/json.ts';
import { executorInputJson, type RuntimeArtifact } from '../../core/ir/executorInput.ts';
import { systemArtifacts } from '../../core/ir/values.ts';
import { safeName } from '../fullLog.ts';

export interface CalledPort {
  readonly name: string;
  readonly kind: 'parameter' | 'artifact';
  /** `NUMBER_DOUBLE`, `system.Dataset`, … */
  readonly type: string;
}

export interface FunctionCall {
  /** Where a person reads the function. */
  readonly file: string;
  readonly functionName: string;
  /** Of a step that ran: the component's source in its pipeline. Without it the file is imported (run_component.py). */
  readonly source?: string | undefined;
  readonly inputs: readonly CalledPort[];
  readonly outputs: readonly CalledPort[];
  readonly parameters: ReadonlyMap<string, JsonValue>;
  readonly artifacts: ReadonlyMap<string, readonly RuntimeArtifact[]>;
  /** Copies of what is in object stores. */
  readonly mirror?: string | undefined;
}

export type CallEnd =
  | {
      readonly kind: 'failed';
      readonly type: string;
      readonly message: string;
      /** In the function's file, from 1. */
      readonly line: number | undefined;
    }
  | { readonly kind: 'succeeded'; readonly outputs: CallOutputs };

export interface CallOutputs {
  readonly parameters: ReadonlyMap<string, JsonValue>;
  /** What it said of the artifacts it made, by their names. */
  readonly metadata: ReadonlyMap<string, JsonObject>;
}

/** Makes the folder's files; the path of the request for run_component.py. */
export async function writeCall(folder: string, call: FunctionCall): Promise<string> {
  await mkdir(join(folder, 'outputs'), { recursive: true, mode: 0o700 });
  const executorInput = join(folder, 'executor_input.json');
  await writePrivate(executorInput, inputJson(folder, call));
  const request = join(folder, 'request.json');
  const { file, functionName, source = null, mirror = null } = call;
  await writePrivate(
    request,
    JSON.stringify({ file, function: functionName, source, executorInput, mirror, result: resultIn(folder) }),
  );
  return request;
}

const json: z.ZodType<JsonValue> = z.json();
const jsonObject = z.record(z.string(), json);
const result = z.object({
  error: z.object({ type: z.string(), message: z.string(), line: z.int().nullable() }).nullable(),
});
const executorOutput = z.object({
  parameterValues: jsonObject.default({}),
  artifacts: z
    .record(z.string(), z.object({ artifacts: z.array(z.object({ metadata: jsonObject.default({}) })) }))
    .default({}),
});

/** `undefined`: it was stopped before its end. */
export async function readEnd(
  folder: string,
  { outputs }: Pick<FunctionCall, 'outputs'>,
): Promise<CallEnd | undefined> {
  const text = await readFile(resultIn(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { error } = result.parse(JSON.parse(text));
  if (error !== null) return { kind: 'failed', ...error, line: error.line ?? undefined };
  const said = executorOutput.parse(JSON.parse(await readFile(outputFileIn(folder), 'utf8')));
  const parameters = new Map(Object.entries(said.parameterValues));
  for (const { name, kind, type } of outputs) {
    if (kind === 'artifact' || parameters.has(name)) continue;
    // Of an OutputPath the function wrote the file itself.
    const written = await readFile(outputIn(folder, name), 'utf8').catch(() => undefined);
    if (written !== undefined) parameters.set(name, type === 'STRING' ? written : parsed(written));
  }
  const metadata = Object.entries(said.artifacts).map(
    ([name, { artifacts }]) => [name, artifacts[0]?.metadata ?? {}] as const,
  );
  return { kind: 'succeeded', outputs: { parameters, metadata: new Map(metadata) } };
}

/** As the SDK writes a type: `Dataset` is one of the system's, a text of lines is a schema. */
export function artifactType(type: string): JsonObject {
  if (type.includes('\n')) return { instanceSchema: type };
  const schemaTitle = systemArtifacts.has(type) ? `system.${type}` : type;
  return { schemaTitle, schemaVersion: '0.0.1' };
}

function inputJson(folder: string, { inputs, outputs, parameters, artifacts }: FunctionCall): string {
  const isParameter = ({ kind }: CalledPort): boolean => kind === 'parameter';
  return executorInputJson({
    parameters,
    doubles: new Set(inputs.filter(({ type }) => type === 'NUMBER_DOUBLE').map(({ name }) => name)),
    inputArtifacts: artifacts,
    outputParameterFiles: new Map(
      outputs.filter(isParameter).map(({ name }) => [name, outputIn(folder, name)]),
    ),
    outputArtifacts: new Map(
      outputs
        .filter((port) => !isParameter(port))
        .map(({ name, type }) => [
          name,
          [{ name, type: artifactType(type), uri: outputIn(folder, name), metadata: {} }],
        ]),
    ),
    outputFile: outputFileIn(folder),
  });
}

function resultIn(folder: string): string {
  return join(folder, 'result.json');
}

function outputFileIn(folder: string): string {
  return join(folder, 'outputs', 'executor_output.json');
}

function outputIn(folder: string, name: string): string {
  return join(folder, 'outputs', safeName(name));
}

function writePrivate(path: string, text: string): Promise<void> {
  return writeFile(path, text, { mode: 0o600 });
}

function parsed(text: string): JsonValue {
  try {
    return json.parse(JSON.parse(text));
  } catch {
    return text;
  }
}
