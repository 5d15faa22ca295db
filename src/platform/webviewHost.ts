import { randomBytes } from 'node:crypto';
import { Uri, ViewColumn, window, type WebviewPanel } from 'vscode';
import { HostChannel, type Contract, type Handlers, type ParamParsers } from '../core/protocol/rpc.ts';
import { webviewHtml } from './webviewHtml.ts';

/** A new panel; `attachWebview` gives it its page, as it does to one that VS Code restored. */
export function createPanel(
  viewType: string,
  title: string,
  options: { readonly column?: ViewColumn; readonly preserveFocus?: boolean } = {},
): WebviewPanel {
  const { column = ViewColumn.Active, preserveFocus = false } = options;
  // No retainContextWhenHidden: a page keeps its view with setState and pulls the rest again.
  return window.createWebviewPanel(viewType, title, { viewColumn: column, preserveFocus });
}

export interface WebviewBundle<C extends Contract> {
  readonly extensionUri: Uri;
  /** Entry point in esbuild.mjs, e.g. `runGraph`. */
  readonly bundle: string;
  readonly parsers: ParamParsers<C>;
  readonly handlers: Handlers<C>;
  /** Gets what is for the log: refused messages and errors that are not for people. */
  readonly onProblem: (message: string, cause: unknown) => void;
}

/** Loads the bundle into the panel, closed to everything but dist/webviews. Dispose the channel with the panel. */
export function attachWebview<C extends Contract>(
  panel: WebviewPanel,
  options: WebviewBundle<C>,
): HostChannel<C> {
  const { webview } = panel;
  const root = Uri.joinPath(options.extensionUri, 'dist', 'webviews');
  webview.options = { enableScripts: true, localResourceRoots: [root] };
  const channel = new HostChannel<C>(
    {
      // Lost when the page is hidden or gone; a page that comes back says `ready` and gets the last state.
      post: (message) => void webview.postMessage(message),
      onDidReceive: (listener) => webview.onDidReceiveMessage(listener),
    },
    options,
  );
  const url = (file: string): string => webview.asWebviewUri(Uri.joinPath(root, file)).toString();
  webview.html = webviewHtml({
    title: panel.title,
    scriptUrl: url(`${options.bundle}.js`),
    styleUrl: url(`${options.bundle}.css`),
    source: webview.cspSource,
    nonce: randomBytes(16).toString('base64url'),
  });
  return channel;
}
