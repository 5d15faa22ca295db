import { commands } from 'vscode';
import type { ContextKeyId, ContextKeys } from '../contributions.ts';

/** Sets a when-clause context key. */
export function setContext<K extends ContextKeyId>(id: K, value: ContextKeys[K]): void {
  void commands.executeCommand('setContext', id, value);
}
