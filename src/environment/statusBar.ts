import { StatusBarAlignment, ThemeColor, window } from 'vscode';
import type { CommandId } from '../contributions.ts';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import type { Environments } from './session.ts';

/** Which environment is current and how it is; a click opens its menu. */
export function registerStatusBar(environments: Environments): Disposable {
  const disposables = new DisposableStore();
  const item = disposables.add(
    window.createStatusBarItem('slipway.environment', StatusBarAlignment.Left, 10),
  );
  item.name = 'Slipway Environment';
  const menu: CommandId = 'slipway.environment.menu';
  item.command = menu;
  const show = (): void => {
    const { state, current } = environments;
    item.backgroundColor = undefined;
    switch (state.kind) {
      case 'unknown':
      case 'stopped':
        item.text = `$(debug-disconnect) ${current.label}`;
        item.tooltip = `${current.label} is not ${current.isManaged ? 'running' : 'connected'}. Click for what can be done.`;
        break;
      case 'starting':
        item.text = `$(loading~spin) ${current.label}`;
        item.tooltip = `${current.label}: ${state.message}`;
        break;
      case 'ready':
        item.text = `$(vm-active) ${current.label}`;
        item.tooltip =
          state.endpoints.kfp === undefined
            ? `${current.label} is connected. It has no pipeline service.`
            : `${current.label}: the pipeline service is at ${state.endpoints.kfp.url}`;
        if (environments.isProduction) {
          item.text = `$(shield) ${current.label}`;
          item.tooltip += '\nMarked as production: changes ask first.';
          item.backgroundColor = new ThemeColor('statusBarItem.prominentBackground');
        }
        break;
      case 'failed':
        item.text = `$(warning) ${current.label}`;
        item.tooltip = state.error.message;
        item.backgroundColor = new ThemeColor('statusBarItem.warningBackground');
    }
    item.show();
  };
  show();
  disposables.add(environments.onDidChange(show));
  return disposables;
}
