/** What the rows of nodes, pods, services and forwards do. */
import { env, Uri, window } from 'vscode';
import type { Pod, Service } from '../clients/kubernetes/model.ts';
import type {
  ComponentTarget,
  ContainerTarget,
  ForwardTarget,
  NodeTarget,
  PartTarget,
  PodTarget,
  ServiceTarget,
} from '../contributions.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { CommandHandlers } from '../platform/commands.ts';
import type { LogTerminals } from '../platform/logTerminal.ts';
import { componentLog, containerLog } from './clusterLogs.ts';
import type { CliCommand } from './cli.ts';
import type { ComponentStatuses } from './componentStatus.ts';
import type { Forwards } from './forwards.ts';
import { kubectlCommand, type KubectlObject } from './kubectl.ts';
import { portsOf } from './podRows.ts';
import type { Environments, Session } from './session.ts';
import type { ShellTerminals } from './shellTerminal.ts';
import type { Forward } from './store.ts';

export interface ClusterCommandDeps {
  readonly environments: Environments;
  readonly components: ComponentStatuses;
  readonly forwards: Forwards;
  readonly logs: LogTerminals;
  readonly shells: ShellTerminals;
  readonly cli: CliCommand;
}

const READ_TIMEOUT_MS = 15_000;

export function clusterCommands(deps: ClusterCommandDeps) {
  const { environments, components, forwards, logs, shells, cli } = deps;

  const addressOf = async (
    target: ComponentTarget | PodTarget | ServiceTarget | PartTarget | ForwardTarget,
  ): Promise<string | undefined> => {
    if (target.kind === 'component') {
      const endpoint = components.components.find(({ name }) => name === target.name)?.endpoint;
      if (endpoint === null || endpoint === undefined)
        throw new SlipwayError('noEndpoint', `${target.name} listens nowhere now.`);
      return endpoint;
    }
    const forward = target.kind === 'forward' ? forwards.find(target.forward.id) : await open(target);
    return forward === undefined ? undefined : `http://127.0.0.1:${forward.localPort}`;
  };

  async function open(target: PodTarget | ServiceTarget | PartTarget): Promise<Forward | undefined> {
    const session = environments.require();
    const found = await choosePort(session, target);
    return found === undefined ? undefined : forwards.forward(session, found);
  }

  return {
    'slipway.environment.openLog': async (target) => {
      if (target === undefined) throw nothingChosen();
      if (target.kind === 'component') {
        logs.show(componentLog(cli, target.name));
        return;
      }
      const session = environments.require();
      const container = await chooseContainer(session, target, 'Show the log of', hasRun);
      if (container !== undefined) logs.show(containerLog(environments, container));
    },
    'slipway.environment.shell': async (target) => {
      if (target === undefined) throw nothingChosen();
      const session = environments.require();
      const container = await chooseContainer(session, target, 'Open a shell in', isRunning);
      if (container === undefined) return;
      await environments.confirmWrite(`Open a shell in ${container.pod}`);
      shells.open(await session.kubernetes(), container);
    },
    'slipway.environment.portForward': async (target) => {
      if (target === undefined) throw nothingChosen();
      const forward = await open(target);
      if (forward === undefined) return;
      const address = `127.0.0.1:${forward.localPort}`;
      const choice = await window.showInformationMessage(
        `${address} is now ${forward.title}.`,
        'Open in Browser',
        'Stop',
      );
      if (choice === 'Stop') forwards.stop(forward.id);
      if (choice === 'Open in Browser') await openExternal(`http://${address}`);
    },
    'slipway.environment.stopForward': (target) => {
      if (target !== undefined) forwards.stop(target.forward.id);
    },
    'slipway.environment.openInBrowser': async (target) => {
      if (target === undefined) throw nothingChosen();
      const address = await addressOf(target);
      if (address === undefined) return;
      const login = loginOf(environments, target);
      if (login !== undefined && !(await offerPassword(login))) return;
      await openExternal(address);
    },
    'slipway.environment.copyAddress': async (target) => {
      if (target === undefined) throw nothingChosen();
      const address = await addressOf(target);
      if (address !== undefined) await copy(address);
    },
    'slipway.environment.copyKubectl': async (target) => {
      if (target === undefined) throw nothingChosen();
      const access = environments.require().endpoints.kubernetes;
      if (access === undefined)
        throw new SlipwayError('noKubernetes', 'The Kubernetes API is not ready yet.');
      await copy(kubectlCommand(access, kubectlObject(target)));
    },
  } satisfies Partial<CommandHandlers>;
}

/** In a remote window the person's browser is on another machine: VS Code makes the address reachable from there. */
async function openExternal(address: string): Promise<void> {
  await env.openExternal(await env.asExternalUri(Uri.parse(address)));
}

async function copy(text: string): Promise<void> {
  await env.clipboard.writeText(text);
  window.setStatusBarMessage(`Copied ${text}`, 5_000);
}

