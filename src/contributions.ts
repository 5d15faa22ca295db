/**
 * Every id that package.json contributes, with its type. test/unit/contributions compares both ways, so an id that is
 * missing on either side fails there; inside the code a wrong id or argument fails to compile.
 */
import type { Uri } from 'vscode';
import { canvasCommands, type CanvasCommandId } from './core/protocol/canvasKeys.ts';

/** A pipeline file: what the explorer and the editor title pass, or a row of the Pipelines view. */
export type FileTarget = Uri | { readonly kind: 'file'; readonly uri: string };
export interface PipelineTarget {
  readonly kind: 'pipeline';
  readonly pipelineId: string;
}
export interface VersionTarget {
  readonly kind: 'version';
  readonly pipelineId: string;
  readonly versionId: string;
}
export interface RunTarget {
  readonly kind: 'run';
  readonly runId: string;
}
export interface TaskTarget {
  readonly kind: 'task';
  readonly runId: string;
  readonly taskId: string;
  /** Name in RunTask.attempts; the newest when absent. */
  readonly attempt?: string;
}
/** An output of a task, by the ids that the run's tree carries. */
export interface ArtifactTarget {
  readonly kind: 'artifact';
  readonly runId: string;
  readonly artifactId: string;
}

/** What the Source Control view passes; Git's own rows also say what they are a difference of. */
export interface ScmTarget {
  readonly resourceUri: Uri;
  readonly leftUri?: Uri | undefined;
  readonly rightUri?: Uri | undefined;
}

/** A component of the embedded cluster. */
export interface ComponentTarget {
  readonly kind: 'component';
  readonly name: string;
}
export interface NodeTarget {
  readonly kind: 'node';
  readonly name: string;
}
export interface PodTarget {
  readonly kind: 'pod';
  readonly namespace: string;
  readonly name: string;
}
export interface ContainerTarget {
  readonly kind: 'container';
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}
export interface ServiceTarget {
  readonly kind: 'service';
  readonly namespace: string;
  readonly name: string;
}
/** A part found in a cluster that somebody else runs. */
export interface PartTarget {
  readonly kind: 'part';
  readonly part: { readonly name: string };
}
export interface ForwardTarget {
  readonly kind: 'forward';
  readonly forward: { readonly id: string };
}

