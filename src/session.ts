/** Composition root of everything that does something: loaded by extension.ts on first use. */
import { join } from 'node:path';
import {
  window,
  workspace,
  type ExtensionContext,
  type TaskProvider,
  type TreeDataProvider,
  type TreeView,
  type WebviewPanel,
} from 'vscode';
import { GraphWorker } from './clients/graphWorker.ts';
import { KfpClient } from './clients/kfp/client.ts';
import type { CommandArguments, CommandId } from './contributions.ts';
import { DisposableStore, type Disposable } from './core/base/disposable.ts';
import { SlipwayError } from './core/base/errors.ts';
import type { CliCommand } from './environment/cli.ts';
import { EmbeddedEnvironment } from './environment/embedded.ts';
import { environmentCommands } from './environment/environmentCommands.ts';
import { Environments } from './environment/session.ts';
import { registerStatusBar } from './environment/statusBar.ts';
import type { CommandHandlers } from './platform/commands.ts';
import { ErrorReporter } from './platform/errorReporter.ts';
import { withCancellableProgress } from './platform/progress.ts';
import { registerPipelines, type PipelineNode } from './pipelines/index.ts';

export type { PipelineNode } from './pipelines/index.ts';

/** What extension.ts hands VS Code's calls to. */
export interface Slipway extends Disposable {
  /** Runs a command; shows what went wrong instead of rejecting. */
  execute<Id extends CommandId>(id: Id, args: CommandArguments[Id]): Promise<void>;
  readonly tree: TreeDataProvider<PipelineNode>;
  readonly tasks: TaskProvider;
  restorePanel(viewType: string, panel: WebviewPanel, state: unknown): Promise<void>;
}

export function startSlipway(context: ExtensionContext, view: TreeView<PipelineNode>): Slipway {
  const disposables = new DisposableStore();
  const log = disposables.add(window.createOutputChannel('Slipway', { log: true }));
  const reporter = new ErrorReporter(log, {
    notStarted: { title: 'Start', command: 'slipway.environment.start' },
    unreachable: { title: 'Start', command: 'slipway.environment.start' },
    untrusted: { title: 'Manage Trust', command: 'workbench.trust.manage' },
    invalidPipeline: { title: 'Show Problems', command: 'workbench.actions.view.problems' },
    notPipeline: { title: 'Show Problems', command: 'workbench.actions.view.problems' },
    startFailed: { title: 'Show Log', command: 'slipway.showLog' },
  });
  const cli: CliCommand = {
    path: join(context.extensionPath, 'dist', 'cli.js'),
    onLog: (line) => log.info(line),
  };
  const analyser = disposables.add(new GraphWorker(join(context.extensionPath, 'dist', 'graph-worker.js')));
  const environments = disposables.add(
    new Environments(
      new EmbeddedEnvironment(cli),
      { kfp: (endpoint) => new KfpClient(endpoint) },
      { requireTrust, withProgress: withCancellableProgress },
    ),
  );
  disposables.add(registerStatusBar(environments));
  const pipelines = disposables.add(
    registerPipelines({ context, environments, analyser, reporter, cli, view }),
  );

  const handlers: CommandHandlers = {
    ...environmentCommands(environments, log, context.extensionPath),
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
    tree: pipelines.tree,
    tasks: pipelines.tasks,
    restorePanel: pipelines.restorePanel,
    dispose: () => disposables.dispose(),
  };
}

function requireTrust(): void {
  if (workspace.isTrusted) return;
  throw new SlipwayError('untrusted', 'This folder is not trusted, so nothing in it is run.', {
    action: 'Manage trust',
  });
}