function nothingChosen(): SlipwayError {
  return new SlipwayError('nothingChosen', 'Choose a row of the Environment view first.');
}

function kubectlObject(target: NodeTarget | PodTarget | ContainerTarget | ServiceTarget): KubectlObject {
  if (target.kind === 'container') {
    const { namespace, pod, container } = target;
    return { kind: 'pod', namespace, name: pod, container };
  }
  const namespace = target.kind === 'node' ? undefined : target.namespace;
  return { kind: target.kind, namespace, name: target.name };
}

async function readPod(session: Session, { namespace, name }: PodTarget): Promise<Pod> {
  const signal = AbortSignal.any([session.signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
  return (await session.kubernetes()).get<Pod>(`/api/v1/namespaces/${namespace}/pods/${name}`, signal);
}

interface Login {
  readonly component: string;
  readonly username: string;
  readonly password: string;
}

/** What a browser will ask for there. */
function loginOf(
  environments: Environments,
  target: { readonly kind: string; readonly name?: string },
): Login | undefined {
  const { mlflow, feast } = environments.require().endpoints.services;
  const component = target.kind === 'component' ? target.name : undefined;
  if (component === 'mlflow' && mlflow !== undefined) return { component, ...mlflow };
  if (component === 'feast-server' && feast?.server !== undefined)
    return { component, username: 'slipway', password: feast.server.token };
  return undefined;
}

/** Before the browser asks, because a secret is never part of an address. False when the person thinks better of it. */
async function offerPassword({ component, username, password }: Login): Promise<boolean> {
  const copyAndOpen = 'Copy Password and Open';
  const choice = await window.showInformationMessage(
    `${component} will ask for a user name, which is ${username}, and for the password of this cluster.`,
    copyAndOpen,
    'Open',
  );
  if (choice === copyAndOpen) await env.clipboard.writeText(password);
  return choice !== undefined;
}

type ContainerState = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

function isRunning({ state }: ContainerState): boolean {
  return state?.running !== undefined;
}

function hasRun({ state, restartCount }: ContainerState): boolean {
  return state?.waiting === undefined || restartCount > 0;
}

async function chooseContainer(
  session: Session,
  target: PodTarget | ContainerTarget,
  what: string,
  isMeant: (status: ContainerState) => boolean,
): Promise<ContainerTarget | undefined> {
  if (target.kind === 'container') return target;
  const pod = await readPod(session, target);
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const items = statuses.filter(isMeant).map(({ name, image }) => ({ label: name, description: image }));
  const [only] = items;
  if (only === undefined)
    throw new SlipwayError('notStarted', `No container of ${target.name} has come so far.`, {
      action: 'Open its row to see why',
    });
  const preferred = pod.metadata?.annotations?.['kubectl.kubernetes.io/default-container'];
  const choice =
    items.length === 1
      ? only
      : (items.find(({ label }) => label === preferred) ??
        (await window.showQuickPick(items, { title: `${what} ${target.name}`, placeHolder: 'Container' })));
  return choice === undefined
    ? undefined
    : { kind: 'container', namespace: target.namespace, pod: target.name, container: choice.label };
}

type PortChoice =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string; readonly port: number }
  | { readonly kind: 'service'; readonly namespace: string; readonly service: string; readonly port: number };

async function choosePort(
  session: Session,
  target: PodTarget | ServiceTarget | PartTarget,
): Promise<PortChoice | undefined> {
  if (target.kind === 'part') {
    const { service } = session.endpoints.parts.find(({ name }) => name === target.part.name) ?? {};
    if (service === undefined) throw new SlipwayError('noPort', `${target.part.name} has no address.`);
    return { kind: 'service', ...service };
  }
  const { namespace, name } = target;
  if (target.kind === 'service') {
    const signal = AbortSignal.any([session.signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
    const service = await (
      await session.kubernetes()
    ).get<Service>(`/api/v1/namespaces/${namespace}/services/${name}`, signal);
    const ports = (service.spec?.ports ?? []).map(({ port, name: title }) => ({ port, title }));
    const port = await pickPort(name, ports);
    return port === undefined ? undefined : { kind: 'service', namespace, service: name, port };
  }
  const ports = portsOf(await readPod(session, target));
  const port = await pickPort(
    name,
    ports.map(({ port: number, name: title, container }) => ({ port: number, title: title ?? container })),
  );
  return port === undefined ? undefined : { kind: 'pod', namespace, name, port };
}

async function pickPort(
  of: string,
  ports: readonly { readonly port: number; readonly title: string | undefined }[],
): Promise<number | undefined> {
  const [first] = ports;
  if (first === undefined) throw new SlipwayError('noPort', `${of} declares no port.`);
  if (ports.length === 1) return first.port;
  const items = ports.map(({ port, title }) => ({ label: String(port), description: title ?? '', port }));
  return (await window.showQuickPick(items, { title: `Port of ${of}` }))?.port;
}