/** What each command takes. A command without its target acts on the selected row or the active editor, or asks. */
export interface CommandArguments extends Readonly<Record<CanvasCommandId, []>> {
  'slipway.pipeline.run': [target?: FileTarget | VersionTarget | PipelineTarget];
  'slipway.pipeline.runWith': [target?: FileTarget | VersionTarget | PipelineTarget];
  'slipway.pipeline.runLocal': [target?: FileTarget];
  'slipway.pipeline.openGraph': [target?: FileTarget];
  'slipway.pipeline.openText': [target?: FileTarget];
  /** In that folder; else in the first one that is open. */
  'slipway.pipeline.new': [folder?: Uri];
  /** Without a node: the one that the cursor is in. */
  'slipway.pipeline.showOnCanvas': [target?: FileTarget, nodeId?: string];
  /** A file with a component, into the graph that was looked at last. */
  'slipway.pipeline.addToGraph': [target?: FileTarget];
  'slipway.pipeline.upload': [target?: FileTarget];
  'slipway.pipeline.generatePython': [target?: FileTarget];
  'slipway.pipeline.moveToPython': [target?: FileTarget];
  /** `all`: what is selected with it; two are compared with each other. */
  'slipway.pipeline.compareWith': [target?: FileTarget | VersionTarget | RunTarget, all?: readonly unknown[]];
  'slipway.pipeline.compareSelected': [target?: Uri, all?: readonly Uri[]];
  /** Without a row: what was committed last with what the active editor has. */
  'slipway.pipeline.openChanges': [resource?: ScmTarget];
  /** Of the comparison in front; here and below. */
  'slipway.diff.next': [];
  'slipway.diff.previous': [];
  'slipway.diff.swap': [];
  'slipway.diff.openTexts': [];
  /** Of a Python file, the function with that name; else the one that the cursor is in. Here and below. */
  'slipway.python.openGraph': [file?: Uri, name?: string];
  'slipway.python.runLocal': [file?: Uri, name?: string];
  'slipway.python.submit': [file?: Uri, name?: string];
  'slipway.python.runComponent': [file?: Uri, name?: string];
  'slipway.python.debugComponent': [file?: Uri, name?: string];
  'slipway.run.open': [target?: RunTarget];
  'slipway.run.terminate': [target?: RunTarget];
  'slipway.run.retry': [target?: RunTarget];
  'slipway.run.clone': [target?: RunTarget];
  'slipway.run.archive': [target?: RunTarget];
  'slipway.run.unarchive': [target?: RunTarget];
  'slipway.run.showEndedWhileAway': [];
  'slipway.task.openLog': [target?: TaskTarget];
  'slipway.task.openFullLog': [target?: TaskTarget];
  /** `graph`: the document whose graph shows the run. */
  'slipway.task.debug': [target?: TaskTarget, graph?: string];
  'slipway.explainFailure': [target?: RunTarget | TaskTarget];
  'slipway.artifact.open': [target?: ArtifactTarget];
  'slipway.pipelines.delete': [target?: PipelineTarget | VersionTarget | RunTarget];
  'slipway.pipelines.copyId': [target?: PipelineTarget | VersionTarget | RunTarget | TaskTarget];
  'slipway.pipelines.loadMore': [target?: { readonly kind: 'more'; readonly list: string }];
  'slipway.pipelines.refresh': [];
  'slipway.pipelines.filter': [];
  'slipway.pipelines.clearFilter': [];
  'slipway.pipelines.sort': [];
  'slipway.environment.start': [];
  'slipway.environment.startEmbedded': [];
  'slipway.environment.stop': [];
  'slipway.environment.reset': [];
  'slipway.environment.menu': [];
  'slipway.environment.connect': [];
  'slipway.environment.useKind': [];
  'slipway.environment.refresh': [];
  'slipway.environment.startComponent': [target?: ComponentTarget];
  'slipway.environment.stopComponent': [target?: ComponentTarget];
  'slipway.environment.restartComponent': [target?: ComponentTarget];
  'slipway.environment.openLog': [target?: ComponentTarget | PodTarget | ContainerTarget];
  'slipway.environment.openInBrowser': [
    target?: ComponentTarget | PodTarget | ServiceTarget | PartTarget | ForwardTarget,
  ];
  'slipway.environment.copyAddress': [target?: ComponentTarget | ForwardTarget];
  'slipway.environment.shell': [target?: PodTarget | ContainerTarget];
  'slipway.environment.portForward': [target?: PodTarget | ServiceTarget | PartTarget];
  'slipway.environment.stopForward': [target?: ForwardTarget];
  'slipway.environment.copyKubectl': [target?: NodeTarget | PodTarget | ContainerTarget | ServiceTarget];
  'slipway.doctor': [];
  'slipway.showLog': [];
  'slipway.openDemo': [];
}
export type CommandId = keyof CommandArguments;

/** When the Command Palette shows a command; `never` is for commands that only make sense on a row. */
export type PaletteWhen =
  | 'always'
  | 'never'
  | 'slipway.isPipeline'
  | 'editorLangId == python'
  | 'slipway.isPipeline || editorLangId == python'
  | "slipway.isPipeline || editorLangId == python || activeWebviewPanelId == 'slipway.runGraph'"
  | "activeWebviewPanelId == 'slipway.graphDiff'"
  | "activeCustomEditorId == 'slipway.pipelineEditor'"
  | 'slipway.environment == ready'
  | 'slipway.environment == ready && slipway.environment.isManaged'
  | 'slipway.environment.isManaged';

