import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { commands, extensions, window, workspace } from 'vscode';
import { commands as contributed, viewIds } from '../../../src/contributions.ts';

const extension = (): NonNullable<ReturnType<typeof extensions.getExtension>> => {
  const found = extensions.getExtension('slipway.slipway');
  assert.ok(found, 'the extension is installed');
  return found;
};

describe('activation', () => {
  it('activates and stays active', async () => {
    await extension().activate();
    assert.equal(extension().isActive, true);
  });

  it('registers every command that package.json contributes', async () => {
    const registered = new Set(await commands.getCommands(true));
    const missing = Object.keys(contributed).filter((id) => !registered.has(id));
    assert.deepEqual(missing, []);
  });

  it('shows each of its views when asked to', async () => {
    for (const view of Object.values(viewIds)) await commands.executeCommand(`${view}.focus`);
  });

  it('leaves a pipeline file as text when it is opened', async () => {
    const [file] = await workspace.findFiles('two_step_pipeline.yaml');
    assert.ok(file, 'the workspace holds the sample');
    const document = await workspace.openTextDocument(file);
    await window.showTextDocument(document);
    assert.equal(window.activeTextEditor?.document.uri.toString(), file.toString());
    assert.equal(document.isDirty, false);
  });
});
