/** The browser editor of `npm start`: one profile of its own under Slipway's home, one server at a time. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { slipwayHome } from '../../src/clients/embedded.ts';
import { http, HttpError } from '../../src/clients/http.ts';
import { freePort, startCodeServer, type CodeServer } from './codeServer.ts';
import { repositoryRoot } from './root.ts';

const preferredPort = 8377;

/** Straight to the graph: no welcome page, no chat, no second side bar. Trust stays a question. */
export const profileSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'chat.disableAIFeatures': true,
  'security.workspace.trust.startupPrompt': 'once',
  'telemetry.telemetryLevel': 'off',
  'extensions.ignoreRecommendations': true,
};

export interface BrowserEditor {
  /** For a person: it carries the connection token. */
  readonly url: string;
  /** `undefined` when a server of an earlier `npm start` is still running. */
  readonly server: CodeServer | undefined;
}

export async function openBrowserEditor(
  serverFolder: string,
  workspace: string,
  signal: AbortSignal,
): Promise<BrowserEditor> {
  const home = join(slipwayHome(), 'editor');
  await mkdir(join(home, 'User'), { recursive: true, mode: 0o700 });
  const connectionTokenFile = join(home, 'connection-token');
  const token = await keptOnce(connectionTokenFile, () => randomBytes(24).toString('hex'));
  await keptOnce(join(home, 'User', 'settings.json'), () => JSON.stringify(profileSettings, undefined, 2));
  const extensionsDir = await linkExtension(home);

  const portFile = join(home, 'port');
  const knownPort = Number(await keptOnce(portFile, () => String(preferredPort)));
  const address = (base: string): string => `${base}/?tkn=${token}&folder=${encodeURIComponent(workspace)}`;
  const running = `http://127.0.0.1:${knownPort}`;
  if (await acceptsToken(running, token, signal)) return { url: address(running), server: undefined };

  const port = await freePort(knownPort);
  await writeFile(portFile, String(port));
  const server = await startCodeServer(
    {
      server: serverFolder,
      port,
      userDataDir: home,
      extensionsDir,
      connectionTokenFile,
      onOutput: () => undefined,
    },
    signal,
  );
  return { url: address(server.url), server };
}

/** True when a server there knows our token: it answers with a cookie and a redirect. */
async function acceptsToken(url: string, token: string, signal: AbortSignal): Promise<boolean> {
  const request = { method: 'GET', path: '/', query: { tkn: token }, timeoutMs: 5_000 } as const;
  try {
    await http({ url, token: undefined, label: 'The browser editor' }, request, signal);
    return false;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof HttpError && error.status === 302;
  }
}

/** The file's content; written, 0600, by the first who asks. */
async function keptOnce(path: string, make: () => string): Promise<string> {
  try {
    await writeFile(path, make(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(path, 'utf8')).trim();
}

/** The clone itself is the installed extension: build, reload the window, and the change is there. */
async function linkExtension(home: string): Promise<string> {
  const extensions = join(home, 'extensions');
  await mkdir(extensions, { recursive: true });
  const link = join(extensions, 'slipway.slipway-dev');
  await rm(link, { recursive: true, force: true });
  await symlink(repositoryRoot, link, 'junction');
  // VS Code caches manifests beside this list: without it the folder is read afresh.
  await rm(join(extensions, 'extensions.json'), { force: true });
  return extensions;
}
