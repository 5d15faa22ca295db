import { Uri, window, workspace } from 'vscode';
import { SlipwayError } from '../../core/base/errors.ts';
import { emptyPipeline, pipelineNameFor } from './blankText.ts';

/** Asks for a name and writes a pipeline without steps; `undefined` when the user gives none. */
export async function newPipelineFile(folder: Uri | undefined): Promise<Uri | undefined> {
  const where = folder ?? workspace.workspaceFolders?.[0]?.uri;
  if (where === undefined)
    throw new SlipwayError('noFolder', 'Open a folder first: a pipeline is a file in it.');
  const name = await window.showInputBox({
    title: 'New Pipeline',
    prompt: `Name of the pipeline. Its file is made in ${workspace.asRelativePath(where)}.`,
    value: 'my-pipeline',
    validateInput: async (value) => {
      if (value.trim() === '' || /[\\/]/.test(value))
        return 'A name has at least one letter, and no slashes.';
      return (await exists(fileIn(where, value))) ? 'There is a file of this name already.' : undefined;
    },
  });
  if (name === undefined) return undefined;
  const uri = fileIn(where, name);
  // Between question and answer somebody else may have made it.
  if (await exists(uri)) throw new SlipwayError('exists', 'There is a file of this name already.');
  await workspace.fs.writeFile(uri, new TextEncoder().encode(emptyPipeline(pipelineNameFor(uri.path))));
  return uri;
}

function fileIn(folder: Uri, name: string): Uri {
  return Uri.joinPath(folder, `${name.trim()}.pipeline.yaml`);
}

async function exists(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
