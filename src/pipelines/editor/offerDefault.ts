import { ConfigurationTarget, window, workspace, type Memento, type Uri } from 'vscode';
import { editorType } from '../../contributions.ts';
import { isPipelineFileName } from '../sniff.ts';

const openedKey = 'slipway.graphsOpened';
const pattern = '*.pipeline.yaml';

/**
 * Offers, once ever, to open pipeline files as graphs from the start. With the second graph, not the first: whoever
 * opens one more has seen what it is.
 */
export async function offerAsDefault(uri: Uri, memento: Memento): Promise<void> {
  if (!isPipelineFileName(uri.path)) return;
  const opened = memento.get(openedKey, 0) + 1;
  if (opened > 2) return;
  await memento.update(openedKey, opened);
  const configuration = workspace.getConfiguration('workbench');
  const associations = configuration.get<Record<string, string>>('editorAssociations', {});
  if (opened < 2 || pattern in associations) return;
  const yes = 'Open as Graph';
  const choice = await window.showInformationMessage(
    `Open ${pattern} files as graphs from now on?`,
    yes,
    'No',
  );
  if (choice !== yes) return;
  await configuration.update(
    'editorAssociations',
    { ...associations, [pattern]: editorType },
    ConfigurationTarget.Global,
  );
}
