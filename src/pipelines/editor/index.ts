/** The pipeline editor put together. */
import { env, RelativePattern, Uri, window, workspace, type ExtensionContext } from 'vscode';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { looksLikeV1Component } from '../../core/ir/v1/v1Component.ts';
import { setContext } from '../../platform/contextKeys.ts';
import type { GraphDeps } from '../graph/services.ts';
import { showText } from '../graph/services.ts';
import { looksLikePipeline } from '../sniff.ts';
import type { PipelineFile } from '../store.ts';
import { ComponentCodeFiles } from './componentCode.ts';
import { ComponentFiles } from './componentFiles.ts';
import { documentReader } from './documentReader.ts';
import { irComponents } from './irComponents.ts';
import { offerAsDefault } from './offerDefault.ts';
import { Palettes, type PaletteSource } from './palette.ts';
import { PipelineEditors, type OpenText } from './provider.ts';
import type { EditServices } from './services.ts';
import { ShownRuns } from './shownRuns.ts';
import { WorkspaceFiles } from './workspaceFiles.ts';

export interface PipelineEditorDeps extends GraphDeps {
  readonly context: ExtensionContext;
  readonly openText?: OpenText;
  /** Beside files of YAML and starters. */
  readonly paletteSources: readonly PaletteSource[];
  /** The workspace's pipeline files. */
  files(): readonly PipelineFile[];
}

export function registerPipelineEditor(deps: PipelineEditorDeps) {
  const { context, worker, reporter } = deps;
  const disposables = new DisposableStore();
  const code = disposables.add(new ComponentCodeFiles(worker));
  const componentFiles = {
    reader: documentReader,
    components: irComponents(worker),
    onProblem: (cause: unknown) => reporter.log(cause),
  };
  const yamlFiles = disposables.add(new WorkspaceFiles('**/*.{yaml,yml}', holdsComponents));
  const palette = new Palettes([
    ...deps.paletteSources,
    new ComponentFiles({
      ...componentFiles,
      group: 'workspace',
      files: async () => {
        const pipelines = deps.files().map(({ uri, path }) => ({ uri, origin: path }));
        const all = [...pipelines, ...(await yamlFiles.list())];
        return [...new Map(all.map((file) => [file.uri, file])).values()];
      },
      onDidChange: yamlFiles.onDidChange,
    }),
    new ComponentFiles({
      ...componentFiles,
      group: 'starter',
      files: () => starters(Uri.joinPath(context.extensionUri, 'resources', 'starters')),
    }),
  ]);
  const services: EditServices = {
    planner: worker,
    palette,
    code,
    clipboard: env.clipboard,
    setCanvasFocus: (isFocused) => setContext('slipway.canvasFocus', isFocused),
    showText: (uri, range) => showText(Uri.parse(uri), range),
    saveDrawing,
  };
  const editors = new PipelineEditors(deps, services, new ShownRuns(context.workspaceState), (uri) =>
    reporter.background(offerAsDefault(uri, context.globalState)),
  );
  return { editors, code, dispose: () => disposables.dispose() } satisfies Disposable &
    Record<string, unknown>;
}

/** IR, or a component of KFP v1. */
function holdsComponents(text: string): boolean {
  return looksLikePipeline(text) || looksLikeV1Component(text);
}

async function starters(folder: Uri): Promise<readonly { readonly uri: string; readonly origin: string }[]> {
  const found = await workspace.findFiles(new RelativePattern(folder, '*.yaml'));
  return found
    .map((uri) => ({ uri: uri.toString(), origin: 'Slipway' }))
    .toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
}

async function saveDrawing(name: string, format: 'svg' | 'png', data: string): Promise<void> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const file = `${name}.${format}`;
  const uri = await window.showSaveDialog({
    filters: format === 'svg' ? { SVG: ['svg'] } : { PNG: ['png'] },
    ...(folder === undefined ? {} : { defaultUri: Uri.joinPath(folder, file) }),
  });
  if (uri === undefined) return;
  const bytes = format === 'svg' ? new TextEncoder().encode(data) : Buffer.from(data, 'base64');
  await workspace.fs.writeFile(uri, bytes);
}
