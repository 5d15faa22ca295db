/**
 * The environment: which one is current (catalog, switcher), what is in it (store, tree, view), its Session, people's
 * own tools, the doctor. Everything else takes clients from the Session.
 */
import { join } from 'node:path';
import {
  window,
  workspace,
  type ExtensionContext,
  type LogOutputChannel,
  type TreeDataProvider,
  type TreeView,
  type WebviewPanel,
} from 'vscode';
import { z } from 'zod';
import { KfpClient } from '../clients/kfp/client.ts';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { CommandHandlers } from '../platform/commands.ts';
import { setContext } from '../platform/contextKeys.ts';
import type { ErrorReporter } from '../platform/errorReporter.ts';
import type { LogTerminals } from '../platform/logTerminal.ts';
import { withCancellableProgress } from '../platform/progress.ts';
import { readSetting } from '../platform/settings.ts';
import { StoredValue } from '../platform/state.ts';
import { EMBEDDED_ID, EnvironmentCatalog } from './catalog.ts';
import type { CliCommand } from './cli.ts';
import { clusterCommands } from './clusterCommands.ts';
import { ComponentStatuses } from './componentStatus.ts';
import { DoctorPanel } from './doctorPanel.ts';
import { EmbeddedEnvironment } from './embedded.ts';
import type { Environment } from './environment.ts';
import { environmentCommands } from './environmentCommands.ts';
import { Forwards } from './forwards.ts';
import { kubeconfigPaths } from './kubeconfigPaths.ts';
import { connectKubernetes } from './kubernetesAccess.ts';
import { LiveCluster } from './liveCluster.ts';
import { isProduction } from './production.ts';
import type { EnvironmentNode } from './rows.ts';
import { Environments, type StartGate } from './session.ts';
import { ShellTerminals } from './shellTerminal.ts';
import { registerStatusBar } from './statusBar.ts';
import { EnvironmentStore } from './store.ts';
import { Switcher } from './switcher.ts';
import { contextVariables } from './toolContext.ts';
import { ToolVariables } from './toolVariables.ts';
import { usedKey } from './usedKey.ts';
import { EnvironmentView } from './view.ts';

export type { EnvironmentNode } from './rows.ts';

export interface EnvironmentDeps {
  readonly context: ExtensionContext;
  readonly cli: CliCommand;
  /** As the editor was started. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: LogOutputChannel;
  readonly reporter: ErrorReporter;
  readonly view: TreeView<EnvironmentNode>;
  readonly terminals: LogTerminals;
}

export function registerEnvironment(deps: EnvironmentDeps) {
  const { context, cli, env, log, reporter, terminals } = deps;
  const disposables = new DisposableStore();
  const remembered = new StoredValue(context.workspaceState, 'slipway.environment', z.string(), EMBEDDED_ID);
  const catalog = disposables.add(
    new EnvironmentCatalog({
      embedded: () => new EmbeddedEnvironment(cli),
      paths: () => kubeconfigPaths(env, readSetting('slipway.kubeconfig')),
      connect: connectKubernetes,
      tools: (access) => contextVariables(access, join(context.globalStorageUri.fsPath, 'contexts')),
      get connectsAtOnce() {
        return workspace.isTrusted;
      },
    }),
  );
  const environments = disposables.add(
    new Environments(
      catalog.open(remembered.get()),
      { kfp: (endpoint) => new KfpClient(endpoint), kubernetes: connectKubernetes },
      gate,
    ),
  );
  const showContext = (): void => {
    setContext('slipway.environment', environments.state.kind);
    setContext('slipway.environment.isManaged', environments.current.isManaged);
    // From now on this folder's tools are pointed at it as soon as the window opens.
    if (environments.session !== undefined && context.workspaceState.get(usedKey) !== true)
      void context.workspaceState.update(usedKey, true);
  };
  disposables.add(environments.onDidChange(showContext));
  showContext();
  disposables.add(
    catalog.onDidChange(() => {
      if (!environments.current.isManaged) reporter.background(environments.refresh());
    }),
  );
  disposables.add(
    workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration('slipway.kubeconfig')) return;
      catalog.watch();
      if (!environments.current.isManaged) reporter.background(environments.refresh());
    }),
  );

  const components = disposables.add(new ComponentStatuses(cli));
  const cluster = disposables.add(new LiveCluster());
  const forwards = disposables.add(new Forwards((error) => reporter.log(error)));
  const store = disposables.add(
    new EnvironmentStore({
      environments,
      components,
      cluster,
      forwards,
      mayRunCli: () => workspace.isTrusted,
    }),
  );
  const view = disposables.add(new EnvironmentView(store, deps.view));
  disposables.add(registerStatusBar(environments));
  disposables.add(new ToolVariables(context.environmentVariableCollection, environments, env));
  const shells = disposables.add(new ShellTerminals());
  const switcher = new Switcher({ environments, catalog, remembered, env });
  const doctor = disposables.add(
    new DoctorPanel({
      cli,
      environments,
      catalog,
      reporter,
      extensionUri: context.extensionUri,
      neededVersion: neededVersion(context),
    }),
  );

  const handlers = {
    ...environmentCommands({
      environments,
      components,
      cluster,
      switcher,
      doctor,
      gate,
      cli,
      log,
      extensionPath: context.extensionPath,
    }),
    ...clusterCommands({ environments, components, forwards, logs: terminals, shells, cli }),
  } satisfies Partial<CommandHandlers>;

  return {
    environments,
    handlers,
    tree: view as TreeDataProvider<EnvironmentNode>,
    restorePanel: (panel: WebviewPanel) => doctor.restore(panel),
    dispose: () => disposables.dispose(),
  } satisfies Disposable & Record<string, unknown>;
}

const gate: StartGate = {
  requireTrust: () => {
    if (workspace.isTrusted) return;
    throw new SlipwayError('untrusted', 'This folder is not trusted, so nothing in it is run.', {
      action: 'Manage trust',
    });
  },
  withProgress: withCancellableProgress,
  isProduction: (environment: Environment) =>
    isProduction(environment, readSetting('slipway.environments.production')),
  confirmProduction: async ({ label }, act) => {
    const choice = await window.showWarningMessage(
      `${act} in ${label}?`,
      {
        modal: true,
        detail: 'This environment is marked as production (setting slipway.environments.production).',
      },
      'Go On',
    );
    if (choice !== 'Go On') throw new DOMException('Cancelled', 'AbortError');
  },
};

function neededVersion(context: ExtensionContext): string {
  const manifest = z.object({ engines: z.object({ vscode: z.string() }) });
  return manifest.parse(context.extension.packageJSON).engines.vscode.replace('^', '');
}
