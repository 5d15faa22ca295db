/**
 * Registers what package.json contributes and nothing more. Everything that does something lives in dist/session.js,
 * a bundle of its own that is loaded by the first command, view, pipeline file or panel (design: activation <= 5 ms).
 */
import { createRequire } from 'node:module';
import { tasks, window, workspace, type Disposable, type ExtensionContext } from 'vscode';
import {
  codeScheme,
  commands,
  editorType,
  panelTypes,
  taskType,
  viewIds,
  type CommandId,
} from './contributions.ts';
import type * as SessionModule from './session.ts';
import { lazyFileSystem } from './platform/lazyFileSystem.ts';
import { LazyTree } from './platform/lazyTree.ts';
import { registerCommand, type CommandHandler } from './platform/commands.ts';
import { readSetting } from './platform/settings.ts';
import { watchActiveEditor } from './pipelines/activeEditor.ts';
import { usedKey } from './environment/usedKey.ts';
import { watchedRunsKey } from './pipelines/watchedRunsKey.ts';

type Slipway = SessionModule.Slipway;
type PipelineNode = SessionModule.PipelineNode;
type EnvironmentNode = SessionModule.EnvironmentNode;

export function activate(context: ExtensionContext): void {
  try {
    register(context);
  } catch (error) {
    void window.showErrorMessage(
      `Slipway could not start: ${error instanceof Error ? error.message : String(error)}`,
    );
    throw error;
  }
}

function register(context: ExtensionContext): void {
  const own = <T extends Disposable>(item: T): T => {
    context.subscriptions.push(item);
    return item;
  };

  let slipway: Slipway | undefined;
  const load = (): Slipway => {
    if (slipway !== undefined) return slipway;
    // Not a static import: esbuild would put it into this bundle, and loading it is what must wait.
    const session = createRequire(__filename)('./session.js') as typeof SessionModule;
    slipway = own(session.startSlipway(context, views));
    return slipway;
  };

  const pipelines = own(new LazyTree<PipelineNode>(() => Promise.resolve(load().pipelinesTree)));
  const environment = own(new LazyTree<EnvironmentNode>(() => Promise.resolve(load().environmentTree)));
  const views: SessionModule.Views = {
    pipelines: own(
      window.createTreeView(viewIds.pipelines, {
        treeDataProvider: pipelines,
        canSelectMany: true,
        showCollapseAll: true,
      }),
    ),
    environment: own(
      window.createTreeView(viewIds.environment, { treeDataProvider: environment, showCollapseAll: true }),
    ),
  };

  const lazily = <Id extends CommandId>(id: Id): CommandHandler<Id> => {
    return (...args) => load().execute(id, args);
  };
  for (const id of Object.keys(commands) as CommandId[]) own(registerCommand(id, lazily(id)));

  for (const type of Object.values(panelTypes)) {
    own(
      window.registerWebviewPanelSerializer(type, {
        deserializeWebviewPanel: (panel, state: unknown) => load().restorePanel(type, panel, state),
      }),
    );
  }
  own(
    window.registerCustomEditorProvider(
      editorType,
      {
        resolveCustomTextEditor: (document, panel, token) =>
          load().editors.resolveCustomTextEditor(document, panel, token),
      },
      { supportsMultipleEditorsPerDocument: true },
    ),
  );
  own(
    workspace.registerFileSystemProvider(
      codeScheme,
      lazyFileSystem(() => load().code),
      {
        isCaseSensitive: true,
      },
    ),
  );
  own(
    tasks.registerTaskProvider(taskType, {
      provideTasks: (token) => load().tasks.provideTasks(token),
      resolveTask: (task, token) => load().tasks.resolveTask(task, token),
    }),
  );

  own(watchActiveEditor(() => void load()));
  if (context.globalState.get(watchedRunsKey) !== undefined || opensOnStart()) load();
  // The first terminal should find the environment's variables; nobody waits for it.
  else if (context.workspaceState.get(usedKey) === true) setTimeout(load, 0);
}

function opensOnStart(): boolean {
  return (workspace.workspaceFolders ?? []).some(
    (folder) => readSetting('slipway.openOnStart', folder) !== '',
  );
}
