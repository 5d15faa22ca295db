import { commands } from 'vscode';
import type { CommandArguments, CommandId } from '../contributions.ts';
import type { Disposable } from '../core/base/disposable.ts';

export type CommandHandler<Id extends CommandId> = (...args: CommandArguments[Id]) => unknown;
export type CommandHandlers = { readonly [Id in CommandId]: CommandHandler<Id> };

/** Registers one contributed command. */
export function registerCommand<Id extends CommandId>(id: Id, handler: CommandHandler<Id>): Disposable {
  return commands.registerCommand(id, handler);
}

/** Runs a contributed command: how nouns reach each other. */
export async function executeCommand<Id extends CommandId>(
  id: Id,
  ...args: CommandArguments[Id]
): Promise<void> {
  await commands.executeCommand(id, ...args);
}
