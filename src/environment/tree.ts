/** The rows of the Environment view, made from the store's state. view.ts turns them into TreeItems. */
import type { Node, Pod } from '../clients/kubernetes/model.ts';
import { summariseNode, type Resources } from '../clients/kubernetes/nodeStatus.ts';
import { formatBytes, formatCores } from '../clients/kubernetes/quantity.ts';
import { message, type RowIcon } from '../platform/treeRow.ts';
import { componentRows, partRows } from './componentRows.ts';
import { podChildren, podRow } from './podRows.ts';
import { failure, type EnvironmentNode } from './rows.ts';
import type { ClusterObjects } from './liveCluster.ts';
import type { EnvironmentViewState } from './store.ts';

/** Rows under `parent`; the top rows without one. An empty top means that the view's welcome text shows. */
export function childrenOf(
  parent: EnvironmentNode | undefined,
  state: EnvironmentViewState,
  now: number,
): readonly EnvironmentNode[] {
  if (parent === undefined) return topRows(state);
  switch (parent.kind) {
    case 'group':
      return groupRows(parent, state);
    case 'node':
      return podRows(parent, podsOn(parent.name, objectsOf(state)));
    case 'ended':
      return podsOn(parent.node, objectsOf(state))
        .filter(hasEnded)
        .map((pod) => podRow(parent, pod));
    case 'unscheduled':
      return unscheduled(objectsOf(state)).map((pod) => podRow(parent, pod));
    case 'pod':
      return podChildren(parent, parent.pod, state.eventsOf(`${parent.namespace}/${parent.name}`), now);
    default:
      return [];
  }
}

const nothing: ClusterObjects = { nodes: [], pods: [], services: [] };

function objectsOf({ cluster }: EnvironmentViewState): ClusterObjects {
  return cluster.kind === 'ready' ? cluster.objects : nothing;
}

function topRows(state: EnvironmentViewState): readonly EnvironmentNode[] {
  const { environment } = state;
  if (environment.state.kind === 'unknown')
    return [message<EnvironmentNode>(undefined, 'Looking for the environment…', 'loading~spin')];
  // The welcome text says it, with buttons.
  if (environment.state.kind === 'stopped' && environment.isManaged) return [];
  const rows = [environmentRow(state)];
  if (environment.state.kind === 'stopped')
    return [
      ...rows,
      message<EnvironmentNode>(undefined, `Not connected to ${environment.label}`, 'debug-disconnect', {
        description: 'Click to connect',
        command: 'slipway.environment.start',
      }),
    ];
  if (environment.state.kind === 'failed') rows.push(failure(undefined, environment.state.error));
  rows.push(...componentsGroup(state), ...clusterGroups(state), ...forwardsGroup(state));
  return rows;
}

const stateWords = {
  unknown: 'not looked at yet',
  stopped: 'not running',
  starting: 'starting',
  ready: 'running',
  failed: 'failed',
} as const;

function environmentRow({ environment, components }: EnvironmentViewState): EnvironmentNode {
  const { id, label, isManaged, isProduction, state } = environment;
  const word = state.kind === 'ready' && !isManaged ? 'connected' : stateWords[state.kind];
  const said = state.kind === 'starting' ? state.message : word;
  const icons: Readonly<Record<typeof state.kind, RowIcon>> = {
    unknown: { id: 'circle-outline', color: undefined },
    stopped: { id: 'debug-disconnect', color: undefined },
    starting: { id: 'loading~spin', color: 'charts.blue' },
    ready: { id: 'vm-active', color: 'testing.iconPassed' },
    failed: { id: 'warning', color: 'testing.iconFailed' },
  };
  const kubernetes = state.kind === 'ready' ? state.endpoints.kubernetes : undefined;
  // It runs, and pipelines can: a part of it does not.
  const broken = state.kind === 'ready' ? components.filter((one) => one.state === 'failed') : [];
  const brokenSaid =
    broken.length > 1 ? `${broken.length} components failed` : broken.map(({ name }) => `${name} failed`)[0];
  return {
    kind: 'environment',
    id: `environment/${id}`,
    parent: undefined,
    label,
    description: [isProduction ? 'production' : undefined, said, brokenSaid].filter(Boolean).join(' · '),
    icon: broken.length > 0 ? icons.failed : icons[state.kind],
    context: ['environment', isManaged ? 'managed' : 'context', state.kind].join(' '),
    expansion: 'leaf',
    spoken: word,
    command: 'slipway.environment.menu',
    facts: [
      ['Production', isProduction ? 'changes ask first' : undefined],
      ['Pipeline service', state.kind === 'ready' ? (state.endpoints.kfp?.url ?? 'none') : undefined],
      ['Kubeconfig', kubernetes?.paths.join(', ')],
      ['Context', kubernetes?.context],
    ],
  };
}

function group(
  name: 'components' | 'nodes' | 'services' | 'forwards',
  label: string,
  description: string,
  expansion: 'collapsed' | 'expanded',
): EnvironmentNode {
  return {
    kind: 'group',
    id: `group/${name}`,
    parent: undefined,
    group: name,
    label,
    description,
    context: `group ${name}`,
    expansion,
  };
}

