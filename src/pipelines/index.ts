/**
 * The pipelines noun: files, uploaded pipelines, runs and their steps. store.ts holds what is known, tree.ts and
 * taskRows.ts make rows of it, view.ts shows them; *Commands.ts do what menus and buttons ask; graph/ is the run graph.
 */
import { join } from 'node:path';
import {
  commands,
  languages,
  type CustomTextEditorProvider,
  type ExtensionContext,
  type FileSystemProvider,
  type TaskProvider,
  type TreeDataProvider,
  type TreeView,
  type WebviewPanel,
} from 'vscode';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { isSlipwayError } from '../core/base/errors.ts';
import { slipwayHome } from '../clients/embedded.ts';
import type { GraphWorker } from '../clients/graphWorker.ts';
import { panelTypes } from '../contributions.ts';
import type { CliCommand } from '../environment/cli.ts';
import type { Environments } from '../environment/session.ts';
import type { CommandHandlers } from '../platform/commands.ts';
import type { ErrorReporter } from '../platform/errorReporter.ts';
import type { LogTerminals } from '../platform/logTerminal.ts';
import type { Analyser } from './analyser.ts';
import { S3 } from '../clients/s3.ts';
import { LocalArtifactReader } from './artifactReader.ts';
import { ObjectStoreReader } from './objectStoreReader.ts';
import { Artifacts } from './artifacts.ts';
import { ArtifactViews } from './artifactViews.ts';
import { PipelineDiagnostics } from './diagnostics.ts';
import { registerGraphDiff } from './diff/index.ts';
import { Endings } from './endings.ts';
import { Failures } from './failures.ts';
import { fileCommands } from './fileCommands.ts';
import { LocalRuns } from './localRuns.ts';
import { RunLogs } from './runLogs.ts';
import { formPanels, type FormSubject } from './formPanels.ts';
import { runGraphPanels } from './graph/panel.ts';
import { openOnStart } from './openOnStart.ts';
import { PipelineFiles } from './pipelineFiles.ts';
import type { PipelineNode } from './rows.ts';
import { editorCommands } from './editor/commands.ts';
import { registerPipelineEditor } from './editor/index.ts';
import { PipelineCodeLenses } from './editor/codeLens.ts';
import type { GraphPanels, RunForms } from './panels.ts';
import { registerPython } from './python/index.ts';
import { StepDebugs } from './python/stepDebug.ts';
import { retryWithFix } from './python/stepRetry.ts';
import { runCommands } from './runCommands.ts';
import { runWork } from './runWork.ts';
import { RunFormSubjects } from './runForm.ts';
import { RunStarter } from './starter.ts';
import { PipelinesStore, type EnvironmentView } from './store.ts';
import { PipelinesView } from './view.ts';
import { viewCommands } from './viewCommands.ts';
import { VirtualDocuments } from './virtualDocuments.ts';

export type { PipelineNode } from './rows.ts';

export interface PipelinesDeps {
  readonly context: ExtensionContext;
  readonly environments: Environments;
  readonly worker: GraphWorker;
  readonly reporter: ErrorReporter;
  readonly cli: CliCommand;
  readonly view: TreeView<PipelineNode>;
  readonly terminals: LogTerminals;
}

