import { Uri, workspace } from 'vscode';
import { readSetting } from '../platform/settings.ts';

/** Opens the graphs that the folders ask for (`slipway.openOnStart`), once per window. Paths stay inside their folder. */
export async function openOnStart(open: (uri: Uri) => Promise<void>): Promise<void> {
  for (const folder of workspace.workspaceFolders ?? []) {
    const path = readSetting('slipway.openOnStart', folder);
    if (path === '') continue;
    const uri = Uri.joinPath(folder.uri, path);
    if (!uri.path.startsWith(`${folder.uri.path}/`)) continue;
    await open(uri);
  }
}
