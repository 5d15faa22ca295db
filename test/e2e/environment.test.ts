/** The Environment view on a cluster that was there already: a real API server, and a node that serves the kubelet API. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { loadKubeconfig } from '../../src/clients/kubernetes/kubeconfig.ts';
import { startApiServer, type ApiServer } from '../integration/kubelet-api/apiServer.ts';
import { FakeNode } from '../integration/kubelet-api/fakeNode.ts';
import { accessibilityViolations } from '../browser/harness/accessibility.ts';
import { startEditor, type Editor } from './harness/editor.ts';
import { webviewWith } from './harness/webview.ts';
import { copyWorkspace, type Workspace } from './harness/workspace.ts';

const stop = new AbortController();
let cluster: ApiServer;
let node: FakeNode;
let web: Server;
let context: string;
let workspace: Workspace;
let editor: Editor;

beforeAll(async () => {
  cluster = await startApiServer(AbortSignal.any([stop.signal, AbortSignal.timeout(120_000)]));
  node = new FakeNode(cluster, stop.signal);
  await node.start();
  web = createServer((_request, response) => response.end('a page of the pod'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const { port } = web.address() as AddressInfo;
  await node.run({
    name: 'churn-0',
    script: 'echo "model is loaded"; exec sleep 1000',
    hostPorts: new Map([[8080, port]]),
    env: { PS1: '$ ', GREETING: 'hello from the pod' },
  });
  await cluster.api.create(
    '/api/v1/namespaces/default/pods',
    {
      metadata: { name: 'waits' },
      spec: { containers: [{ name: 'main', image: 'python:3.12', resources: { requests: { cpu: '900' } } }] },
    },
    stop.signal,
  );
  context = loadKubeconfig([cluster.kubeconfig]).currentContext;
  workspace = await copyWorkspace('dev-cluster/seed');
  editor = await startEditor({
    name: 'environment',
    folder: workspace.folder,
    env: { KUBECONFIG: cluster.kubeconfig, SLIPWAY_COMPONENTS: '' },
    // Drawn as elements, so that the test can read it.
    settings: { 'terminal.integrated.gpuAcceleration': 'off' },
  });
  await editor.workbench.openViewContainer('Slipway');
  await editor.page.locator('.sidebar .pane-header').filter({ hasText: 'Pipelines' }).click();
});
afterAll(async () => {
  await editor.close();
  await workspace.remove();
  await node.stopPods();
  stop.abort();
  web.close();
  await cluster.stop();
});

const row = (text: RegExp): Locator =>
  editor.page.locator('.sidebar .monaco-list-row').filter({ hasText: text });
const welcome = (name: string): Locator => editor.page.getByRole('button', { name }).last();
/** Rows of a terminal are drawn with no-break spaces. */
const terminal = async (): Promise<string> =>
  (await editor.page.locator('.xterm-rows').allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');

describe('the Environment view', () => {
  it('offers the three ways to an environment, and says what is missing for kind', async () => {
    onTestFailed(() => editor.screenshot('environment-welcome-failed'));
    await welcome('Start Embedded Cluster').waitFor();
    await editor.screenshot('environment-welcome');
    await welcome('Use kind').click();
    await editor.workbench.notification(/No kind cluster is in the kubeconfig\./).waitFor();
  });

  it('connects to a context: nodes, pods, and which parts of Kubeflow are not there', async () => {
    onTestFailed(() => editor.screenshot('environment-context-failed'));
    await welcome('Connect to a Cluster').click();
    await editor.workbench.choice(context).click();
    await row(new RegExp(`^${context}`)).waitFor();
    await row(/^Components.*0 of 9 found/).waitFor();
    await row(/^laptop/).waitFor();
    await row(/^waits.*Pending/).waitFor();
    await editor.workbench.statusBarItem(context).waitFor();
  });

  it('follows a pod as it comes and goes', async () => {
    onTestFailed(() => editor.screenshot('environment-pods-failed'));
    await row(/^laptop/)
      .locator('.monaco-tl-twistie')
      .click();
    await row(/^churn-0.*Running · 1\/1/).waitFor();
    const pods = '/api/v1/namespaces/default/pods';
    const spec = { nodeName: 'laptop', containers: [{ name: 'main', image: 'x' }] };
    await cluster.api.create(pods, { metadata: { name: 'short-lived' }, spec }, stop.signal);
    await row(/^short-lived/).waitFor();
    await cluster.api.delete(`${pods}/short-lived`, stop.signal, { gracePeriodSeconds: 0 });
    await row(/^short-lived/).waitFor({ state: 'detached' });
    await editor.screenshot('environment');
  });

  it('shows the log of a pod', async () => {
    onTestFailed(() => editor.screenshot('environment-log-failed'));
    await editor.workbench.hoverAction(row(/^churn-0/), 'Show Log', editor.workbench.tab('churn-0 (main)'));
    await expect.poll(terminal).toContain('model is loaded');
  });

  it('opens what it serves in the browser', async () => {
    onTestFailed(() => editor.screenshot('environment-browser-failed'));
    const [opened] = await Promise.all([
      editor.page.context().waitForEvent('page', { timeout: 120_000 }),
      editor.workbench.hoverAction(row(/^churn-0/), 'Open in Browser'),
    ]);
    await expect.poll(() => opened.locator('body').innerText()).toBe('a page of the pod');
    await opened.close();
  });

  it('opens a shell in it, without kubectl', async () => {
    onTestFailed(() => editor.screenshot('environment-shell-failed'));
    await editor.workbench.hoverAction(
      row(/^churn-0/),
      'Shell into Pod',
      editor.page.locator('.panel .xterm'),
    );
    // What is typed before the shell asks goes nowhere.
    await expect.poll(terminal).toMatch(/[#$] *$/m);
    await editor.page.locator('.panel .xterm').click();
    await editor.page.keyboard.type('echo "[$GREETING]"\n');
    await expect.poll(terminal).toContain('[hello from the pod]');
    await editor.screenshot('environment-shell');
    await editor.workbench.runCommand('Terminal: Kill All Terminals');
    await editor.page.locator('.panel .xterm').waitFor({ state: 'detached' });
  });

  it('points new terminals at it', async () => {
    onTestFailed(() => editor.screenshot('environment-terminal-failed'));
    await editor.workbench.runCommand('Terminal: Create New Terminal');
    await editor.page.locator('.panel .xterm').waitFor();
    // What is typed before the shell asks goes nowhere.
    await expect.poll(terminal).toMatch(/[#$] *$/m);
    await editor.page.locator('.panel .xterm').click();
    const told = join(workspace.folder, 'told');
    await editor.page.keyboard.type(`printenv KUBECONFIG > ${told}\n`);
    await expect.poll(() => readFile(told, 'utf8').catch(() => '')).toContain(cluster.kubeconfig);
  });

  it('the doctor looks at all of it, and is accessible', async () => {
    onTestFailed(() => editor.screenshot('environment-doctor-failed'));
    await editor.workbench.runCommand('Slipway: Doctor');
    const page = await webviewWith(editor.page, 'check-cluster');
    await expect.poll(() => page.getByTestId('check-cluster').innerText()).toMatch(/Kubernetes v1\.34/);
    await page.getByTestId('check-machine/0').waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await editor.screenshot('environment-doctor');
  });

  it('is remembered: a new window connects to the same context', async () => {
    onTestFailed(() => editor.screenshot('environment-reload-failed'));
    await editor.reload();
    await editor.workbench.statusBarItem(context).waitFor();
  });
});