function componentsGroup(state: EnvironmentViewState): readonly EnvironmentNode[] {
  const { environment, components, componentsError } = state;
  const rows: EnvironmentNode[] = [];
  if (componentsError !== undefined)
    rows.push({ ...failure(undefined, componentsError), id: '/components/failure' });
  if (components.length > 0) {
    // One that is stopped is meant to be: by somebody, or until it is asked for.
    const wanted = components.filter((one) => one.state !== 'stopped').length;
    const ready = components.filter((one) => one.state === 'ready').length;
    const memory = components.reduce((sum, { memoryMiB }) => sum + (memoryMiB ?? 0), 0);
    const said = [
      ready === wanted ? `all ${ready} ready` : `${ready} of ${wanted} ready`,
      memory > 0 ? formatBytes(memory * 2 ** 20) : undefined,
    ];
    rows.push(group('components', 'Components', said.filter(Boolean).join(' · '), 'expanded'));
  }
  if (environment.state.kind === 'ready' && environment.state.endpoints.parts.length > 0) {
    const { parts } = environment.state.endpoints;
    const found = parts.filter(({ isFound }) => isFound).length;
    rows.push(
      group(
        'components',
        'Components',
        `${found} of ${parts.length} found`,
        found > 0 ? 'expanded' : 'collapsed',
      ),
    );
  }
  return rows;
}

function clusterGroups({ cluster, environment }: EnvironmentViewState): readonly EnvironmentNode[] {
  switch (cluster.kind) {
    case 'none':
      return environment.state.kind === 'ready'
        ? [message<EnvironmentNode>(undefined, 'The Kubernetes API is not ready yet', 'circle-outline')]
        : [];
    case 'loading':
      return [message<EnvironmentNode>(undefined, 'Reading nodes and pods…', 'loading~spin')];
    case 'failed':
      return [{ ...failure(undefined, cluster.error), id: '/cluster/failure' }];
    case 'ready': {
      const { nodes, pods, services } = cluster.objects;
      const ready = nodes.filter((node) => summariseNode(node, []).isReady).length;
      const counted =
        nodes.length === 0
          ? 'none'
          : ready === nodes.length
            ? `${ready} ready`
            : `${ready} of ${nodes.length} ready`;
      const shownServices = services.filter(isShown);
      return [
        ...(cluster.error === undefined
          ? []
          : [{ ...failure(undefined, cluster.error), id: '/cluster/failure' }]),
        group(
          'nodes',
          'Nodes',
          `${counted} · ${pods.length} ${pods.length === 1 ? 'pod' : 'pods'}`,
          'expanded',
        ),
        ...(shownServices.length === 0
          ? []
          : [group('services', 'Services', String(shownServices.length), 'collapsed')]),
      ];
    }
  }
}

function forwardsGroup({ forwards }: EnvironmentViewState): readonly EnvironmentNode[] {
  return forwards.length === 0
    ? []
    : [group('forwards', 'Port Forwards', String(forwards.length), 'expanded')];
}

function groupRows(
  parent: EnvironmentNode & { readonly kind: 'group' },
  state: EnvironmentViewState,
): readonly EnvironmentNode[] {
  const { environment } = state;
  switch (parent.group) {
    case 'components':
      return environment.isManaged
        ? componentRows(parent, state.components)
        : environment.state.kind === 'ready'
          ? partRows(parent, environment.state.endpoints.parts)
          : [];
    case 'nodes':
      return nodeRows(parent, objectsOf(state));
    case 'services':
      return serviceRows(parent, objectsOf(state));
    case 'forwards':
      return state.forwards.map((forward) => ({
        kind: 'forward',
        id: `forward/${forward.id}`,
        parent,
        label: `127.0.0.1:${forward.localPort}`,
        description: `to ${forward.title} · ${forward.namespace}`,
        icon: { id: 'plug', color: 'testing.iconPassed' },
        context: 'forward',
        expansion: 'leaf',
        forward,
      }));
  }
}

function podsOn(node: string, { pods }: ClusterObjects): readonly Pod[] {
  return pods.filter(({ spec }) => spec?.nodeName === node);
}

/** Never starts again: its phase is final. */
function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** What has ended is out of the way, in one row: every step of a pipeline leaves a pod. */
function podRows(
  parent: EnvironmentNode & { readonly kind: 'node' },
  pods: readonly Pod[],
): readonly EnvironmentNode[] {
  const rows = pods.filter((pod) => !hasEnded(pod)).map((pod) => podRow(parent, pod));
  const ended = pods.length - rows.length;
  if (ended === 0) return rows;
  const failed = pods.filter(({ status }) => status?.phase === 'Failed').length;
  const said = [ended === 1 ? '1 pod' : `${ended} pods`, failed === 0 ? undefined : `${failed} failed`];
  return [
    ...rows,
    {
      kind: 'ended',
      id: `${parent.id}/ended`,
      parent,
      node: parent.name,
      label: 'Ended',
      description: said.filter(Boolean).join(' · '),
      icon: { id: 'check', color: 'testing.iconSkipped' },
      context: 'ended',
      expansion: 'collapsed',
    },
  ];
}

