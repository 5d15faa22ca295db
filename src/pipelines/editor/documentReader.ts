import { Uri, workspace, type TextDocument } from 'vscode';
import { readText } from '../readText.ts';
import type { FileReader } from './componentFiles.ts';

/** Files as people see them: an open document's text counts before what is on disk. */
export const documentReader: FileReader = {
  version: async (uri) => {
    const open = openDocument(uri);
    if (open !== undefined) return `open ${open.version}`;
    const { mtime, size } = await workspace.fs.stat(Uri.parse(uri));
    return `${mtime} ${size}`;
  },
  read: (uri) => readText(Uri.parse(uri)),
};

function openDocument(uri: string): TextDocument | undefined {
  return workspace.textDocuments.find((document) => document.uri.toString() === uri);
}
