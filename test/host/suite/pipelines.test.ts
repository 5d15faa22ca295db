import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import {
  commands,
  languages,
  TabInputCustom,
  tasks,
  Uri,
  window,
  workspace,
  WorkspaceEdit,
  type CodeAction,
  type Diagnostic,
} from 'vscode';
import { editorType } from '../../../src/contributions.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-host-'));
});
after(async () => {
  await commands.executeCommand('workbench.action.closeAllEditors');
  await rm(folder, { recursive: true, force: true });
});

/** Waits on the condition, not the clock; the runner's own limit ends it. */
async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function problemsOf(uri: Uri): Promise<readonly Diagnostic[]> {
  return until(() => {
    const found = languages.getDiagnostics(uri).filter((one) => one.source === 'Slipway');
    return found.length > 0 ? found : undefined;
  });
}

/** The sample with one reference to a step that is not there. */
async function brokenPipeline(): Promise<Uri> {
  const [sample] = await workspace.findFiles('pipeline_with_condition.yaml');
  assert.ok(sample, 'the workspace holds the sample');
  const text = new TextDecoder().decode(await workspace.fs.readFile(sample));
  const broken = text.replace(/(dependentTasks:\n\s+- [\w-]+)/, '$1x');
  assert.notEqual(broken, text);
  const path = join(folder, 'broken.pipeline.yaml');
  await writeFile(path, broken);
  return Uri.file(path);
}

describe('pipeline files in the editor', () => {
  it('have their problems in the Problems panel, with a fix where one is certain', async () => {
    const uri = await brokenPipeline();
    const document = await workspace.openTextDocument(uri);
    await window.showTextDocument(document);
    const problems = await problemsOf(uri);
    const dangling = problems[0];
    assert.ok(dangling);
    assert.equal(problems.length, 1);
    assert.match(document.getText(dangling.range), /x$/);

    const actions: CodeAction[] = await commands.executeCommand(
      'vscode.executeCodeActionProvider',
      uri,
      dangling.range,
    );
    const [fix] = actions.filter((action) => action.edit !== undefined);
    assert.ok(fix?.edit, 'there is a quick fix');
    assert.equal(await workspace.applyEdit(fix.edit), true);
    await until(() => (languages.getDiagnostics(uri).length === 0 ? true : undefined));
  });

  it('show their problems as they are typed, and none once they are closed', async () => {
    const document = await workspace.openTextDocument({
      language: 'yaml',
      content: '# PIPELINE DEFINITION\n# Name: x\npipelineInfo:\n  name: x\n',
    });
    await window.showTextDocument(document);
    await problemsOf(document.uri);
    const edit = new WorkspaceEdit();
    edit.insert(document.uri, document.positionAt(0), 'nothing: here\n---\n[');
    await workspace.applyEdit(edit);
    await problemsOf(document.uri);
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await until(() => (languages.getDiagnostics(document.uri).length === 0 ? true : undefined));
  });

  it('open as a graph by command', async () => {
    const [sample] = await workspace.findFiles('two_step_pipeline.yaml');
    assert.ok(sample);
    await commands.executeCommand('slipway.pipeline.openGraph', sample);
    const tab = await until(() =>
      window.tabGroups.all
        .flatMap((group) => group.tabs)
        .find((one) => one.input instanceof TabInputCustom && one.input.viewType === editorType),
    );
    assert.ok(tab);
  });
});

describe('tasks of type slipway', () => {
  it('are known, and none is made up', async () => {
    assert.deepEqual(await tasks.fetchTasks({ type: 'slipway' }), []);
  });
});
