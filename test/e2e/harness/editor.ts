/**
 * A whole editor for a test: VS Code's server with its own home, profile and extensions folder, and a Chromium page on
 * it. Nothing of the developer's own editor, cluster or settings is touched; `close` takes everything away again.
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { profileSettings } from '../../../dev-cluster/start/browserEditor.ts';
import { freePort, startCodeServer } from '../../../dev-cluster/start/codeServer.ts';
import { installCodeServer } from '../../../dev-cluster/start/codeServerInstall.ts';
import { command } from '../../../dev-cluster/start/command.ts';
import { repositoryRoot } from '../../../dev-cluster/start/root.ts';
import { endpointsPath } from '../../../src/clients/embedded.ts';
import { launchChromium } from '../../browser/harness/chromium.ts';
import { outputFolder } from '../../runner/output.ts';
import { Workbench } from './workbench.ts';

export interface EditorOptions {
  /** Names the logs and the screenshots of a failure. */
  readonly name: string;
  /** Opened folder; a copy of yours, because tests write. */
  readonly folder: string;
  /** `repository`: the clone as it is built now. A path: that .vsix, installed. `none`: a bare editor. */
  readonly extension?: 'repository' | 'none' | { readonly vsix: string };
  /** `granted` (default) switches workspace trust off; `asked` is what a user meets. */
  readonly trust?: 'granted' | 'asked';
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** More arguments for the server. */
  readonly serverArgs?: readonly string[];
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Called before the page loads, e.g. to expose functions to it. */
  readonly preparePage?: (page: Page) => Promise<void>;
  /** Absolute paths handed to the workbench, e.g. `extensionTestsPath`; needs `--enable-smoke-test-driver`. */
  readonly payload?: Readonly<Record<string, string>>;
}

export interface Editor {
  readonly page: Page;
  readonly workbench: Workbench;
  readonly folder: string;
  /** SLIPWAY_HOME of everything this editor starts. */
  readonly home: string;
  /** Everything the server has printed so far. */
  serverOutput(): string;
  /** Keeps test/.out/screenshots/<name>.png. */
  screenshot(name: string): Promise<void>;
  /** Reloads the window, as the command does, and waits for the workbench. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when the workbench stands; throws, with a screenshot kept, when it does not come up. */
export async function startEditor(options: EditorOptions): Promise<Editor> {
  const startup = AbortSignal.timeout(180_000);
  const root = await mkdtemp(join(tmpdir(), `slipway-${options.name}-`));
  const [home, data, extensionsDir] = ['home', 'data', 'extensions'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  // The platform behind the pipelines takes both cores of a test machine: who wants it says so.
  const env = { ...process.env, SLIPWAY_HOME: home, SLIPWAY_COMPONENTS: 'kfp,python', ...options.env };
  await mkdir(extensionsDir, { recursive: true });
  await mkdir(join(data, 'User'), { recursive: true });
  const settings = {
    ...profileSettings,
    'workbench.colorTheme': 'Dark 2026',
    // A list that comes late takes the next Enter for itself.
    'editor.quickSuggestions': 'off',
    // As what a file was opened last, text or graph, would be chance.
    'search.quickOpen.includeHistory': false,
    ...options.settings,
  };
  await writeFile(join(data, 'User', 'settings.json'), JSON.stringify(settings));
  const token = 'test-editor-token';
  const connectionTokenFile = join(root, 'token');
  await writeFile(connectionTokenFile, token, { mode: 0o600 });

  const serverFolder = await installCodeServer(startup);
  await installExtension(serverFolder, extensionsDir, options.extension ?? 'repository', env, startup);
  const output = { text: '' };
  const log = join(outputFolder, `editor-${options.name}.log`);
  await mkdir(join(outputFolder, 'screenshots'), { recursive: true });
  const note = (text: string): void => {
    output.text += text;
    void appendFile(log, text);
  };
  await rm(log, { force: true });
  const server = await startCodeServer(
    {
      server: serverFolder,
      port: await freePort(),
      userDataDir: data,
      extensionsDir,
      connectionTokenFile,
      extraArgs: [
        ...(options.trust === 'asked' ? [] : ['--disable-workspace-trust']),
        ...(options.serverArgs ?? []),
      ],
      env,
      onOutput: note,
    },
    startup,
  );
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await server.stop();
    await stopCluster(env, home);
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    browser = await launchChromium(startup);
    const page = await browser.newPage({ viewport: options.viewport ?? { width: 1400, height: 900 } });
    // VS Code shows what extensions contribute when it gets round to it.
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => {
      if (message.type() === 'error') note(`[console] ${message.text()}\n`);
    });
    page.on('pageerror', (error) => note(`[page error] ${error.stack ?? error.message}\n`));
    await options.preparePage?.(page);
    const workbench = new Workbench(page);
    const query = new URLSearchParams({ tkn: token, folder: options.folder });
    if (options.payload !== undefined) {
      const remote = server.url.replace('http:', 'vscode-remote:');
      const pairs = Object.entries(options.payload).map(([key, path]) => [key, remote + path]);
      query.set('payload', JSON.stringify(pairs));
    }
    await page.goto(`${server.url}/?${query.toString()}`);
    const screenshot = async (name: string): Promise<void> => {
      await page.screenshot({ path: join(outputFolder, 'screenshots', `${name}.png`) });
    };
    try {
      await workbench.waitUntilReady();
    } catch (error) {
      await screenshot(`${options.name}-did-not-start`);
      throw new Error(`The workbench did not come up; see ${log}.`, { cause: error });
    }
    return {
      page,
      workbench,
      folder: options.folder,
      home,
      serverOutput: () => output.text,
      screenshot,
      async reload() {
        // Not the page's own reload, which may outrun what VS Code keeps.
        await Promise.all([
          page.waitForEvent('domcontentloaded', { timeout: 120_000 }),
          workbench.runCommand('Developer: Reload Window'),
        ]);
        await workbench.waitUntilReady();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function installExtension(
  server: string,
  extensionsDir: string,
  extension: NonNullable<EditorOptions['extension']>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  if (extension === 'none') return;
  if (extension === 'repository') {
    await symlink(repositoryRoot, join(extensionsDir, 'slipway.slipway-dev'), 'junction');
    return;
  }
  const main = join(server, 'out', 'server-main.js');
  const args = [main, '--extensions-dir', extensionsDir, '--accept-server-license-terms'];
  await command(process.execPath, [...args, '--install-extension', extension.vsix], { env, signal });
}

/** The cluster outlives the editor by design; a test's cluster must not outlive the test. */
async function stopCluster(env: NodeJS.ProcessEnv, home: string): Promise<void> {
  if (!existsSync(endpointsPath(home))) return;
  const cli = join(repositoryRoot, 'dist', 'cli.js');
  await command(process.execPath, [cli, 'down'], { env, signal: AbortSignal.timeout(60_000) });
}
