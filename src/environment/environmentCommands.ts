import { window, type LogOutputChannel } from 'vscode';
import type { CommandHandlers } from '../platform/commands.ts';
import { executeCommand } from '../platform/commands.ts';
import { withCancellableProgress } from '../platform/progress.ts';
import { openDemo } from './demo.ts';
import type { Environments } from './session.ts';

export function environmentCommands(
  environments: Environments,
  log: LogOutputChannel,
  extensionPath: string,
) {
  return {
    'slipway.environment.start': async () => {
      await environments.start();
    },
    'slipway.environment.stop': async () => {
      await withCancellableProgress(
        `Stopping ${environments.current.label.toLowerCase()}`,
        (_report, signal) => environments.stop(signal),
      );
    },
    'slipway.environment.menu': async () => {
      const { state, current } = environments;
      const isRunning = state.kind === 'ready';
      const choice = await window.showQuickPick(
        [
          isRunning
            ? ({ label: '$(debug-stop) Stop', command: 'slipway.environment.stop' } as const)
            : ({ label: '$(play) Start', command: 'slipway.environment.start' } as const),
          { label: '$(output) Show log', command: 'slipway.showLog' } as const,
          { label: '$(folder-library) Open demo project', command: 'slipway.openDemo' } as const,
        ],
        { title: `${current.label}: ${isRunning ? 'running' : state.kind}` },
      );
      if (choice !== undefined) await executeCommand(choice.command);
    },
    'slipway.showLog': () => log.show(),
    'slipway.openDemo': () => openDemo(extensionPath),
  } satisfies Partial<CommandHandlers>;
}
