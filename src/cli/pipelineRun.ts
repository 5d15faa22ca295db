/** `slipway pipeline run FILE --local`: the engine in this process, progress as lines. */
import { basename, join } from 'node:path';
import {
  runLocal,
  type LocalOutputs,
  type LocalRun,
} from '../../dev-cluster/embedded/kfp/engine/runLocal.ts';
import type { TaskRow } from '../../dev-cluster/embedded/kfp/store/tasks.ts';
import { PythonEnvironments } from '../../dev-cluster/embedded/python/environments.ts';
import { slipwayHome } from '../clients/embedded.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { JsonObject, JsonValue } from '../core/base/json.ts';
import { isJsonObject } from '../core/base/json.ts';
import type { InputParameter } from '../core/ir/model.ts';
import { parseWithDocuments } from '../core/ir/specDocuments.ts';
import { readPipelineText } from './pipelineText.ts';

export interface PipelineRunOptions {
  /** One JSON object per line instead of text. */
  readonly json: boolean;
  /** `name=value`; the pipeline's inputs say of what type. */
  readonly parameters: readonly string[];
  /** Default: `$SLIPWAY_HOME/local`. */
  readonly home?: string;
  readonly print: (line: string) => void;
  /** Terminates the run. */
  readonly signal: AbortSignal;
}

class PipelineRunError extends SlipwayError<'document' | 'parameter'> {}

/** 0: succeeded; 1: failed or terminated. Throws a SlipwayError for what the caller got wrong. */
export async function pipelineRun(file: string, options: PipelineRunOptions): Promise<0 | 1> {
  const text = await readPipelineText(file, options.signal);
  const parsed = parseWithDocuments(text);
  if (parsed.kind === 'notPipeline') {
    throw new PipelineRunError('document', `${file}: ${parsed.problem.message}`, {
      action: `Run slipway pipeline check ${file}`,
    });
  }
  const { document, documents } = parsed;
  const parameters = readParameters(options.parameters, document.root.inputs.parameters);
  const say = options.json ? jsonLines(options.print) : textLines(options.print);
  const run = await runLocal(documents, parameters, {
    home: options.home ?? join(slipwayHome(), 'local'),
    environments: new PythonEnvironments({ onProgress: (line) => say.progress(line) }),
    displayName: document.displayName ?? basename(file).replace(/(\.pipeline)?\.(ya?ml|json)$/, ''),
    onStart: (runId) => say.started(runId, document.name),
    onTask: (task, logPath) => say.task(task, logPath),
    onError: (error) => say.progress(error.message),
    signal: options.signal,
  });
  say.ended(run);
  return run.state === 'SUCCEEDED' ? 0 : 1;
}

/** Throws PipelineRunError `parameter`. */
function readParameters(
  given: readonly string[],
  inputs: readonly InputParameter[],
): Record<string, JsonValue> {
  const values = new Map<string, JsonValue>();
  for (const one of given) {
    const [name = ''] = one.split('=', 1);
    const input = inputs.find((candidate) => candidate.name === name);
    if (!one.includes('=')) throw wrong(`--param ${one} has no value.`, `Write --param ${name}=VALUE`);
    if (!input) {
      const known = inputs.map((candidate) => candidate.name);
      throw wrong(
        `The pipeline has no parameter ${name}.`,
        known.length === 0 ? 'It has no parameters' : `It has ${known.join(', ')}`,
      );
    }
    values.set(name, readValue(input, one.slice(name.length + 1)));
  }
  const missing = inputs.filter(
    (input) => !values.has(input.name) && input.defaultValue === undefined && !input.isOptional,
  );
  if (missing[0]) {
    throw wrong(
      `The pipeline's parameter ${missing[0].name} has no value and no default.`,
      `Add --param ${missing[0].name}=VALUE`,
    );
  }
  return Object.fromEntries(values);
}

