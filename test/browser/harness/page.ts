/**
 * A webview bundle in a bare Chromium page: the same HTML and policy as in VS Code, a theme's real variables, and the
 * real host end of the rpc running here, in the test.
 */
import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { Emitter } from '../../../src/core/base/event.ts';
import {
  HostChannel,
  type Contract,
  type Handlers,
  type ParamParsers,
} from '../../../src/core/protocol/rpc.ts';
import { webviewHtml } from '../../../src/platform/webviewHtml.ts';
import { repositoryRoot } from '../../../dev-cluster/start/root.ts';

const theme = z.object({
  bodyClass: z.string(),
  themeId: z.string(),
  variables: z.record(z.string(), z.string()),
});
/** Taken from real webviews of VS Code 1.139. */
const themesFile = z.object({
  dark: theme,
  light: theme,
  highContrast: theme,
  highContrastLight: theme,
  dark2026: theme,
  light2026: theme,
  defaultStyles: z.string(),
});
export const themeNames = [
  'dark',
  'light',
  'highContrast',
  'highContrastLight',
  'dark2026',
  'light2026',
] as const;
export type ThemeName = (typeof themeNames)[number];

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
};

export interface BundleServer {
  readonly url: string;
  close(): Promise<void>;
}

const built = process.env['SLIPWAY_TEST_WEBVIEWS'] ?? join(repositoryRoot, 'dist', 'webviews');

/** Serves a folder of bundles and, for each, the page `/<bundle>.html` on 127.0.0.1. */
export async function serveBundles(folder = built): Promise<BundleServer> {
  const server: Server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname.replaceAll('/', '');
    if (name === 'favicon.ico') {
      response.statusCode = 204;
      response.end();
      return;
    }
    const page = /^(\w+)\.html$/.exec(name);
    if (page !== null) {
      const origin = `http://${request.headers.host ?? ''}`;
      const bundle = page[1] ?? '';
      response.setHeader('Content-Type', 'text/html');
      response.end(
        webviewHtml({
          title: bundle,
          scriptUrl: `${origin}/${bundle}.js`,
          styleUrl: `${origin}/${bundle}.css`,
          source: origin,
          nonce: 'bm9uY2Utb2YtdGhlLXRlc3Q',
        }),
      );
      return;
    }
    readFile(join(folder, name)).then(
      (content) => {
        response.setHeader('Content-Type', types[extname(name)] ?? 'application/octet-stream');
        response.end(content);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export interface OpenedView<C extends Contract> {
  readonly page: Page;
  readonly channel: HostChannel<C>;
  /** What the page last saved with `setState`. */
  savedState(): Promise<unknown>;
  /** Everything the page complained about; a test ends with it empty. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export async function openView<C extends Contract>(
  browser: Browser,
  server: BundleServer,
  bundle: string,
  options: {
    readonly theme: ThemeName;
    readonly parsers: ParamParsers<C>;
    readonly handlers: Handlers<C>;
    readonly savedState?: unknown;
    readonly size?: { readonly width: number; readonly height: number };
    readonly reducedMotion?: boolean;
    /** For init scripts of the caller's own. */
    readonly beforeLoad?: (page: Page) => Promise<void>;
  },
): Promise<OpenedView<C>> {
  const themes = themesFile.parse(
    JSON.parse(await readFile(join(repositoryRoot, 'test', 'fixtures', 'themes', 'themes.json'), 'utf8')),
  );
  const { variables, bodyClass, themeId } = themes[options.theme];
  const context = await browser.newContext({
    viewport: options.size ?? { width: 1180, height: 760 },
    reducedMotion: options.reducedMotion === false ? 'no-preference' : 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  const received = new Emitter<unknown>();
  await page.exposeFunction('slipwayReceive', (message: unknown) => received.fire(message));
  await page.addInitScript(
    ({ saved, variables, bodyClass, themeId, defaultStyles }) => {
      const global = window as unknown as Record<string, unknown> & {
        slipwayReceive(message: unknown): void;
        slipwaySaved: unknown;
      };
      global.slipwaySaved = saved;
      global['acquireVsCodeApi'] = () => ({
        postMessage: (message: unknown) => global.slipwayReceive(structuredClone(message)),
        getState: () => global.slipwaySaved,
        setState: (state: unknown) => {
          global.slipwaySaved = structuredClone(state);
        },
      });
      const dress = (): void => {
        for (const [name, value] of Object.entries(variables))
          document.documentElement.style.setProperty(name, value);
        document.documentElement.style.background = variables['--vscode-editor-background'] ?? '';
        document.body.className = bodyClass;
        document.body.dataset['vscodeThemeId'] = themeId;
        document.body.dataset['vscodeThemeKind'] = bodyClass.split(' ')[0] ?? '';
        const style = document.createElement('style');
        style.textContent = defaultStyles;
        document.head.prepend(style);
      };
      // Before the bundle's deferred script, as VS Code does it.
      document.addEventListener('readystatechange', () => {
        if (document.readyState === 'interactive') dress();
      });
    },
    {
      saved: options.savedState,
      variables,
      bodyClass,
      themeId,
      defaultStyles: themes.defaultStyles,
    },
  );
  const channel = new HostChannel<C>(
    {
      post: (message) => {
        void page
          .evaluate((data) => window.postMessage(data, '*'), JSON.parse(JSON.stringify(message)) as object)
          .catch(() => undefined);
      },
      onDidReceive: received.event,
    },
    {
      parsers: options.parsers,
      handlers: options.handlers,
      onProblem: (message, cause) =>
        complaints.push(`${message} ${cause instanceof Error ? cause.message : ''}`),
    },
  );
  await options.beforeLoad?.(page);
  await page.goto(`${server.url}/${bundle}.html`);
  return {
    page,
    channel,
    complaints,
    savedState: () => page.evaluate(() => (window as unknown as { slipwaySaved: unknown }).slipwaySaved),
    close: async () => {
      channel.dispose();
      await context.close();
    },
  };
}