export function registerPipelines(deps: PipelinesDeps) {
  const { context, environments, worker, reporter, cli } = deps;
  const analyser: Analyser = worker;
  const disposables = new DisposableStore();

  const store = disposables.add(new PipelinesStore());
  const showEnvironment = (): void =>
    store.setEnvironment(environmentView(environments), environments.session?.findKfp());
  disposables.add(environments.onDidChange(showEnvironment));
  showEnvironment();
  disposables.add(
    store.onDidChange(() => {
      const { connectionError } = store.state;
      // Nobody answers: the environment is asked whether it is still there.
      if (isSlipwayError(connectionError) && connectionError.reason === 'unreachable')
        reporter.background(environments.refresh());
    }),
  );

  const view = disposables.add(new PipelinesView(store, deps.view));
  const files = disposables.add(new PipelineFiles((found) => store.setFiles(found)));
  reporter.background(files.scan());

  const starter = new RunStarter(environments, context.workspaceState);
  disposables.add(
    starter.onDidStart(({ run }) => {
      store.noteRun(run);
      view.wake();
    }),
  );
  const endings = disposables.add(
    new Endings(environments, starter, context.globalState, reporter, (run) => {
      store.noteRun(run);
      view.addBadge();
    }),
  );

  const documents = disposables.add(new VirtualDocuments());
  const objectStore = (): S3 | undefined => {
    const s3 = environments.session?.endpoints.services.s3;
    return s3 && new S3(s3);
  };
  const reader = new ObjectStoreReader(objectStore, new LocalArtifactReader(slipwayHome()));
  const artifacts = new Artifacts(reader, renderMarkdown);
  const artifactViews = new ArtifactViews(environments, artifacts, documents);
  const failures = new Failures(environments, analyser, () => store.state.files);
  const logs = new RunLogs(deps.terminals, () => environments.require().kfp);
  const localRuns = new LocalRuns(runWork({ cli, environments, analyser, starter }));
  disposables.add(new PipelineDiagnostics(worker, reporter));

  const { extensionUri } = context;
  const graphDeps = { extensionUri, environments, worker, starter, artifacts, failures, reporter };
  const openForm = (subject: FormSubject): void => openForms.open({ target: subject.target, subject });
  const runPanels = disposables.add(runGraphPanels(graphDeps));
  const python = disposables.add(
    registerPython({
      context,
      cli,
      reporter,
      planner: worker,
      openForm,
    }),
  );
  const editor = disposables.add(
    registerPipelineEditor({
      ...graphDeps,
      context,
      openText: python.openText,
      paletteSources: [python.palette],
      files: () => store.state.files,
    }),
  );
  const { editors } = editor;
  disposables.add(python.followCursor((uri, nodeId) => editors.highlight(uri, nodeId)));
  const comparisons = disposables.add(
    registerGraphDiff({
      ...graphDeps,
      documents,
      state: context.workspaceState,
      files: () => store.state.files,
      rowOf: (target) => view.rowOf(target),
      activeRun: () => runPanels.active?.runId,
      compile: (file, text, signal) => python.pipelines.compileText(file, text, signal),
    }),
  );
  disposables.add(
    languages.registerCodeLensProvider(
      [{ language: 'yaml' }, { language: 'json' }],
      new PipelineCodeLenses(),
    ),
  );
  const graphs: GraphPanels = {
    openFile: (uri) => editors.open(uri),
    openRun: async (runId, file) => {
      const uri = file ?? editors.uriOfRun(runId);
      if (uri === undefined) runPanels.open({ runId });
      else await editors.openRun(uri, runId);
    },
  };
  const steps = new StepDebugs({
    ...python,
    environments,
    analyser,
    reader,
    documents,
    reporter,
    retry: (step) => retryWithFix({ ...python, worker, starter, graphs }, step),
  });
  const runForms = new RunFormSubjects({ environments, analyser, starter, graphs, reporter });
  const openForms = disposables.add(
    formPanels({
      extensionUri,
      reporter,
      load: (target, signal): Promise<FormSubject> =>
        target.component === undefined
          ? runForms.load(target, signal)
          : Promise.resolve(python.formOf(target.component)),
    }),
  );
  const forms: RunForms = { open: (runnable) => openForm(runForms.of(runnable)) };

  const handlers = {
    ...fileCommands({ environments, analyser, starter, store, graphs, forms, localRuns }),
    ...editorCommands({ worker, editors, componentsInPython: python.componentsIn }),
    ...comparisons.handlers,
    ...python.handlers,
    ...runCommands({
      environments,
      analyser,
      store,
      view,
      graphs,
      forms,
      logs,
      failures,
      artifactViews,
      documents,
      endings,
      steps,
      logFolder: join(context.globalStorageUri.fsPath, 'logs'),
    }),
    ...viewCommands({ environments, store, view }),
  } satisfies Partial<CommandHandlers>;
  reporter.background(openOnStart((uri) => graphs.openFile(uri)));

  return {
    handlers,
    tree: view as TreeDataProvider<PipelineNode>,
    tasks: localRuns as TaskProvider,
    editors: editors as CustomTextEditorProvider,
    code: editor.code as FileSystemProvider,
    /** Gives a panel that VS Code brought back after a reload its content again. */
    restorePanel: async (viewType: string, panel: WebviewPanel, state: unknown): Promise<void> => {
      if (viewType === panelTypes.runGraph) runPanels.restore(panel, state);
      else if (viewType === panelTypes.graphDiff) comparisons.panels.restore(panel, state);
      else if (viewType === panelTypes.artifact) await artifactViews.restore(panel, state);
      else openForms.restore(panel, state);
    },
    dispose: () => disposables.dispose(),
  } satisfies Disposable & Record<string, unknown>;
}

function environmentView(environments: Environments): EnvironmentView {
  const { state, current } = environments;
  const { label } = current;
  switch (state.kind) {
    case 'starting':
      return { kind: 'starting', label, message: state.message };
    case 'failed':
      return { kind: 'failed', label, error: state.error };
    case 'ready':
      return { kind: state.endpoints.kfp === undefined ? 'absent' : 'ready', label };
    default:
      return { kind: state.kind, label };
  }
}

/** VS Code's own Markdown renderer; it sanitises, and the result is shown without scripts all the same. */
async function renderMarkdown(text: string): Promise<string> {
  const html: unknown = await commands.executeCommand('markdown.api.render', text);
  return typeof html === 'string'
    ? html
    : `<pre>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre>`;
}
