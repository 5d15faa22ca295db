/** The run graph as editor panels: one per pipeline file, one per run that was opened on its own. */
import {
  RelativePattern,
  Range,
  ThemeIcon,
  Uri,
  ViewColumn,
  window,
  workspace,
  type TextDocument,
  type WebviewPanel,
} from 'vscode';
import { panelTypes } from '../../contributions.ts';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { asError } from '../../core/base/errors.ts';
import {
  graphTarget,
  runGraphParsers,
  type GraphTarget,
  type RunGraphContract,
} from '../../core/protocol/runGraph.ts';
import type { SourceRange } from '../../core/ir/model.ts';
import type { Environments } from '../../environment/session.ts';
import { executeCommand } from '../../platform/commands.ts';
import type { ErrorReporter } from '../../platform/errorReporter.ts';
import { attachWebview, createPanel } from '../../platform/webviewHost.ts';
import type { Analyser } from '../analyser.ts';
import type { Artifacts } from '../artifacts.ts';
import type { ExplainedFailure, Failures } from '../failures.ts';
import type { GraphPanels } from '../panels.ts';
import { readText } from '../readText.ts';
import {
  GraphController,
  type ExplainedStep,
  type GraphEnvironment,
  type GraphServices,
} from './controller.ts';

export interface RunGraphDeps {
  readonly extensionUri: Uri;
  readonly environments: Environments;
  readonly analyser: Analyser;
  readonly artifacts: Artifacts;
  readonly failures: Failures;
  readonly reporter: ErrorReporter;
}

interface OpenPanel {
  readonly panel: WebviewPanel;
  readonly controller: GraphController;
}

/** Text is analysed when typing pauses this long, in milliseconds. */
const TYPING_PAUSE_MS = 200;

export class RunGraphPanels implements GraphPanels, Disposable {
  readonly #deps: RunGraphDeps;
  readonly #open = new Set<OpenPanel>();

  constructor(deps: RunGraphDeps) {
    this.#deps = deps;
  }

  openFile(uri: Uri): Promise<void> {
    const key = uri.toString();
    const known = this.#find((one) => one.controller.uri === key);
    if (known !== undefined) known.panel.reveal();
    else this.#create({ uri: key });
    return Promise.resolve();
  }

