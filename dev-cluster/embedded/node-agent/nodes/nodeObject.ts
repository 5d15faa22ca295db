/** The Node object of a node, as a kubelet writes it. Pure. */
import { arch, platform, release, version } from 'node:os';
import type { Node } from '../../../../src/clients/kubernetes/model.ts';
import { wireTime } from '../pods/podStatus.ts';
import type { NodeSpec } from './nodeSpec.ts';

export type NodeCondition = NonNullable<NonNullable<Node['status']>['conditions']>[number];

/** What is wrong with the node now. */
export interface NodeHealth {
  readonly isShuttingDown: boolean;
  readonly hasMemoryPressure: boolean;
  readonly hasDiskPressure: boolean;
}

export const HEALTHY: NodeHealth = {
  isShuttingDown: false,
  hasMemoryPressure: false,
  hasDiskPressure: false,
};

export interface NodeView {
  readonly spec: NodeSpec;
  readonly ip: string;
  readonly kubeletPort: number;
  readonly health: NodeHealth;
  readonly bootId: string;
  readonly kubeletVersion: string;
  /** As last written: transition times stay. */
  readonly conditions: readonly NodeCondition[];
  readonly now: number;
}

/** Labels, taints and the rest that is set when the node registers. */
export function nodeObject({ spec }: NodeView): Node {
  const { name, taints, providerId, annotations } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: nodeLabels(spec),
      annotations: { ...annotations },
    },
    spec: {
      ...(providerId === undefined ? {} : { providerID: providerId }),
      ...(taints.length === 0
        ? {}
        : {
            taints: taints.map(({ value, ...rest }) => ({
              ...rest,
              ...(value === undefined ? {} : { value }),
            })),
          }),
    },
  };
}

export function nodeLabels({ name, labels }: NodeSpec): Record<string, string> {
  return {
    'kubernetes.io/os': osName(),
    'kubernetes.io/arch': architecture(),
    'beta.kubernetes.io/os': osName(),
    'beta.kubernetes.io/arch': architecture(),
    'kubernetes.io/hostname': name,
    ...labels,
  };
}

export function nodeStatus(view: NodeView): NonNullable<Node['status']> {
  const { spec, ip, kubeletPort, bootId, kubeletVersion } = view;
  return {
    addresses: [
      { type: 'InternalIP', address: ip },
      { type: 'Hostname', address: spec.name },
    ],
    capacity: { ...spec.capacity },
    allocatable: { ...spec.capacity },
    conditions: conditionsOf(view),
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    nodeInfo: {
      architecture: architecture(),
      bootID: bootId,
      containerRuntimeVersion: 'slipway://1',
      kernelVersion: release(),
      kubeProxyVersion: '',
      kubeletVersion,
      machineID: bootId.replaceAll('-', ''),
      operatingSystem: osName(),
      osImage: version(),
      systemUUID: bootId,
    },
  };
}

function conditionsOf({ health, conditions, now }: NodeView): NodeCondition[] {
  const draft = (
    type: string,
    isTrue: boolean,
    [reason, message]: readonly [string, string],
  ): NodeCondition => {
    const status = isTrue ? 'True' : 'False';
    const before = conditions.find((one) => one.type === type);
    return {
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: wireTime(now),
      lastTransitionTime:
        (before?.status === status ? before.lastTransitionTime : undefined) ?? wireTime(now),
    };
  };
  const { hasMemoryPressure, hasDiskPressure, isShuttingDown } = health;
  return [
    draft(
      'MemoryPressure',
      hasMemoryPressure,
      hasMemoryPressure
        ? ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available']
        : ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ),
    draft(
      'DiskPressure',
      hasDiskPressure,
      hasDiskPressure
        ? ['KubeletHasDiskPressure', 'kubelet has disk pressure']
        : ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ),
    draft('PIDPressure', false, ['KubeletHasSufficientPID', 'kubelet has sufficient PID available']),
    draft(
      'Ready',
      !isShuttingDown,
      isShuttingDown
        ? ['KubeletNotReady', 'node is shutting down']
        : ['KubeletReady', 'kubelet is posting ready status'],
    ),
  ];
}

function osName(): string {
  return platform();
}

function architecture(): string {
  return arch() === 'x64' ? 'amd64' : arch();
}
