/** The doctor's checks: what the machine needs (`slipway doctor --json`), what the editor has, how the environment is. */
import { z } from 'zod';
import type { DoctorCheck, DoctorSection } from '../core/protocol/doctor.ts';
import { asError } from '../core/base/errors.ts';
import { readCli, type CliCommand } from './cli.ts';
import type { EnvironmentCatalog } from './catalog.ts';
import type { Environments } from './session.ts';

const answer = z.object({
  checks: z.array(
    z.object({ name: z.string(), ok: z.boolean(), message: z.string(), fix: z.string().optional() }),
  ),
});

/** What the editor says about itself: read by the panel, so that this file needs no vscode. */
export interface EditorFacts {
  readonly isTrusted: boolean;
  readonly version: string;
  readonly neededVersion: string;
  readonly hasPythonExtension: boolean;
}

export interface DoctorSources {
  readonly cli: CliCommand;
  readonly environments: Environments;
  readonly catalog: EnvironmentCatalog;
  readonly editor: () => EditorFacts;
}

/** Ids of checks with a button, and what the button does (doctorPanel.ts). */
export const doctorActions = {
  trust: 'Manage Trust',
  python: 'Find the Python Extension',
  environment: 'Start',
  connection: 'Connect Again',
  kubeconfig: 'Open Settings',
  machine: 'Show Log',
} as const;
export type DoctorActionId = keyof typeof doctorActions;

const DOCTOR_TIMEOUT_MS = 60_000;
const CLUSTER_TIMEOUT_MS = 10_000;

/** Never rejects: a check that can't be made is a bad one. */
export async function examine(
  sources: DoctorSources,
  signal: AbortSignal,
): Promise<readonly DoctorSection[]> {
  const [machine, environment] = await Promise.all([
    machineChecks(sources, signal),
    examineEnvironment(sources, signal),
  ]);
  return [
    environment,
    { title: 'Editor', checks: editorChecks(sources.editor()) },
    { title: 'This machine', checks: machine },
  ];
}

function check(
  id: string,
  name: string,
  level: DoctorCheck['level'],
  message: string,
  help: { readonly fix?: string; readonly action?: string } = {},
): DoctorCheck {
  return { id, name, level, message, fix: help.fix, action: help.action };
}

function editorChecks({
  isTrusted,
  version,
  neededVersion,
  hasPythonExtension,
}: EditorFacts): readonly DoctorCheck[] {
  return [
    isTrusted
      ? check('trust', 'Workspace trust', 'good', 'This folder is trusted.')
      : check('trust', 'Workspace trust', 'bad', 'This folder is not trusted, so nothing is started in it.', {
          fix: 'Trust it if you know who wrote it.',
          action: doctorActions.trust,
        }),
    check('version', 'VS Code', 'good', `${version}; ${neededVersion} or newer is needed.`),
    hasPythonExtension
      ? check('python', 'Python extension', 'good', 'Installed.')
      : check(
          'python',
          'Python extension',
          'warning',
          'Not installed: pipelines run, Python is not debugged.',
          {
            fix: 'Install ms-python.python to debug steps and to choose an interpreter.',
            action: doctorActions.python,
          },
        ),
  ];
}

async function machineChecks(
  { cli, editor }: DoctorSources,
  signal: AbortSignal,
): Promise<readonly DoctorCheck[]> {
  if (!editor().isTrusted)
    return [check('machine', 'slipway doctor', 'warning', 'Not run, because this folder is not trusted.')];
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DOCTOR_TIMEOUT_MS)]);
    const { checks } = await readCli(cli, ['doctor', '--json'], answer, limit);
    return checks.map(({ name, ok, message, fix }, index) =>
      check(`machine/${index}`, name, ok ? 'good' : 'bad', message, fix === undefined ? {} : { fix }),
    );
  } catch (error) {
    return [
      check('machine', 'slipway doctor', 'bad', `It could not be run: ${asError(error).message}`, {
        action: doctorActions.machine,
      }),
    ];
  }
}

/** The first section alone: asked again when the environment has changed. */
export async function examineEnvironment(
  sources: Pick<DoctorSources, 'environments' | 'catalog'>,
  signal: AbortSignal,
): Promise<DoctorSection> {
  return {
    title: 'Environment',
    checks: [
      currentCheck(sources.environments),
      await clusterCheck(sources.environments, signal),
      await kubeconfigCheck(sources.catalog),
    ],
  };
}

function currentCheck({ state, current }: Environments): DoctorCheck {
  const { label, isManaged } = current;
  const action = isManaged ? doctorActions.environment : doctorActions.connection;
  const id: DoctorActionId = isManaged ? 'environment' : 'connection';
  switch (state.kind) {
    case 'ready':
      return state.endpoints.kfp === undefined
        ? check(id, label, 'warning', 'It has no pipeline service: the Pipelines view stays empty.', {
            fix: 'Install Kubeflow Pipelines there, or choose another environment.',
          })
        : check(id, label, 'good', `The pipeline service is at ${state.endpoints.kfp.url}.`);
    case 'starting':
      return check(id, label, 'warning', `${state.message}.`);
    case 'failed':
      return check(id, label, 'bad', state.error.message, {
        action,
        ...(state.error.action === undefined ? {} : { fix: `${state.error.action}.` }),
      });
    default:
      return check(id, label, 'warning', isManaged ? 'It is not running.' : 'It is not connected.', {
        action,
      });
  }
}

async function clusterCheck(environments: Environments, signal: AbortSignal): Promise<DoctorCheck> {
  const { session } = environments;
  if (session?.hasKubernetes !== true)
    return check('cluster', 'Kubernetes API', 'warning', 'There is none to ask yet.');
  try {
    const api = await session.kubernetes();
    const limit = AbortSignal.any([signal, session.signal, AbortSignal.timeout(CLUSTER_TIMEOUT_MS)]);
    const { gitVersion } = await api.get<{ readonly gitVersion: string }>('/version', limit);
    return check('cluster', 'Kubernetes API', 'good', `Kubernetes ${gitVersion} answers.`);
  } catch (error) {
    return check('cluster', 'Kubernetes API', 'bad', asError(error).message, {
      fix: 'Look at kube-apiserver in the Environment view, or at the network.',
    });
  }
}

async function kubeconfigCheck(catalog: EnvironmentCatalog): Promise<DoctorCheck> {
  try {
    const contexts = await catalog.contexts();
    return check(
      'kubeconfig',
      'Kubeconfig',
      'good',
      contexts.length === 0
        ? 'None, which is fine: the embedded cluster brings its own.'
        : `${contexts.length} ${contexts.length === 1 ? 'context' : 'contexts'}: ${contexts
            .slice(0, 5)
            .map(({ label }) => label)
            .join(', ')}${contexts.length > 5 ? ', …' : ''}.`,
    );
  } catch (error) {
    return check('kubeconfig', 'Kubeconfig', 'bad', asError(error).message, {
      fix: 'Correct the file, or name another in the setting.',
      action: doctorActions.kubeconfig,
    });
  }
}