const ON_CANVAS = "activeCustomEditorId == 'slipway.pipelineEditor'";
const onCanvas = Object.fromEntries(
  canvasCommands.map((name) => [`slipway.canvas.${name}`, ON_CANVAS]),
) as Readonly<Record<CanvasCommandId, typeof ON_CANVAS>>;

export const commands = {
  ...onCanvas,
  'slipway.pipeline.run': 'slipway.isPipeline',
  'slipway.pipeline.runWith': 'slipway.isPipeline',
  'slipway.pipeline.runLocal': 'slipway.isPipeline',
  'slipway.pipeline.openGraph': 'slipway.isPipeline',
  'slipway.pipeline.openText': 'slipway.isPipeline',
  'slipway.pipeline.new': 'always',
  'slipway.pipeline.showOnCanvas': 'slipway.isPipeline',
  'slipway.pipeline.addToGraph': 'never',
  'slipway.pipeline.upload': 'slipway.isPipeline',
  'slipway.pipeline.generatePython': 'slipway.isPipeline',
  'slipway.pipeline.moveToPython': 'slipway.isPipeline',
  'slipway.pipeline.compareWith':
    "slipway.isPipeline || editorLangId == python || activeWebviewPanelId == 'slipway.runGraph'",
  'slipway.pipeline.compareSelected': 'never',
  'slipway.pipeline.openChanges': 'slipway.isPipeline || editorLangId == python',
  'slipway.diff.next': "activeWebviewPanelId == 'slipway.graphDiff'",
  'slipway.diff.previous': "activeWebviewPanelId == 'slipway.graphDiff'",
  'slipway.diff.swap': "activeWebviewPanelId == 'slipway.graphDiff'",
  'slipway.diff.openTexts': "activeWebviewPanelId == 'slipway.graphDiff'",
  'slipway.python.openGraph': 'editorLangId == python',
  'slipway.python.runLocal': 'editorLangId == python',
  'slipway.python.submit': 'editorLangId == python',
  'slipway.python.runComponent': 'editorLangId == python',
  'slipway.python.debugComponent': 'editorLangId == python',
  'slipway.run.open': 'slipway.environment == ready',
  'slipway.run.terminate': 'slipway.environment == ready',
  'slipway.run.retry': 'slipway.environment == ready',
  'slipway.run.clone': 'slipway.environment == ready',
  'slipway.run.archive': 'never',
  'slipway.run.unarchive': 'never',
  'slipway.run.showEndedWhileAway': 'always',
  'slipway.task.openLog': 'never',
  'slipway.task.openFullLog': 'never',
  'slipway.task.debug': 'slipway.environment == ready',
  'slipway.explainFailure': 'slipway.environment == ready',
  'slipway.artifact.open': 'never',
  'slipway.pipelines.delete': 'never',
  'slipway.pipelines.copyId': 'never',
  'slipway.pipelines.loadMore': 'never',
  'slipway.pipelines.refresh': 'always',
  'slipway.pipelines.filter': 'always',
  'slipway.pipelines.clearFilter': 'always',
  'slipway.pipelines.sort': 'always',
  'slipway.environment.start': 'never',
  'slipway.environment.startEmbedded': 'always',
  'slipway.environment.stop': 'slipway.environment == ready && slipway.environment.isManaged',
  'slipway.environment.reset': 'slipway.environment.isManaged',
  'slipway.environment.menu': 'always',
  'slipway.environment.connect': 'always',
  'slipway.environment.useKind': 'always',
  'slipway.environment.refresh': 'always',
  'slipway.environment.startComponent': 'never',
  'slipway.environment.stopComponent': 'never',
  'slipway.environment.restartComponent': 'never',
  'slipway.environment.openLog': 'never',
  'slipway.environment.openInBrowser': 'never',
  'slipway.environment.copyAddress': 'never',
  'slipway.environment.shell': 'never',
  'slipway.environment.portForward': 'never',
  'slipway.environment.stopForward': 'never',
  'slipway.environment.copyKubectl': 'never',
  'slipway.doctor': 'always',
  'slipway.showLog': 'always',
  'slipway.openDemo': 'always',
} as const satisfies Record<CommandId, PaletteWhen>;

