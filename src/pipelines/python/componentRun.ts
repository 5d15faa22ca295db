/** One component run, or debugged, on this machine: its function in the user's file, with inputs that are asked for. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  debug,
  DebugAdapterExecutable,
  window,
  workspace,
  type DebugAdapterDescriptorFactory,
  type Memento,
  type Uri,
} from 'vscode';
import { z } from 'zod';
import { debugType } from '../../contributions.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import type { JsonValue } from '../../core/base/json.ts';
import { readSignature, type PythonSignature } from '../../core/ir/pythonSignature.ts';
import { StoredValue } from '../../platform/state.ts';
import type { Interpreters } from './interpreters.ts';
import { outlineOf } from './outline.ts';
import type { PythonParser } from './syntax.ts';

type Signature = Extract<PythonSignature, { kind: 'signature' }>;
type Port = Signature['inputs'][number];

const remembered = z.record(z.string(), z.record(z.string(), z.string()));

export interface ComponentRunDeps {
  readonly interpreters: Interpreters;
  readonly parser: () => Promise<PythonParser>;
  readonly state: Memento;
  /** Absolute path of run_component.py. */
  readonly script: string;
  /** Where inputs and outputs of runs go. */
  readonly folder: string;
}

export class ComponentRuns {
  readonly #deps: ComponentRunDeps;
  readonly #inputs: StoredValue<z.infer<typeof remembered>>;

  constructor(deps: ComponentRunDeps) {
    this.#deps = deps;
    this.#inputs = new StoredValue(deps.state, 'slipway.componentInputs', remembered, {});
  }

  /** Asks for the inputs, then starts the function; breakpoints in the user's file work. */
  async start(file: Uri, name: string, mode: 'run' | 'debug', signal: AbortSignal): Promise<void> {
    if (!workspace.isTrusted)
      throw new SlipwayError('untrusted', 'This folder is not trusted, so nothing in it is run.');
    const document = await workspace.openTextDocument(file);
    const parser = await this.#deps.parser();
    const found = parser.with(document.getText(), outlineOf).find((one) => one.name === name);
    if (found === undefined)
      throw new SlipwayError('noComponent', `${name} is no component of this file any more.`);
    const signature = readSignature(found.source, name);
    if (signature.kind === 'refused') throw new SlipwayError('noSignature', signature.reason);
    const inputs = await this.#ask(`${file.toString()}#${name}`, signature);
    if (inputs === undefined) return;
    if (document.isDirty) await document.save();
    const folder = join(this.#deps.folder, name, String(Date.now()));
    const input = await writeInput(folder, signature, inputs);
    const { path } = await this.#deps.interpreters.find(file, signal);
    await debug.startDebugging(
      workspace.getWorkspaceFolder(file),
      {
        type: debugType,
        request: 'launch',
        name: `${mode === 'run' ? 'Run' : 'Debug'} ${name}`,
        program: this.#deps.script,
        args: [file.fsPath, name, input],
        // Of KFP's decorators, about things that do not matter here.
        python: [path, '-W', 'ignore::FutureWarning'],
        cwd: workspace.getWorkspaceFolder(file)?.uri.fsPath ?? this.#deps.folder,
        console: 'internalConsole',
        justMyCode: true,
      },
      { noDebug: mode === 'run' },
    );
  }

  /** One line an input, filled with what it was last time. undefined: the person left. */
  async #ask(
    key: string,
    { functionName, inputs }: Signature,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const last = this.#inputs.get()[key] ?? {};
    const values = new Map<string, string>();
    const asked = inputs.filter(({ type }) => type !== 'TASK_FINAL_STATUS' && type !== 'TASK_CONFIG');
    for (const [at, port] of asked.entries()) {
      const value = await window.showInputBox({
        title: `${functionName}: ${port.name} (${at + 1} of ${asked.length})`,
        prompt: port.kind === 'artifact' ? `${port.type}: a path or a URI` : port.type,
        value: last[port.name] ?? written(port.defaultValue),
        ignoreFocusOut: true,
        validateInput: (text) => problemOf(port, text),
      });
      if (value === undefined) return undefined;
      values.set(port.name, value);
    }
    const others = Object.entries(this.#inputs.get()).filter(([one]) => one !== key);
    await this.#inputs.set(
      Object.fromEntries([...others, [key, Object.fromEntries(values)] as const].slice(-50)),
    );
    return values;
  }
}

/** debugpy of Slipway's own: the interpreter that is debugged needs none. */
export class PythonDebugAdapters implements DebugAdapterDescriptorFactory {
  readonly #interpreters: Interpreters;

  constructor(interpreters: Interpreters) {
    this.#interpreters = interpreters;
  }

  async createDebugAdapterDescriptor(): Promise<DebugAdapterExecutable> {
    const python = await this.#interpreters.own('debugpy', AbortSignal.timeout(5 * 60_000));
    return new DebugAdapterExecutable(python, ['-m', 'debugpy.adapter']);
  }
}

function written(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function problemOf(port: Port, text: string): string | undefined {
  if (text === '' && (port.isOptional === true || port.defaultValue !== undefined)) return undefined;
  return port.kind === 'artifact' ? undefined : parameterOf(port.type, text).problem;
}

function parameterOf(type: string, text: string): { readonly value?: JsonValue; readonly problem?: string } {
  if (type === 'STRING') return { value: text };
  let value: JsonValue;
  try {
    value = JSON.parse(type === 'BOOLEAN' ? text.toLowerCase() : text) as JsonValue;
  } catch {
    return { problem: type === 'LIST' || type === 'STRUCT' ? 'Write it as JSON.' : `This is no ${type}.` };
  }
  const isRight =
    type === 'BOOLEAN'
      ? typeof value === 'boolean'
      : type === 'LIST'
        ? Array.isArray(value)
        : type === 'STRUCT'
          ? typeof value === 'object' && value !== null && !Array.isArray(value)
          : type === 'NUMBER_INTEGER'
            ? Number.isInteger(value)
            : typeof value === 'number';
  return isRight ? { value } : { problem: `This is no ${type}.` };
}

async function writeInput(
  folder: string,
  { inputs, outputs }: Signature,
  values: ReadonlyMap<string, string>,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const parameterValues: Record<string, JsonValue> = {};
  const artifacts: Record<string, JsonValue> = {};
  for (const port of inputs) {
    const text = values.get(port.name);
    if (text === undefined || (text === '' && port.type !== 'STRING')) continue;
    if (port.kind === 'artifact')
      artifacts[port.name] = { artifacts: [artifact(port.name, port.type, text)] };
    else {
      const { value } = parameterOf(port.type, text);
      if (value !== undefined) parameterValues[port.name] = value;
    }
  }
  const made: Record<string, JsonValue> = {};
  const parameters: Record<string, JsonValue> = {};
  for (const { name, kind, type } of outputs) {
    const path = join(folder, name);
    if (kind === 'artifact') made[name] = { artifacts: [artifact(name, type, path)] };
    else parameters[name] = { outputFile: path };
  }
  const input = join(folder, 'executor_input.json');
  const executorInput = {
    inputs: { parameterValues, artifacts },
    outputs: { parameters, artifacts: made, outputFile: join(folder, 'executor_output.json') },
  };
  await writeFile(input, JSON.stringify(executorInput, undefined, 2), { mode: 0o600 });
  return input;
}

function artifact(name: string, type: string, uri: string): JsonValue {
  const schemaTitle = type.includes('.') ? type : `system.${type}`;
  return { name, type: { schemaTitle, schemaVersion: '0.0.1' }, uri, metadata: {} };
}