/** Without a node, or with one that is gone or may not be listed. */
function unscheduled({ nodes, pods }: ClusterObjects): readonly Pod[] {
  const known = new Set(nodes.map(({ metadata }) => metadata?.name));
  return pods.filter(({ spec }) => !known.has(spec?.nodeName));
}

function nodeRows(parent: EnvironmentNode, objects: ClusterObjects): readonly EnvironmentNode[] {
  const rows = objects.nodes.map((node) => nodeRow(parent, node, podsOn(node.metadata?.name ?? '', objects)));
  const waiting = unscheduled(objects);
  if (waiting.length === 0)
    return rows.length > 0 ? rows : [message(parent, 'No node has registered', 'circle-outline')];
  return [
    ...rows,
    {
      kind: 'unscheduled',
      id: 'unscheduled',
      parent,
      label: objects.nodes.length === 0 ? 'Pods' : 'Without a node',
      description: `${waiting.length} ${waiting.length === 1 ? 'pod' : 'pods'}`,
      icon: { id: 'circle-outline', color: 'testing.iconQueued' },
      context: 'unscheduled',
      expansion: 'expanded',
    },
  ];
}

function nodeRow(parent: EnvironmentNode, node: Node, pods: readonly Pod[]): EnvironmentNode {
  const name = node.metadata?.name ?? '';
  const {
    isReady,
    isCordoned,
    capacityType,
    allocatable,
    requested,
    message: why,
  } = summariseNode(node, pods);
  const said = [
    isReady ? undefined : 'not ready',
    isCordoned ? 'cordoned' : undefined,
    capacityType,
    ...shares(requested, allocatable),
    pods.length === 0 ? undefined : `${pods.length} ${pods.length === 1 ? 'pod' : 'pods'}`,
  ];
  return {
    kind: 'node',
    id: `node/${name}`,
    parent,
    name,
    node,
    label: name,
    description: said.filter(Boolean).join(' · '),
    icon: nodeIcon(isReady, isCordoned, capacityType === 'spot'),
    context: ['node', isReady ? 'ready' : 'notReady', capacityType ?? ''].join(' ').trim(),
    expansion: pods.length === 0 ? 'leaf' : 'collapsed',
    spoken: isReady ? (isCordoned ? 'cordoned' : 'ready') : 'not ready',
    facts: [
      ['Capacity', capacityType],
      ['Not ready because', why],
      ['Kubelet', node.status?.nodeInfo?.kubeletVersion],
      ['Address', node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address],
      [
        'Taints',
        node.spec?.taints?.map(({ key, value, effect }) => `${key}=${value ?? ''}:${effect}`).join(', '),
      ],
      ['Instance type', node.metadata?.labels?.['node.kubernetes.io/instance-type']],
    ],
  };
}

function nodeIcon(isReady: boolean, isCordoned: boolean, isSpot: boolean): RowIcon {
  if (!isReady) return { id: 'error', color: 'testing.iconFailed' };
  if (isCordoned) return { id: 'circle-slash', color: 'testing.iconSkipped' };
  return { id: isSpot ? 'zap' : 'server', color: isSpot ? 'charts.yellow' : 'testing.iconPassed' };
}

function shares(requested: Resources, allocatable: Resources): readonly string[] {
  return [
    `${formatCores(requested.cores)}/${formatCores(allocatable.cores)} CPU`,
    `${formatBytes(requested.bytes)}/${formatBytes(allocatable.bytes)}`,
    ...(allocatable.gpus === 0 ? [] : [`${requested.gpus}/${allocatable.gpus} GPU`]),
  ];
}

function isShown({ metadata, spec }: ClusterObjects['services'][number]): boolean {
  const isApiServer = metadata?.namespace === 'default' && metadata.name === 'kubernetes';
  return !isApiServer && spec?.type !== 'ExternalName' && (spec?.ports?.length ?? 0) > 0;
}

function serviceRows(parent: EnvironmentNode, { services }: ClusterObjects): readonly EnvironmentNode[] {
  return services.filter(isShown).map((service): EnvironmentNode => {
    const name = service.metadata?.name ?? '';
    const namespace = service.metadata?.namespace ?? '';
    const ports = (service.spec?.ports ?? []).map(({ port }) => String(port)).join(', ');
    return {
      kind: 'service',
      id: `service/${namespace}/${name}`,
      parent,
      namespace,
      name,
      service,
      label: name,
      description: `${ports} · ${namespace}`,
      icon: { id: 'globe', color: undefined },
      context: 'service ports',
      expansion: 'leaf',
      facts: [
        ['Cluster IP', service.spec?.clusterIP],
        ['Type', service.spec?.type],
        [
          'Selects',
          Object.entries(service.spec?.selector ?? {})
            .map(([key, value]) => `${key}=${value}`)
            .join(', '),
        ],
      ],
    };
  });
}
