/** Takes a person to the line of their own code that failed. */
import type { Uri } from 'vscode';
import { Range, window, workspace, type TextDocument } from 'vscode';
import type { PythonFunction } from '../core/ir/model.ts';
import { lineInPython, offsetInYaml } from './explainFailure.ts';

const exclude = '**/{node_modules,.git,.venv,venv,__pycache__}/**';
/** Python files that are looked into for the function. */
const maxSearched = 300;

/**
 * Opens `line` (from 1) of a component's source: in the `.py` it was compiled from when that can be told for sure, else
 * in the pipeline file, else as a text of its own.
 */
export async function showFailureSource(
  python: PythonFunction,
  line: number,
  pipeline: Uri | undefined,
): Promise<void> {
  for (const uri of await candidates(pipeline)) {
    const text = await readQuietly(uri);
    const found = text === undefined ? undefined : lineInPython(python, line, text);
    if (found !== undefined) {
      await show(await workspace.openTextDocument(uri), found - 1);
      return;
    }
  }
  if (pipeline !== undefined) {
    const document = await workspace.openTextDocument(pipeline);
    await show(document, document.positionAt(offsetInYaml(python, line, document.getText())).line);
    return;
  }
  await show(await workspace.openTextDocument({ language: 'python', content: python.source }), line - 1);
}

/** `churn.py` beside `churn.pipeline.yaml` first: that is how pipelines are compiled. */
async function candidates(pipeline: Uri | undefined): Promise<readonly Uri[]> {
  const all = await workspace.findFiles('**/*.py', exclude, maxSearched);
  if (pipeline === undefined) return all;
  const stem = pipeline.path.replace(/(?:\.pipeline)?\.ya?ml$/, '');
  return [pipeline.with({ path: `${stem}.py` }), ...all];
}

/** `undefined` for a file that is not there. */
async function readQuietly(uri: Uri): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await workspace.fs.readFile(uri));
  } catch {
    return undefined;
  }
}

async function show(document: TextDocument, line: number): Promise<void> {
  const at = document.lineAt(Math.min(Math.max(0, line), document.lineCount - 1)).range;
  await window.showTextDocument(document, { selection: new Range(at.start, at.end), preview: false });
}
