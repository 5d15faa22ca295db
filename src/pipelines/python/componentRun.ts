/** One component run, or debugged, on this machine: its function in the user's file, with inputs given in a form. */
import { join } from 'node:path';
import { Uri, workspace, type Memento } from 'vscode';
import { z } from 'zod';
import { SlipwayError } from '../../core/base/errors.ts';
import type { JsonValue } from '../../core/base/json.ts';
import type { RuntimeArtifact } from '../../core/ir/executorInput.ts';
import { readSignature, type PythonSignature } from '../../core/ir/pythonSignature.ts';
import { givenTypes } from '../../core/ir/values.ts';
import type { FormInput, FormTarget } from '../../core/protocol/runForm.ts';
import { StoredValue } from '../../platform/state.ts';
import { emptyForm, type FormSubject } from '../formPanels.ts';
import { artifactType, writeCall } from './functionCall.ts';
import { startFunction } from './functionSession.ts';
import type { Interpreters } from './interpreters.ts';
import { outlineOf } from './outline.ts';
import type { PythonParser } from './syntax.ts';

type Signature = Extract<PythonSignature, { kind: 'signature' }>;
type Port = Signature['inputs'][number];
export type ComponentTarget = NonNullable<FormTarget['component']>;
type Values = Readonly<Record<string, JsonValue>>;

const remembered = z.record(z.string(), z.record(z.string(), z.json()));
const MOST_REMEMBERED = 50;

export interface ComponentRunDeps {
  readonly interpreters: Interpreters;
  readonly parser: () => Promise<PythonParser>;
  readonly state: Memento;
  /** Absolute path of run_component.py. */
  readonly script: string;
  /** Where inputs and outputs of runs go. */
  readonly folder: string;
  /** Asks for the inputs. */
  readonly openForm: (subject: FormSubject) => void;
}

export class ComponentRuns {
  readonly #deps: ComponentRunDeps;
  readonly #inputs: StoredValue<z.infer<typeof remembered>>;

  constructor(deps: ComponentRunDeps) {
    this.#deps = deps;
    this.#inputs = new StoredValue(deps.state, 'slipway.componentForms', remembered, {});
  }

  /** Opens its form, whose answer starts the function; one without inputs starts at once. Breakpoints in the file work. */
  async start(target: ComponentTarget): Promise<void> {
    if (!workspace.isTrusted)
      throw new SlipwayError('untrusted', 'This folder is not trusted, so nothing in it is run.');
    const { inputs } = await this.#signature(target);
    if (asked(inputs).length === 0) await this.#call(target, {});
    else this.#deps.openForm(this.subject(target));
  }

  subject(target: ComponentTarget): FormSubject {
    const { uri, name, mode } = target;
    const key = `${uri}#${name}`;
    const verb = mode === 'run' ? 'Run' : 'Debug';
    return {
      key: `${mode} ${key}`,
      title: `${verb} ${name}`,
      target: { component: target },
      state: async () => ({
        ...emptyForm,
        target: { component: target },
        subject: 'component',
        verb,
        name,
        place: 'this editor',
        // A form has the name of what it starts.
        runName: name,
        inputs: asked((await this.#signature(target)).inputs).map(formInput),
        remembered: this.#inputs.get()[key] ?? {},
      }),
      submit: async ({ parameters }) => {
        await this.#remember(key, parameters);
        await this.#call(target, parameters);
      },
    };
  }

  /** Of the file's text as it is in the editor. */
  async #signature({ uri, name }: ComponentTarget): Promise<Signature> {
    const document = await workspace.openTextDocument(Uri.parse(uri));
    const parser = await this.#deps.parser();
    const found = parser.with(document.getText(), outlineOf).find((one) => one.name === name);
    if (found === undefined)
      throw new SlipwayError('noComponent', `${name} is no component of this file any more.`);
    const signature = readSignature(found.source, name);
    if (signature.kind === 'refused') throw new SlipwayError('noSignature', signature.reason);
    return signature;
  }

  async #call(target: ComponentTarget, values: Values): Promise<void> {
    const { name, mode } = target;
    // The form may be older than the function.
    const { inputs, outputs } = await this.#signature(target);
    const uri = Uri.parse(target.uri);
    const document = await workspace.openTextDocument(uri);
    if (document.isDirty) await document.save();
    const folder = join(this.#deps.folder, name, String(Date.now()));
    const given = asked(inputs).flatMap((port) =>
      Object.hasOwn(values, port.name) ? [[port, values[port.name] ?? null] as const] : [],
    );
    const request = await writeCall(folder, {
      file: uri.fsPath,
      functionName: name,
      inputs,
      outputs,
      parameters: new Map(
        given.filter(([{ kind }]) => kind === 'parameter').map(([port, value]) => [port.name, value]),
      ),
      artifacts: new Map(
        given
          .filter(([{ kind }]) => kind === 'artifact')
          .flatMap(([port, value]) =>
            typeof value !== 'string' || value === '' ? [] : [[port.name, [artifact(port, value)]]],
          ),
      ),
    });
    const { interpreters } = this.#deps;
    const signal = AbortSignal.timeout(5 * 60_000);
    const { path } = await interpreters.find(uri, signal);
    await interpreters.own('debugpy', signal);
    await startFunction({
      name: `${mode === 'run' ? 'Run' : 'Debug'} ${name}`,
      mode,
      python: path,
      script: this.#deps.script,
      request,
      file: uri.fsPath,
      cwd: workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? folder,
    });
  }

  async #remember(key: string, values: Values): Promise<void> {
    const others = Object.entries(this.#inputs.get()).filter(([one]) => one !== key);
    const entries = [...others, [key, values] as const].slice(-MOST_REMEMBERED);
    await this.#inputs.set(remembered.parse(Object.fromEntries(entries)));
  }
}

/** Without what the backend fills in. */
function asked(inputs: readonly Port[]): readonly Port[] {
  return inputs.filter(({ type }) => type !== 'TASK_FINAL_STATUS' && type !== 'TASK_CONFIG');
}

function formInput(port: Port): FormInput {
  return {
    name: port.name,
    type: givenTypes.find((one) => one === port.type) ?? 'STRING',
    defaultValue: port.defaultValue,
    isOptional: port.isOptional === true,
    description: undefined,
    literals: [],
    artifact: port.kind === 'artifact' ? port.type.replace(/^system\./, '') : undefined,
  };
}

function artifact({ name, type }: Port, uri: string): RuntimeArtifact {
  return { name, type: artifactType(type), uri, metadata: {} };
}
