import { window, type LogOutputChannel } from 'vscode';
import { z } from 'zod';
import type { ComponentTarget } from '../contributions.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { CommandHandlers } from '../platform/commands.ts';
import { withCancellableProgress } from '../platform/progress.ts';
import { EMBEDDED_ID } from './catalog.ts';
import { readCli, type CliCommand } from './cli.ts';
import type { ComponentStatuses } from './componentStatus.ts';
import { openDemo } from './demo.ts';
import type { DoctorPanel } from './doctorPanel.ts';
import type { LiveCluster } from './liveCluster.ts';
import type { Environments, StartGate } from './session.ts';
import type { Switcher } from './switcher.ts';

export interface EnvironmentCommandDeps {
  readonly environments: Environments;
  readonly components: ComponentStatuses;
  readonly cluster: LiveCluster;
  readonly switcher: Switcher;
  readonly doctor: DoctorPanel;
  readonly gate: StartGate;
  readonly cli: CliCommand;
  readonly log: LogOutputChannel;
  readonly extensionPath: string;
}

const RESET_TIMEOUT_MS = 120_000;

export function environmentCommands(deps: EnvironmentCommandDeps) {
  const { environments, components, cluster, switcher, doctor, gate, cli, log } = deps;

  /** Of one component; the others go on. */
  async function change(verb: 'start' | 'stop' | 'restart', said: string, target?: ComponentTarget) {
    if (target === undefined)
      throw new SlipwayError('nothingChosen', 'Choose a component in the Environment view first.');
    gate.requireTrust();
    await withCancellableProgress(`${said} ${target.name}`, async (_report, signal) => {
      await readCli(cli, [verb, target.name, '--json'], z.unknown(), signal);
    });
    components.wake();
  }

  return {
    'slipway.environment.start': () => environments.start(),
    'slipway.environment.startEmbedded': async () => {
      if (environments.current.id !== EMBEDDED_ID) await switcher.switchTo(EMBEDDED_ID);
      await environments.start();
    },
    'slipway.environment.stop': async () => {
      await withCancellableProgress(
        `Stopping ${environments.current.label.toLowerCase()}`,
        (_report, signal) => environments.stop(signal),
      );
    },
    'slipway.environment.reset': async () => {
      gate.requireTrust();
      const choice = await window.showWarningMessage(
        'Reset the embedded cluster?',
        {
          modal: true,
          detail:
            'It is stopped, and all its pipelines, runs, artifacts, models and Kubernetes objects are deleted. This cannot be undone.',
        },
        'Reset',
      );
      if (choice !== 'Reset') return;
      await withCancellableProgress('Resetting the embedded cluster', async (_report, signal) => {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(RESET_TIMEOUT_MS)]);
        await readCli(cli, ['reset', '--yes', '--json'], z.unknown(), limit);
      });
      await environments.refresh();
    },
    'slipway.environment.menu': () => switcher.menu(),
    'slipway.environment.connect': () => switcher.connect(),
    'slipway.environment.useKind': () => switcher.useKind(),
    'slipway.environment.refresh': async () => {
      components.wake();
      cluster.restart();
      await environments.refresh();
    },
    'slipway.environment.startComponent': (target) => change('start', 'Starting', target),
    'slipway.environment.stopComponent': (target) => change('stop', 'Stopping', target),
    'slipway.environment.restartComponent': (target) => change('restart', 'Restarting', target),
    'slipway.doctor': () => doctor.open(),
    'slipway.showLog': () => log.show(),
    'slipway.openDemo': () => openDemo(deps.extensionPath),
  } satisfies Partial<CommandHandlers>;
}
