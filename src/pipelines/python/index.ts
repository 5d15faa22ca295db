/** Pipelines in Python: lenses, compile on save, graphs that edit the file, components run and debugged. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  commands,
  debug,
  languages,
  Uri,
  ViewColumn,
  window,
  workspace,
  type ExtensionContext,
  type TextDocument,
} from 'vscode';
import type { CompiledPipeline } from '../../clients/pythonCompiler.ts';
import { debugType, editorType, pythonScheme } from '../../contributions.ts';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import { generatePython } from '../../core/ir/python/generate.ts';
import { parseWithDocuments } from '../../core/ir/specDocuments.ts';
import type { CliCommand } from '../../environment/cli.ts';
import { executeCommand, type CommandHandlers } from '../../platform/commands.ts';
import type { ErrorReporter } from '../../platform/errorReporter.ts';
import { withCancellableProgress } from '../../platform/progress.ts';
import type { Planner } from '../editor/services.ts';
import { WorkspaceFiles } from '../editor/workspaceFiles.ts';
import type { FormSubject } from '../formPanels.ts';
import { fileOf, readText } from '../readText.ts';
import { PythonCanvasText } from './canvasText.ts';
import { PythonCodeLenses } from './codeLens.ts';
import { ComponentRuns, type ComponentTarget } from './componentRun.ts';
import { PythonDebugAdapters } from './functionSession.ts';
import { componentsInFile, type ComponentCompiler } from './componentsInFile.ts';
import { followCursor } from './cursorFollower.ts';
import { KfpHovers } from './hovers.ts';
import { Interpreters } from './interpreters.ts';
import { moveToPython } from './moveToPython.ts';
import { outlineOf } from './outline.ts';
import { holdsPythonComponents, pythonPalette } from './paletteSource.ts';
import { PythonPipelines } from './pythonPipelines.ts';
import { loadPythonParser } from './syntax.ts';

export interface PythonDeps {
  readonly context: ExtensionContext;
  readonly cli: CliCommand;
  readonly reporter: ErrorReporter;
  readonly planner: Pick<Planner, 'plan' | 'definitions'>;
  /** Asks for the inputs of a component. */
  readonly openForm: (subject: FormSubject) => void;
}

