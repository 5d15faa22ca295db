/** The pipeline editor put together. */
import { env, RelativePattern, Uri, window, workspace, type ExtensionContext } from 'vscode';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import type { GraphDeps } from '../graph/services.ts';
import { showText } from '../graph/services.ts';
import type { PipelineFile } from '../store.ts';
import { ComponentCodeFiles } from './componentCode.ts';
import { ComponentFiles, type FileReader } from './componentFiles.ts';
import { offerAsDefault } from './offerDefault.ts';
import { Palettes } from './palette.ts';
import { PipelineEditors, type OpenText } from './provider.ts';
import type { EditServices } from './services.ts';
import { ShownRuns } from './shownRuns.ts';

export interface PipelineEditorDeps extends GraphDeps {
  readonly context: ExtensionContext;
  readonly openText?: OpenText;
  /** The workspace's pipeline files. */
  files(): readonly PipelineFile[];
}

export function registerPipelineEditor(deps: PipelineEditorDeps) {
  const { context, worker, reporter } = deps;
  const disposables = new DisposableStore();
  const code = disposables.add(new ComponentCodeFiles(worker));
  const componentFiles = { worker, reader, onProblem: (cause: unknown) => reporter.log(cause) };
  const palette = new Palettes([
    new ComponentFiles({
      ...componentFiles,
      group: 'workspace',
      files: () => Promise.resolve(deps.files().map(({ uri, path }) => ({ uri, origin: path }))),
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
    showText: (uri, range) => showText(Uri.parse(uri), range),
    saveDrawing,
  };
  const editors = new PipelineEditors(deps, services, new ShownRuns(context.workspaceState), (uri) =>
    reporter.background(offerAsDefault(uri, context.globalState)),
  );
  return { editors, code, dispose: () => disposables.dispose() } satisfies Disposable &
    Record<string, unknown>;
}

const reader: FileReader = {
  version: async (uri) => {
    const { mtime, size } = await workspace.fs.stat(Uri.parse(uri));
    return `${mtime} ${size}`;
  },
  read: async (uri) => new TextDecoder().decode(await workspace.fs.readFile(Uri.parse(uri))),
};

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