  openRun(runId: string, uri?: Uri): Promise<void> {
    const key = uri?.toString();
    const known =
      this.#find((one) => one.controller.runId === runId) ??
      (key === undefined ? undefined : this.#find((one) => one.controller.uri === key));
    if (known === undefined) {
      this.#create({ runId, ...(key === undefined ? {} : { uri: key }) });
    } else {
      known.controller.showRun(runId);
      known.panel.reveal();
    }
    return Promise.resolve();
  }

  /** For the serializer: gives a panel that VS Code brought back its content again. */
  restore(panel: WebviewPanel, state: unknown): Promise<void> {
    const saved = typeof state === 'object' && state !== null && 'target' in state ? state.target : undefined;
    const target = graphTarget.safeParse(saved);
    if (target.success && (target.data.uri ?? target.data.runId) !== undefined)
      this.#fill(panel, target.data);
    else panel.dispose();
    return Promise.resolve();
  }

  dispose(): void {
    for (const { panel } of [...this.#open]) panel.dispose();
  }

  #find(matches: (one: OpenPanel) => boolean): OpenPanel | undefined {
    return [...this.#open].find(matches);
  }

  #create(target: GraphTarget): void {
    this.#fill(createPanel(panelTypes.runGraph, 'Pipeline', { column: ViewColumn.Active }), target);
  }

  #fill(panel: WebviewPanel, target: GraphTarget): void {
    const { extensionUri, reporter } = this.#deps;
    const disposables = new DisposableStore();
    const controller = disposables.add(new GraphController(this.#services(), target));
    const opened: OpenPanel = { panel, controller };
    this.#open.add(opened);
    panel.iconPath = new ThemeIcon('type-hierarchy');
    const channel = disposables.add(
      attachWebview<RunGraphContract>(panel, {
        extensionUri,
        bundle: 'runGraph',
        parsers: runGraphParsers,
        handlers: controller.handlers,
        onProblem: (message, cause) => reporter.log(new Error(message, { cause })),
      }),
    );
    const show = (): void => {
      panel.title = controller.title;
      channel.push(controller.state);
    };
    disposables.add(controller.onDidChange(show));
    disposables.add(panel.onDidChangeViewState(() => controller.setVisible(panel.visible)));
    if (target.uri !== undefined) disposables.add(followText(Uri.parse(target.uri), controller));
    panel.onDidDispose(() => {
      this.#open.delete(opened);
      disposables.dispose();
    });
    controller.setVisible(panel.visible);
    show();
  }

  #services(): GraphServices {
    const { environments, analyser, artifacts, failures, reporter } = this.#deps;
    return {
      analyser,
      environment: () => environmentOf(environments),
      onDidChangeEnvironment: environments.onDidChange,
      execute: executeCommand,
      readText: (uri) => readText(Uri.parse(uri)),
      showText: (uri, range) => showText(Uri.parse(uri), range),
      preview: (artifact, run) => artifacts.preview(artifact, run),
      explain: async (runId, taskId, signal) =>
        explainedStep(await failures.explain(runId, taskId, signal), failures),
      onProblem: (message, cause) => reporter.log(new Error(message, { cause: asError(cause) })),
    };
  }
}

function explainedStep(failure: ExplainedFailure, failures: Failures): ExplainedStep {
  const { explanation, source, sourceLabel } = failure;
  // The one action may be to open the source: no second button for the same thing.
  const opensSource = explanation.action.id === 'openSource';
  return {
    view: {
      reason: explanation.reason,
      lines: explanation.lines,
      likelyCause: explanation.likelyCause,
      sourceLabel: opensSource ? undefined : sourceLabel,
      actionLabel:
        opensSource && sourceLabel !== undefined ? `Open ${sourceLabel}` : explanation.action.label,
    },
    follow: async (part) => {
      if (part === 'action') await failures.act(failure);
      else if (source !== undefined)
        await window.showTextDocument(source.uri, { selection: source.range, preview: true });
    },
  };
}

function environmentOf(environments: Environments): GraphEnvironment {
  const { current, state, session } = environments;
  return {
    name: current.label,
    status: state.kind,
    message:
      state.kind === 'starting' ? state.message : state.kind === 'failed' ? state.error.message : undefined,
    kfp: session?.findKfp(),
  };
}

/** Tells the controller of every change of a file: as it is typed, and on disk while it is not open. */
function followText(uri: Uri, controller: GraphController): Disposable {
  const disposables = new DisposableStore();
  const key = uri.toString();
  let timer: NodeJS.Timeout | undefined;
  const soon = (read: () => Promise<string>): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      read().then(
        (text) => controller.setText(text),
        // Deleted: the last drawing stays until the file is back or the panel is closed.
        () => undefined,
      );
    }, TYPING_PAUSE_MS);
  };
  disposables.add({ dispose: () => clearTimeout(timer) });
  const onDocument = (document: TextDocument): void => {
    if (document.uri.toString() === key) soon(() => Promise.resolve(document.getText()));
  };
  disposables.add(workspace.onDidChangeTextDocument((event) => onDocument(event.document)));
  disposables.add(
    // Closed without saving: what counts is on disk again.
    workspace.onDidCloseTextDocument((document) => {
      if (document.uri.toString() === key) soon(() => readText(uri));
    }),
  );
  const watcher = disposables.add(
    workspace.createFileSystemWatcher(
      new RelativePattern(Uri.joinPath(uri, '..'), uri.path.split('/').at(-1) ?? '*'),
    ),
  );
  disposables.add(watcher.onDidChange(() => soon(() => readText(uri))));
  disposables.add(watcher.onDidCreate(() => soon(() => readText(uri))));
  return disposables;
}

async function showText(uri: Uri, range: SourceRange | undefined): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const start = document.positionAt(range?.start ?? 0);
  await window.showTextDocument(document, {
    viewColumn: ViewColumn.Beside,
    ...(range === undefined ? {} : { selection: new Range(start, start) }),
  });
}
