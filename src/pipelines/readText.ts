import { Uri, window, workspace } from 'vscode';
import type { FileTarget } from '../contributions.ts';
import { SlipwayError } from '../core/base/errors.ts';
import { activeGraph, isPipelineDocument } from './activeEditor.ts';

/** The file that a command means: its target, else the active editor's when that is a pipeline. */
export function fileOf(target: FileTarget | undefined): Uri {
  if (target !== undefined) return target instanceof Uri ? target : Uri.parse(target.uri);
  const graph = activeGraph();
  if (graph !== undefined) return graph;
  const document = window.activeTextEditor?.document;
  if (document !== undefined && isPipelineDocument(document)) return document.uri;
  throw new SlipwayError('noFile', 'Open a pipeline file first, or choose one in the Pipelines view.');
}

/** What a person sees of a file: the text of its editor, unsaved changes included; else what is on disk. */
export async function readText(uri: Uri): Promise<string> {
  const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open !== undefined) return open.getText();
  return new TextDecoder().decode(await workspace.fs.readFile(uri));
}
