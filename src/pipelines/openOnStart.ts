import { TabInputCustom, TabInputWebview, Uri, window, workspace } from 'vscode';
import { editorType, panelTypes } from '../contributions.ts';
import { readSetting } from '../platform/settings.ts';

/**
 * Opens the graphs that the folders ask for (`slipway.openOnStart`); not when a window comes back with a graph in it.
 * A path that leaves its folder is ignored.
 */
export async function openOnStart(open: (uri: Uri) => Promise<void>): Promise<void> {
  if (hasGraph()) return;
  for (const folder of workspace.workspaceFolders ?? []) {
    const path = readSetting('slipway.openOnStart', folder);
    if (path === '') continue;
    const uri = Uri.joinPath(folder.uri, path);
    if (uri.path.startsWith(`${folder.uri.path}/`)) await open(uri);
  }
}

function hasGraph(): boolean {
  return window.tabGroups.all.some((group) =>
    group.tabs.some(
      ({ input }) =>
        (input instanceof TabInputCustom && input.viewType === editorType) ||
        // VS Code puts a prefix of its own before the view types of panels.
        (input instanceof TabInputWebview && input.viewType.endsWith(panelTypes.runGraph)),
    ),
  );
}
