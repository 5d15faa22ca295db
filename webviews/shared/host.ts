/** The webview's side of VS Code: one channel to the host, and the state that survives a reload of the page. */
import type { Contract, MessageEndpoint } from '../../src/core/protocol/rpc.ts';
import { WebviewChannel } from '../../src/core/protocol/rpc.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

// VS Code hands it out once per page.
const api = acquireVsCodeApi();

const endpoint: MessageEndpoint = {
  post: (message) => api.postMessage(message),
  onDidReceive: (listener) => {
    const onMessage = (event: MessageEvent<unknown>): void => listener(event.data);
    window.addEventListener('message', onMessage);
    return { dispose: () => window.removeEventListener('message', onMessage) };
  },
};

export function connect<C extends Contract>(onState: (state: C['state']) => void): WebviewChannel<C> {
  return new WebviewChannel<C>(endpoint, onState);
}

/** What `saveViewState` kept, unchecked: an older version of this view may have written it. */
export function savedViewState(): Record<string, unknown> {
  const state = api.getState();
  return typeof state === 'object' && state !== null ? { ...state } : {};
}

export function saveViewState(state: unknown): void {
  api.setState(state);
}
