import { access, cp } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { commands, Uri } from 'vscode';

/** Opens `~/slipway-demo`, made from the seed that ships with the extension; one that is there is never touched. */
export async function openDemo(extensionPath: string): Promise<void> {
  const folder = join(homedir(), 'slipway-demo');
  const exists = await access(folder).then(
    () => true,
    () => false,
  );
  if (!exists)
    await cp(join(extensionPath, 'dev-cluster', 'seed'), folder, { recursive: true, errorOnExist: true });
  await commands.executeCommand('vscode.openFolder', Uri.file(folder), { forceReuseWindow: false });
}
