import { randomBytes } from 'node:crypto';
import { ThemeIcon, Uri, ViewColumn, window, type WebviewPanel } from 'vscode';
import type { Disposable } from '../core/base/disposable.ts';
import type { Event } from '../core/base/event.ts';
import { HostChannel, type Contract, type Handlers, type ParamParsers } from '../core/protocol/rpc.ts';
import type { ErrorReporter } from './errorReporter.ts';
import { webviewHtml } from './webviewHtml.ts';

/** A new panel; `attachWebview` gives it its page, as it does to one that VS Code restored. */
export function createPanel(viewType: string, title: string): WebviewPanel {
  // No retainContextWhenHidden: a page keeps its view with setState and pulls the rest again.
  return window.createWebviewPanel(viewType, title, ViewColumn.Active);
}

/** What a page needs of the extension. */
export interface WebviewDeps {
  readonly extensionUri: Uri;
  /** Logs refused messages, and errors that are not for people. */
  readonly reporter: ErrorReporter;
}

/** A page, and what may be asked of its host. */
export interface WebviewPage<C extends Contract> {
  /** Entry point in esbuild.mjs, e.g. `runGraph`. */
  readonly bundle: string;
  /** Of the panel's tab: a codicon's name. */
  readonly icon: string;
  readonly parsers: ParamParsers<C>;
}

/** Loads the page into the panel, closed to everything but dist/webviews. The channel goes with the panel. */
export function attachWebview<C extends Contract>(
  panel: WebviewPanel,
  { bundle, icon, parsers }: WebviewPage<C>,
  handlers: Handlers<C>,
  { extensionUri, reporter }: WebviewDeps,
): HostChannel<C> {
  const { webview } = panel;
  const root = Uri.joinPath(extensionUri, 'dist', 'webviews');
  panel.iconPath = new ThemeIcon(icon);
  webview.options = { enableScripts: true, localResourceRoots: [root] };
  const channel = new HostChannel<C>(
    {
      // Lost when the page is hidden or gone; a page that comes back says `ready` and gets the last state.
      post: (message) => void webview.postMessage(message),
      onDidReceive: (listener) => webview.onDidReceiveMessage(listener),
    },
    { parsers, handlers, onProblem: (message, cause) => reporter.log(new Error(message, { cause })) },
  );
  panel.onDidDispose(() => channel.dispose());
  const url = (file: string): string => webview.asWebviewUri(Uri.joinPath(root, file)).toString();
  webview.html = webviewHtml({
    title: panel.title,
    scriptUrl: url(`${bundle}.js`),
    styleUrl: url(`${bundle}.css`),
    source: webview.cspSource,
    nonce: randomBytes(16).toString('base64url'),
  });
  return channel;
}

/** What a page shows and asks, without vscode, so that tests can put it into a bare page. */
export interface WebviewController<C extends Contract> extends Disposable {
  /** Of the panel's tab. */
  readonly title: string;
  readonly state: C['state'];
  readonly handlers: Handlers<C>;
  /** `title` or `state` has something new. */
  readonly onDidChange: Event<void>;
}

/** Loads the page over a controller, which goes with the panel. */
export function showController<C extends Contract>(
  panel: WebviewPanel,
  page: WebviewPage<C>,
  controller: WebviewController<C>,
  deps: WebviewDeps,
): void {
  const channel = attachWebview(panel, page, controller.handlers, deps);
  const show = (): void => {
    panel.title = controller.title;
    channel.push(controller.state);
  };
  const subscription = controller.onDidChange(show);
  panel.onDidDispose(() => {
    subscription.dispose();
    controller.dispose();
  });
  show();
}
