/**
 * People's own tools follow the current environment: new terminals and tasks by VS Code's collection, Python debugging
 * by its launch configuration, Jupyter kernels by this process's variables, which they inherit. Secrets stay in memory:
 * nothing is written into the workspace or into VS Code's storage.
 */
import { readFile } from 'node:fs/promises';
import {
  debug,
  workspace,
  type DebugConfiguration,
  type EnvironmentVariableCollection,
  type WorkspaceFolder,
} from 'vscode';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { debugType } from '../contributions.ts';
import { readSetting } from '../platform/settings.ts';
import type { Environments } from './session.ts';

type Variables = Readonly<Record<string, string>>;

const DEBUG_TYPES = ['debugpy', 'python', debugType];

export class ToolVariables implements Disposable {
  readonly #disposables = new DisposableStore();
  readonly #collection: EnvironmentVariableCollection;
  readonly #environments: Environments;
  /** What this process had before: such a variable is the person's own. */
  readonly #original: NodeJS.ProcessEnv;
  readonly #process: NodeJS.ProcessEnv;
  #applied: Variables = {};

  constructor(
    collection: EnvironmentVariableCollection,
    environments: Environments,
    original: NodeJS.ProcessEnv,
  ) {
    this.#collection = collection;
    this.#environments = environments;
    this.#original = original;
    this.#process = process.env;
    // Passwords are among them, and a new window finds them anew.
    collection.persistent = false;
    this.#disposables.add(environments.onDidChange(() => this.#apply()));
    this.#disposables.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('slipway.tools')) this.#apply();
      }),
    );
    for (const type of DEBUG_TYPES)
      this.#disposables.add(
        debug.registerDebugConfigurationProvider(type, {
          resolveDebugConfigurationWithSubstitutedVariables: (_folder: WorkspaceFolder | undefined, config) =>
            this.#forDebugging(config),
        }),
      );
    this.#apply();
  }

  dispose(): void {
    this.#disposables.dispose();
    this.#collection.clear();
    this.#intoProcess({});
  }

  get #variables(): Variables {
    return this.#environments.session?.endpoints.tools ?? {};
  }

  #apply(): void {
    const variables = this.#variables;
    this.#intoProcess(readSetting('slipway.tools.kernels') ? variables : {});
    const wanted = readSetting('slipway.tools.terminals') ? variables : {};
    // A change makes VS Code mark every open terminal as outdated: only what is new is written.
    for (const [name] of [...this.#collection]) if (!(name in wanted)) this.#collection.delete(name);
    for (const [name, value] of Object.entries(wanted))
      if (this.#collection.get(name)?.value !== value) this.#collection.replace(name, value);
    const { label } = this.#environments.current;
    this.#collection.description = `Slipway points kubectl, mlflow, feast, kfp and S3 tools at “${label}” (setting slipway.tools.terminals).`;
  }

  #intoProcess(variables: Variables): void {
    for (const name of Object.keys(this.#applied))
      if (!(name in variables)) Reflect.deleteProperty(this.#process, name);
    const allowed = Object.entries(variables).filter(([name]) => this.#original[name] === undefined);
    for (const [name, value] of allowed) this.#process[name] = value;
    this.#applied = Object.fromEntries(allowed);
  }

  /** What the launch configuration or its envFile sets, wins. */
  async #forDebugging(config: DebugConfiguration): Promise<DebugConfiguration> {
    if (config.request !== 'launch' || !readSetting('slipway.tools.terminals')) return config;
    const envFile: unknown = config['envFile'];
    const own: unknown = config['env'];
    const named = typeof envFile === 'string' ? await namesIn(envFile) : new Set<string>();
    const added = Object.entries(this.#variables).filter(([name]) => !named.has(name));
    const env = { ...Object.fromEntries(added), ...(typeof own === 'object' && own !== null ? own : {}) };
    return { ...config, env };
  }
}

async function namesIn(envFile: string): Promise<ReadonlySet<string>> {
  const text = await readFile(envFile, 'utf8').catch(() => '');
  return new Set([...text.matchAll(/^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/gm)].map((match) => match[1] ?? ''));
}