export function registerPython({ context, cli, reporter, planner, openForm }: PythonDeps) {
  const disposables = new DisposableStore();
  const inExtension = (...path: readonly string[]): string => join(context.extensionPath, ...path);
  const parser = () =>
    loadPythonParser({
      runtime: inExtension('dist', 'web-tree-sitter.wasm'),
      python: inExtension('dist', 'tree-sitter-python.wasm'),
    });
  const interpreters = new Interpreters(cli);
  const pipelines = disposables.add(
    new PythonPipelines(inExtension('python', 'compile_pipelines.py'), interpreters, reporter),
  );
  const calls = {
    script: inExtension('python', 'run_component.py'),
    folder: join(context.globalStorageUri.fsPath, 'components'),
  };
  const components = new ComponentRuns({
    interpreters,
    parser,
    state: context.workspaceState,
    ...calls,
    openForm,
  });
  const compiler: ComponentCompiler = {
    compile: ({ path, text }, signal) => pipelines.compileText(Uri.file(path), text, signal, 'components'),
    definitions: (text, signal) => planner.definitions({ text }, signal),
  };
  const palette = pythonPalette({
    files: disposables.add(new WorkspaceFiles('**/*.py', holdsPythonComponents)),
    parser,
    pipelines,
    compiler,
    onProblem: (cause) => reporter.log(cause),
  });
  disposables.add(languages.registerCodeLensProvider({ language: 'python' }, new PythonCodeLenses(parser)));
  disposables.add(languages.registerHoverProvider({ language: 'python' }, new KfpHovers()));
  disposables.add(
    debug.registerDebugAdapterDescriptorFactory(debugType, new PythonDebugAdapters(interpreters)),
  );

  /** The function that a lens names, or the one that the cursor is in. */
  async function target(
    uri: Uri | undefined,
    name: string | undefined,
    isPipeline: boolean,
  ): Promise<{ file: Uri; name: string }> {
    const editor = window.activeTextEditor;
    const file = uri ?? editor?.document.uri;
    if (file === undefined) throw new SlipwayError('noFile', 'Open a Python file first.');
    if (name !== undefined) return { file, name };
    const document = await workspace.openTextDocument(file);
    const offset = editor === undefined ? 0 : document.offsetAt(editor.selection.active);
    const functions = (await parser())
      .with(document.getText(), outlineOf)
      .filter(({ kind }) => (kind === 'pipeline') === isPipeline);
    const found = functions.findLast(({ start }) => start <= offset) ?? functions[0];
    if (found === undefined)
      throw new SlipwayError('noFunction', `This file has no ${isPipeline ? 'pipeline' : 'component'}.`);
    return { file, name: found.name };
  }

  async function compiled(
    uri: Uri | undefined,
    wanted: string | undefined,
  ): Promise<{ document: Uri; pipeline: CompiledPipeline }> {
    const { file, name } = await target(uri, wanted, true);
    const result = await withCancellableProgress(`Compiling ${name}`, (_report, signal) =>
      pipelines.compile(file, signal),
    );
    const pipeline = result.pipelines.find((one) => one.function === name);
    if (pipeline !== undefined) {
      const document = pipelines.uriOf(file, pipeline);
      // Open, so that whoever runs it reads the text at hand.
      await workspace.openTextDocument(document);
      return { document, pipeline };
    }
    throw new SlipwayError(
      'notCompiled',
      result.problems[0]?.message ?? `${name} is no pipeline that can be compiled.`,
    );
  }

  const startComponent = async (
    uri: Uri | undefined,
    wanted: string | undefined,
    mode: 'run' | 'debug',
  ): Promise<void> => {
    const { file, name } = await target(uri, wanted, false);
    await components.start({ uri: file.toString(), name, mode });
  };

  const handlers = {
    'slipway.python.openGraph': async (uri, name) => {
      const { document } = await compiled(uri, name);
      await commands.executeCommand('vscode.openWith', document, editorType, ViewColumn.Beside);
    },
    'slipway.python.submit': async (uri, name) => {
      await executeCommand('slipway.pipeline.run', (await compiled(uri, name)).document);
    },
    'slipway.python.runLocal': async (uri, name) => {
      const { pipeline } = await compiled(uri, name);
      const folder = join(context.globalStorageUri.fsPath, 'compiled');
      await mkdir(folder, { recursive: true });
      const file = join(folder, `${pipeline.name}.pipeline.yaml`);
      await writeFile(file, pipeline.text, { mode: 0o600 });
      await executeCommand('slipway.pipeline.runLocal', Uri.file(file));
    },
    'slipway.python.runComponent': (uri, name) => startComponent(uri, name, 'run'),
    'slipway.python.debugComponent': (uri, name) => startComponent(uri, name, 'debug'),
    'slipway.pipeline.generatePython': async (target) => {
      const parsed = parseWithDocuments(await readText(fileOf(target)));
      if (parsed.kind === 'notPipeline') throw new SlipwayError('notPipeline', parsed.problem.message);
      const generated = generatePython(parsed.document, parsed.documents.platformSpec);
      if (generated.kind === 'refused') throw new SlipwayError('noPython', generated.reason);
      const document = await workspace.openTextDocument({ language: 'python', content: generated.text });
      await window.showTextDocument(document, ViewColumn.Beside);
    },
    'slipway.pipeline.moveToPython': (target) => moveToPython(fileOf(target), pipelines),
  } satisfies Partial<CommandHandlers>;

  return {
    handlers,
    /** Shows in open graphs where the cursor is, until it is disposed. */
    followCursor: (highlight: (graph: Uri, nodeId: string) => void): Disposable =>
      followCursor({ pipelines, parser, highlight, background: (work) => reporter.background(work) }),
    interpreters,
    pipelines,
    parser,
    ...calls,
    formOf: (target: ComponentTarget): FormSubject => components.subject(target),
    palette,
    /** What *Add to graph* offers of a Python file. */
    componentsIn: async (file: Uri) => {
      const text = await readText(file);
      return componentsInFile(await parser(), compiler, { path: file.fsPath, text });
    },
    /** How a document of the scheme `slipway-python` is drawn and edited; undefined for others. */
    openText: (document: TextDocument): PythonCanvasText | undefined =>
      document.uri.scheme === pythonScheme
        ? new PythonCanvasText(document, { pipelines, parser, planner })
        : undefined,
    dispose: () => disposables.dispose(),
  } satisfies Disposable & Record<string, unknown>;
}