export const viewContainerId = 'slipway';
export const viewIds = { pipelines: 'slipway.pipelines', environment: 'slipway.environment' } as const;
/** View types of webview panels; each is restored after a reload. */
export const panelTypes = {
  runGraph: 'slipway.runGraph',
  graphDiff: 'slipway.graphDiff',
  runForm: 'slipway.runForm',
  artifact: 'slipway.artifact',
  doctor: 'slipway.doctor',
} as const;
/** The custom editor of pipeline files. */
export const editorType = 'slipway.pipelineEditor';
/** Scheme of component functions that are open as Python. */
export const codeScheme = 'slipway-code';
/** Scheme of pipelines that were compiled from Python: `<file>/<function>.pipeline.yaml`. */
export const pythonScheme = 'slipway-python';
/** Debugs the function of a Python component. */
export const debugType = 'slipway-python';
export const taskType = 'slipway';

export interface Settings {
  /** Pipeline file, relative to its workspace folder, whose graph opens with the folder. Empty: none. */
  'slipway.openOnStart': string;
  /** Toast when a run that you started ends. */
  'slipway.notifications.runEnded': boolean;
  /** Interpreter for pipelines in Python. Empty: the Python extension's, else `.venv`, else Slipway's own. */
  'slipway.python': string;
  /** Kubeconfig files, separated as in `KUBECONFIG`; empty: that variable, else `~/.kube/config`. */
  'slipway.kubeconfig': string;
  /** Regular expressions on names of contexts in which changes ask first. */
  'slipway.environments.production': readonly string[];
  /** Point tools in terminals, tasks and Python debugging at the current environment. */
  'slipway.tools.terminals': boolean;
  /** The same for Jupyter kernels. */
  'slipway.tools.kernels': boolean;
}
export type SettingId = keyof Settings;

/** Defaults, and whether the value may come from a folder that is not trusted. */
export const settings: {
  readonly [K in SettingId]: { readonly defaultValue: Settings[K]; readonly isRestricted: boolean };
} = {
  'slipway.openOnStart': { defaultValue: '', isRestricted: false },
  'slipway.notifications.runEnded': { defaultValue: true, isRestricted: false },
  'slipway.python': { defaultValue: '', isRestricted: true },
  'slipway.kubeconfig': { defaultValue: '', isRestricted: true },
  'slipway.environments.production': { defaultValue: [], isRestricted: true },
  'slipway.tools.terminals': { defaultValue: true, isRestricted: false },
  'slipway.tools.kernels': { defaultValue: true, isRestricted: false },
};

export type EnvironmentKey = 'unknown' | 'stopped' | 'starting' | 'ready' | 'failed';

export interface ContextKeys {
  /** The active editor shows a pipeline document, as text or as a graph. */
  'slipway.isPipeline': boolean;
  /** The keyboard is on the canvas of a pipeline editor, and in no field of it. */
  'slipway.canvasFocus': boolean;
  /** The graph of a pipeline is open. */
  'slipway.hasGraph': boolean;
  'slipway.environment': EnvironmentKey;
  /** Slipway starts and stops the current environment. */
  'slipway.environment.isManaged': boolean;
  'slipway.pipelines.isFiltered': boolean;
}
export type ContextKeyId = keyof ContextKeys;
export const contextKeys = {
  'slipway.isPipeline': null,
  'slipway.canvasFocus': null,
  'slipway.hasGraph': null,
  'slipway.environment': null,
  'slipway.environment.isManaged': null,
  'slipway.pipelines.isFiltered': null,
} as const satisfies Record<ContextKeyId, null>;
