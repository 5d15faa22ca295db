/** A pipeline's Python becomes the truth: written once, proved, and its IR is compiled from it from then on. */
import { basename } from 'node:path';
import { Position, Range, Uri, window, workspace, WorkspaceEdit } from 'vscode';
import { verifyPython } from '../../clients/verifyPython.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import { compiledFrom, withCompiledFrom } from '../../core/ir/python/compiledFrom.ts';
import { generatePython } from '../../core/ir/python/generate.ts';
import { parseWithDocuments } from '../../core/ir/specDocuments.ts';
import { withCancellableProgress } from '../../platform/progress.ts';
import type { PythonPipelines } from './pythonPipelines.ts';

export async function moveToPython(yaml: Uri, pipelines: PythonPipelines): Promise<void> {
  if (yaml.scheme !== 'file')
    throw new SlipwayError('noFile', 'Only a file can move to Python: save this text first.');
  const document = await workspace.openTextDocument(yaml);
  const { version } = document;
  const text = document.getText();
  const known = compiledFrom(text);
  // Gone, it is no truth any more.
  if (known !== undefined && (await exists(Uri.joinPath(yaml, '..', known))))
    throw new SlipwayError('isPython', `This is compiled from ${known} already.`);
  const parsed = parseWithDocuments(text);
  if (parsed.kind === 'notPipeline') throw new SlipwayError('notPipeline', parsed.problem.message);
  const generated = generatePython(parsed.document, parsed.documents.platformSpec, basename(yaml.path));
  if (generated.kind === 'refused') throw new SlipwayError('noPython', generated.reason);
  const python = await askForFile(yaml);
  if (python === undefined) return;
  const verified = await withCancellableProgress(`Compiling ${basename(python.path)}`, async (_, signal) =>
    verifyPython(text, generated.functionName, await pipelines.compileText(python, generated.text, signal)),
  );
  if (verified.kind === 'different')
    throw new SlipwayError(
      'notSame',
      `Nothing was changed: the Python would be another pipeline (${verified.lines[0] ?? ''}).`,
    );
  if (document.version !== version)
    throw new SlipwayError('moved', 'The text has changed in the meantime: move it to Python once more.');
  const edit = new WorkspaceEdit();
  edit.createFile(python, { contents: new TextEncoder().encode(generated.text) });
  const all = new Range(new Position(0, 0), document.lineAt(document.lineCount - 1).range.end);
  edit.replace(yaml, all, withCompiledFrom(verified.text, basename(python.path)));
  if (!(await workspace.applyEdit(edit)))
    throw new SlipwayError('notWritten', `${basename(python.path)} could not be written.`);
  await document.save();
  await window.showTextDocument(python);
}

/** In the field at the top of the window; undefined: the person left. */
async function askForFile(yaml: Uri): Promise<Uri | undefined> {
  const folder = Uri.joinPath(yaml, '..');
  const stem = basename(yaml.path)
    .replace(/(?:\.pipeline)?\.ya?ml$/i, '')
    .replaceAll(/[^\p{L}\p{N}_]+/gu, '_');
  let value = `${stem}.py`;
  for (let count = 2; await exists(Uri.joinPath(folder, value)); count++) value = `${stem}_${count}.py`;
  const name = await window.showInputBox({
    title: 'Move to Python',
    prompt: `${basename(yaml.path)} is then compiled from this file, whenever it is saved.`,
    value,
    ignoreFocusOut: true,
    validateInput: async (text) => {
      if (!/^[^/\\]+\.py$/.test(text)) return 'The name of a Python file, e.g. train.py.';
      return (await exists(Uri.joinPath(folder, text))) ? `${text} is there already.` : undefined;
    },
  });
  return name === undefined ? undefined : Uri.joinPath(folder, name);
}

async function exists(uri: Uri): Promise<boolean> {
  return workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
