/** Choosing the current environment: the status bar's menu, *Connect to a Cluster*, *Use kind*. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import type { CommandArguments, CommandId } from '../contributions.ts';
import { asError, SlipwayError } from '../core/base/errors.ts';
import { executeCommand } from '../platform/commands.ts';
import type { StoredValue } from '../platform/state.ts';
import type { Choice, EnvironmentCatalog } from './catalog.ts';
import type { Environments } from './session.ts';

export interface SwitcherDeps {
  readonly environments: Environments;
  readonly catalog: EnvironmentCatalog;
  /** Of this workspace. */
  readonly remembered: StoredValue<string>;
  readonly env: NodeJS.ProcessEnv;
}

/** Commands that take nothing. */
type PlainCommand = {
  [Id in CommandId]: CommandArguments[Id] extends readonly [] ? Id : never;
}[CommandId];

type Item = QuickPickItem & { readonly act?: () => Promise<void> };

export class Switcher {
  readonly #deps: SwitcherDeps;

  constructor(deps: SwitcherDeps) {
    this.#deps = deps;
  }

  /** Everything that can be done about the current environment, and every other one. */
  async menu(): Promise<void> {
    const { environments, catalog } = this.#deps;
    const { current, state } = environments;
    let contexts: readonly Choice[] = [];
    let problem: string | undefined;
    try {
      contexts = await catalog.contexts();
    } catch (error) {
      problem = asError(error).message;
    }
    const groups: readonly (readonly [string, readonly Choice[]])[] = [
      ['On this machine', [catalog.embedded, ...contexts.filter(({ kind }) => kind === 'kind')]],
      ['Kubeconfig', contexts.filter(({ kind }) => kind === 'context')],
    ];
    const items: Item[] = groups
      .filter(([, choices]) => choices.length > 0)
      .flatMap(([label, choices]) => [separator(label), ...choices.map((choice) => this.#item(choice))]);
    if (problem !== undefined)
      items.push({ label: '$(warning) The kubeconfig can’t be read', detail: problem });
    const command = (label: string, id: PlainCommand): Item => ({ label, act: () => executeCommand(id) });
    items.push(
      separator(current.label),
      ...(current.isManaged
        ? [
            state.kind === 'ready' || state.kind === 'starting'
              ? command('$(debug-stop) Stop', 'slipway.environment.stop')
              : command('$(play) Start', 'slipway.environment.start'),
          ]
        : [command('$(refresh) Connect again', 'slipway.environment.refresh')]),
      command('$(pulse) Doctor', 'slipway.doctor'),
      command('$(output) Show log', 'slipway.showLog'),
      command('$(folder-library) Open demo project', 'slipway.openDemo'),
    );
    const choice = await window.showQuickPick(items, {
      title: `Environment: ${current.label} (${stateWord(environments)})`,
      placeHolder: 'Choose an environment, or what to do with the current one',
      matchOnDescription: true,
      matchOnDetail: true,
    });
    await choice?.act?.();
  }

  /** Only clusters that are there already. */
  async connect(): Promise<void> {
    const contexts = await this.#deps.catalog.contexts();
    if (contexts.length === 0)
      throw new SlipwayError(
        'noContexts',
        'No kubeconfig was found: neither in KUBECONFIG nor as ~/.kube/config.',
        { action: 'Name one in the setting slipway.kubeconfig' },
      );
    const choice = await window.showQuickPick(
      contexts.map((one) => this.#item(one)),
      { title: 'Connect to a cluster', placeHolder: 'Context of the kubeconfig', matchOnDetail: true },
    );
    await choice?.act?.();
  }

  /** A kind cluster that runs already; else says what is missing. Nothing is installed. */
  async useKind(): Promise<void> {
    const clusters = (await this.#deps.catalog.contexts()).filter(({ kind }) => kind === 'kind');
    const [only] = clusters;
    if (only !== undefined && clusters.length === 1) {
      await this.switchTo(only.id);
      return;
    }
    if (only !== undefined) {
      const choice = await window.showQuickPick(
        clusters.map((one) => this.#item(one)),
        { title: 'Use kind', placeHolder: 'Cluster' },
      );
      await choice?.act?.();
      return;
    }
    throw new SlipwayError('noKind', `No kind cluster is in the kubeconfig. ${this.#kindAdvice()}`, {
      action: 'Start the embedded cluster, which needs neither',
    });
  }

  async switchTo(id: string): Promise<void> {
    const { environments, catalog, remembered } = this.#deps;
    await remembered.set(id);
    if (id === environments.current.id) {
      await environments.refresh();
      return;
    }
    environments.switchTo(catalog.open(id));
    await environments.current.discovered;
  }

  #item(choice: Choice): Item {
    const { environments } = this.#deps;
    const isCurrent = choice.id === environments.current.id;
    const icon = { embedded: 'vm', kind: 'package', context: 'cloud' }[choice.kind];
    return {
      label: `$(${icon}) ${choice.label}`,
      description: [
        isCurrent ? `current, ${stateWord(environments)}` : undefined,
        choice.isKubectlCurrent ? 'kubectl’s current' : undefined,
      ]
        .filter(Boolean)
        .join(' · '),
      detail: choice.detail,
      act: () => this.switchTo(choice.id),
    };
  }

  #kindAdvice(): string {
    const missing = ['docker', 'kind'].filter((program) => !isOnPath(program, this.#deps.env));
    return missing.length === 0
      ? 'Make one with “kind create cluster”, then choose it here.'
      : `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not on PATH: install ${
          missing.length === 1 ? 'it' : 'them'
        } first.`;
  }
}

function stateWord(environments: Environments): string {
  const { state, current } = environments;
  switch (state.kind) {
    case 'unknown':
      return 'not looked at yet';
    case 'stopped':
      return current.isManaged ? 'not running' : 'not connected';
    case 'starting':
      return state.message;
    case 'ready':
      return current.isManaged ? 'running' : 'connected';
    case 'failed':
      return 'failed';
  }
}

function separator(label: string): Item {
  return { label, kind: QuickPickItemKind.Separator };
}

function isOnPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