function readValue({ name, type }: InputParameter, text: string): JsonValue {
  switch (type) {
    case 'STRING':
      return text;
    case 'NUMBER_INTEGER':
      if (!/^[+-]?\d+$/.test(text)) throw wrong(`The parameter ${name} is an integer, but ${text} isn't.`);
      return Number(text);
    case 'NUMBER_DOUBLE':
      if (text.trim() === '' || !Number.isFinite(Number(text)))
        throw wrong(`The parameter ${name} is a number, but ${text} isn't.`);
      return Number(text);
    case 'BOOLEAN':
      if (text !== 'true' && text !== 'false')
        throw wrong(`The parameter ${name} is true or false, not ${text}.`);
      return text === 'true';
    case 'LIST':
    case 'STRUCT':
    case 'TASK_FINAL_STATUS':
    case 'TASK_CONFIG': {
      const value = parseJson(text);
      const isRight = type === 'LIST' ? Array.isArray(value) : isJsonObject(value);
      if (value === undefined || !isRight) {
        throw wrong(
          `The parameter ${name} is a ${type === 'LIST' ? 'list' : 'struct'}, but its value isn't that in JSON.`,
          type === 'LIST' ? `Write --param '${name}=[1, 2]'` : `Write --param '${name}={"key": "value"}'`,
        );
      }
      return value;
    }
  }
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function wrong(message: string, action?: string): PipelineRunError {
  return new PipelineRunError('parameter', message, action === undefined ? {} : { action });
}

interface Reporter {
  started(runId: string, pipeline: string): void;
  progress(line: string): void;
  task(task: TaskRow, logPath: string | undefined): void;
  ended(run: LocalRun): void;
}

/** `scopePath` is the id of the task's GraphNode: keys joined by `/`, without the root. */
function jsonLines(print: (line: string) => void): Reporter {
  const event = (value: JsonObject): void => print(JSON.stringify(value));
  return {
    started: (runId, pipeline) => event({ event: 'started', runId, pipeline }),
    progress: (message) => event({ event: 'progress', message }),
    task: (task, logPath) =>
      event({
        event: 'task',
        taskId: task.id,
        scopePath: scopePath(task),
        name: task.displayName,
        kind: task.kind,
        state: task.state,
        ...(task.iteration === null ? {} : { iteration: task.iteration }),
        ...(task.error === null ? {} : { error: task.error }),
        ...(Object.keys(task.notes).length > 0 ? { notes: task.notes } : {}),
        ...(logPath === undefined ? {} : { log: logPath }),
      }),
    ended: (run) =>
      event({
        event: 'run',
        state: run.state,
        runId: run.runId,
        ...(run.error === undefined ? {} : { error: run.error }),
        outputs: outputsJson(run.outputs),
      }),
  };
}

function textLines(print: (line: string) => void): Reporter {
  const said = new Map<string, string>();
  return {
    started: (runId, pipeline) => print(`Running ${pipeline} (run ${runId})`),
    progress: (message) => print(message),
    task: (task, logPath) => {
      if (task.kind === 'ROOT' || task.state === 'PENDING' || said.get(task.id) === task.state) return;
      said.set(task.id, task.state);
      const iteration = task.iteration === null ? '' : `[${task.iteration}]`;
      const error =
        task.error === null ? '' : `: ${task.error}${logPath === undefined ? '' : ` Log: ${logPath}`}`;
      print(`  ${task.state.toLowerCase().padEnd(9)} ${scopePath(task)}${iteration}${error}`);
    },
    ended: (run) => {
      print(
        `The run ${run.state === 'SUCCEEDED' ? 'succeeded' : run.state === 'FAILED' ? 'failed' : 'was terminated'}.`,
      );
      if (run.error !== undefined) print(run.error);
      for (const [name, value] of Object.entries(outputsJson(run.outputs)))
        print(`  ${name} = ${JSON.stringify(value)}`);
    },
  };
}

function scopePath(task: TaskRow): string {
  return task.scopePath.split('.').slice(1).join('/');
}

function outputsJson(outputs: LocalOutputs): JsonObject {
  const artifacts = Object.entries(outputs.artifacts).map(([name, items]): [string, JsonValue] => [
    name,
    items.map(({ name: own, type, uri, metadata }) => ({ name: own, type, uri, metadata })),
  ]);
  return { ...outputs.parameters, ...Object.fromEntries(artifacts) };
}
