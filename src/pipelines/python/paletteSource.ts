import { Uri } from 'vscode';
import type { ComponentFile } from '../editor/componentFiles.ts';
import { ComponentFiles } from '../editor/componentFiles.ts';
import { documentReader } from '../editor/documentReader.ts';
import type { WorkspaceFiles } from '../editor/workspaceFiles.ts';
import { componentsInFile, type ComponentCompiler } from './componentsInFile.ts';
import type { PythonPipelines } from './pythonPipelines.ts';
import type { PythonParser } from './syntax.ts';

export interface PythonPaletteDeps {
  readonly files: WorkspaceFiles;
  readonly parser: () => Promise<PythonParser>;
  readonly pipelines: PythonPipelines;
  readonly compiler: ComponentCompiler;
  readonly onProblem: (cause: unknown) => void;
}

/** The components of the workspace's Python files. */
export function pythonPalette(deps: PythonPaletteDeps): ComponentFiles {
  return new ComponentFiles({
    group: 'python',
    files: (): Promise<readonly ComponentFile[]> => deps.files.list(),
    onDidChange: deps.files.onDidChange,
    reader: documentReader,
    components: async ({ uri, text }) =>
      componentsInFile(await deps.parser(), deps.compiler, { path: Uri.parse(uri).fsPath, text }),
    // Those that the pipeline calls are offered as the document's own.
    isShown: ({ key }, uri, shown) => deps.pipelines.calls(Uri.parse(shown), Uri.parse(uri).fsPath, key),
    onProblem: deps.onProblem,
  });
}

/** Cheap: whether a Python text has a component for others. */
export function holdsPythonComponents(text: string): boolean {
  return /^@(?:(?:kfp\.)?dsl\.)?(?:component|container_component|notebook_component)\b/m.test(text);
}
