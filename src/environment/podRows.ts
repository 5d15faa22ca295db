import type { Event as KubernetesEvent, Pod } from '../clients/kubernetes/model.ts';
import { summarisePod, type PodSummary } from '../clients/kubernetes/podStatus.ts';
import { formatAgo } from '../core/base/duration.ts';
import { message, type RowIcon } from '../platform/treeRow.ts';
import { timeOf } from './liveCluster.ts';
import { failure, type EnvironmentNode } from './rows.ts';
import type { PodEvents } from './store.ts';

const icons: Readonly<Record<PodSummary['health'], RowIcon>> = {
  good: { id: 'pass', color: 'testing.iconPassed' },
  waiting: { id: 'circle-outline', color: 'testing.iconQueued' },
  bad: { id: 'error', color: 'testing.iconFailed' },
  done: { id: 'check', color: 'testing.iconSkipped' },
};

/** Newest events shown under a pod. */
const MOST_EVENTS = 12;

export function podRow(parent: EnvironmentNode, pod: Pod): EnvironmentNode {
  const name = pod.metadata?.name ?? '';
  const namespace = pod.metadata?.namespace ?? '';
  const { status, readyContainers, containers, restarts, health, message: why } = summarisePod(pod);
  const ip = pod.status?.podIP;
  const isRunning = pod.status?.phase === 'Running';
  const said = [
    status,
    `${readyContainers}/${containers}`,
    restarts === 0 ? undefined : restarts === 1 ? '1 restart' : `${restarts} restarts`,
    ip,
    namespace,
  ];
  return {
    kind: 'pod',
    id: `pod/${namespace}/${name}`,
    parent,
    namespace,
    name,
    pod,
    label: name,
    description: said.filter(Boolean).join(' · '),
    icon: icons[health],
    context: [
      'pod',
      ...(hasStarted(pod) ? ['logs'] : []),
      ...(isRunning ? ['running'] : []),
      ...(isRunning && portsOf(pod).length > 0 ? ['ports'] : []),
    ].join(' '),
    expansion: 'collapsed',
    spoken: status,
    facts: [
      ['Status', status],
      ['Because', why],
      ['Namespace', namespace],
      ['Node', pod.spec?.nodeName],
      ['IP', ip],
      [
        'Ports',
        portsOf(pod)
          .map(({ port }) => port)
          .join(', '),
      ],
      ['Owner', pod.metadata?.ownerReferences?.map((owner) => `${owner.kind} ${owner.name}`).join(', ')],
    ],
  };
}

/** A container has run, so there is a log. */
function hasStarted({ status }: Pod): boolean {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].some(
    ({ state, lastState }) =>
      state?.running !== undefined || state?.terminated !== undefined || lastState?.terminated !== undefined,
  );
}

export interface ContainerPort {
  readonly container: string;
  readonly port: number;
  readonly name: string | undefined;
}

/** TCP ports that the pod's containers declare, or are probed on: KServe's servers declare none. */
export function portsOf({ spec }: Pod): readonly ContainerPort[] {
  return (spec?.containers ?? []).flatMap((container) => {
    const declared = (container.ports ?? [])
      .filter(({ protocol }) => protocol === undefined || protocol === 'TCP')
      .map(({ containerPort, name }) => ({ container: container.name, port: containerPort, name }));
    const probed = [container.readinessProbe, container.livenessProbe, container.startupProbe]
      .map((probe) => (probe?.tcpSocket ?? probe?.httpGet ?? probe?.grpc)?.port)
      .filter((port) => typeof port === 'number')
      .filter((port) => !declared.some((one) => one.port === port));
    return [
      ...declared,
      ...[...new Set(probed)].map((port) => ({ container: container.name, port, name: undefined })),
    ];
  });
}

/** Its containers, and what the cluster said about it last. */
export function podChildren(
  parent: EnvironmentNode & { readonly kind: 'pod' },
  pod: Pod,
  events: PodEvents,
  now: number,
): readonly EnvironmentNode[] {
  return [...containerRows(parent, pod), ...eventRows(parent, events, now)];
}

function containerRows(
  parent: EnvironmentNode & { readonly kind: 'pod' },
  { spec, status }: Pod,
): readonly EnvironmentNode[] {
  const statuses = new Map(
    [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map((one) => [
      one.name,
      one,
    ]),
  );
  const inits = new Set((spec?.initContainers ?? []).map(({ name }) => name));
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name, image }) => {
    const { state, ready = false, restartCount = 0 } = statuses.get(name) ?? {};
    const word =
      state?.running !== undefined
        ? 'running'
        : state?.terminated !== undefined
          ? `${state.terminated.reason ?? 'ended'} (${state.terminated.exitCode})`
          : (state?.waiting?.reason ?? 'waiting');
    const hasFailed =
      (state?.terminated?.exitCode ?? 0) !== 0 || /BackOff|Err/.test(state?.waiting?.reason ?? '');
    const said = [
      inits.has(name) ? 'init' : undefined,
      word,
      restartCount === 0 ? undefined : `${restartCount} restarts`,
      image,
    ];
    return {
      kind: 'container',
      id: `${parent.id}/container/${name}`,
      parent,
      namespace: parent.namespace,
      pod: parent.name,
      container: name,
      label: name,
      description: said.filter(Boolean).join(' · '),
      icon: hasFailed
        ? icons.bad
        : ready
          ? icons.good
          : state?.terminated?.exitCode === 0
            ? icons.done
            : icons.waiting,
      context: [
        'container',
        ...(state?.running !== undefined ? ['running'] : []),
        ...(state?.running !== undefined || state?.terminated !== undefined || restartCount > 0
          ? ['logs']
          : []),
      ].join(' '),
      expansion: 'leaf',
      spoken: word,
      facts: [
        ['Image', image],
        ['Message', state?.waiting?.message ?? state?.terminated?.message],
      ],
    };
  });
}

function eventRows(parent: EnvironmentNode, events: PodEvents, now: number): readonly EnvironmentNode[] {
  if (events.kind === 'loading') return [message(parent, 'Reading events…', 'loading~spin')];
  if (events.kind === 'failed') return [failure(parent, events.error)];
  return events.events.slice(0, MOST_EVENTS).map((event) => eventRow(parent, event, now));
}

function eventRow(parent: EnvironmentNode, event: KubernetesEvent, now: number): EnvironmentNode {
  const isWarning = event.type === 'Warning';
  const count = event.count ?? event.series?.count ?? 1;
  return {
    kind: 'event',
    id: `${parent.id}/event/${event.metadata.name ?? ''}`,
    parent,
    label: event.reason ?? 'Event',
    description: [event.message, formatAgo(now - timeOf(event)), count > 1 ? `${count} times` : undefined]
      .filter(Boolean)
      .join(' · '),
    icon: isWarning ? { id: 'warning', color: 'list.warningForeground' } : { id: 'info', color: undefined },
    context: 'event',
    expansion: 'leaf',
    spoken: isWarning ? 'warning' : 'event',
    facts: [
      ['Says', event.message],
      ['From', event.source?.component ?? event.reportingComponent],
      ['Last', new Date(timeOf(event)).toLocaleString()],
    ],
  };
}
