/** Composition root of everything that does something: loaded by extension.ts on first use. */
import { join } from 'node:path';
import {
  window,
  type CustomTextEditorProvider,
  type ExtensionContext,
  type FileSystemProvider,
  type TaskProvider,
  type TreeDataProvider,
  type TreeView,
  type WebviewPanel,
} from 'vscode';
import { GraphWorker } from './clients/graphWorker.ts';
import { panelTypes, type CommandArguments, type CommandId } from './contributions.ts';
import { DisposableStore, type Disposable } from './core/base/disposable.ts';
import type { CliCommand } from './environment/cli.ts';
import { registerEnvironment, type EnvironmentNode } from './environment/index.ts';
import type { CommandHandlers } from './platform/commands.ts';
import { ErrorReporter } from './platform/errorReporter.ts';
import { LogTerminals } from './platform/logTerminal.ts';
import { registerPipelines, type PipelineNode } from './pipelines/index.ts';

export type { EnvironmentNode } from './environment/index.ts';
export type { PipelineNode } from './pipelines/index.ts';

/** What extension.ts hands VS Code's calls to. */
export interface Slipway extends Disposable {
  /** Runs a command; shows what went wrong instead of rejecting. */
  execute<Id extends CommandId>(id: Id, args: CommandArguments[Id]): Promise<void>;
  readonly pipelinesTree: TreeDataProvider<PipelineNode>;
  readonly environmentTree: TreeDataProvider<EnvironmentNode>;
  readonly tasks: TaskProvider;
  readonly editors: CustomTextEditorProvider;
  readonly code: FileSystemProvider;
  restorePanel(viewType: string, panel: WebviewPanel, state: unknown): Promise<void>;
}

export interface Views {
  readonly pipelines: TreeView<PipelineNode>;
  readonly environment: TreeView<EnvironmentNode>;
}

export function startSlipway(context: ExtensionContext, views: Views): Slipway {
  const disposables = new DisposableStore();
  const log = disposables.add(window.createOutputChannel('Slipway', { log: true }));
  const reporter = new ErrorReporter(log, {
    notStarted: { title: 'Start', command: 'slipway.environment.start' },
    unreachable: { title: 'Start', command: 'slipway.environment.start' },
    untrusted: { title: 'Manage Trust', command: 'workbench.trust.manage' },
    invalidPipeline: { title: 'Show Problems', command: 'workbench.actions.view.problems' },
    notPipeline: { title: 'Show Problems', command: 'workbench.actions.view.problems' },
    notConnected: { title: 'Connect', command: 'slipway.environment.refresh' },
    noPipelineService: { title: 'Switch Environment', command: 'slipway.environment.menu' },
    noContexts: { title: 'Start Embedded Cluster', command: 'slipway.environment.startEmbedded' },
    noKind: { title: 'Start Embedded Cluster', command: 'slipway.environment.startEmbedded' },
    noGit: { title: 'Open Settings', command: 'workbench.action.openSettings', argument: 'git.enabled' },
    noRepository: { title: 'Open Source Control', command: 'workbench.view.scm' },
    startFailed: { title: 'Show Log', command: 'slipway.showLog' },
  });
  // Before variables for people's tools come into this process's own.
  const env = { ...process.env };
  const cli: CliCommand = {
    env,
    path: join(context.extensionPath, 'dist', 'cli.js'),
    onLog: (line) => log.info(line),
  };
  const worker = disposables.add(new GraphWorker(join(context.extensionPath, 'dist', 'graph-worker.js')));
  const terminals = disposables.add(new LogTerminals());
  const environment = disposables.add(
    registerEnvironment({ context, cli, env, log, reporter, view: views.environment, terminals }),
  );
  const { environments } = environment;
  const pipelines = disposables.add(
    registerPipelines({ context, environments, worker, reporter, cli, view: views.pipelines, terminals }),
  );

  const handlers: CommandHandlers = {
    ...environment.handlers,
    ...pipelines.handlers,
  };
  return {
    execute: async (id, args) => {
      try {
        await handlers[id](...args);
      } catch (error) {
        reporter.show(error);
      }
    },
    pipelinesTree: pipelines.tree,
    environmentTree: environment.tree,
    tasks: pipelines.tasks,
    editors: pipelines.editors,
    code: pipelines.code,
    restorePanel: async (viewType, panel, state) => {
      if (viewType === panelTypes.doctor) environment.restorePanel(panel);
      else await pipelines.restorePanel(viewType, panel, state);
    },
    dispose: () => disposables.dispose(),
  };
}
