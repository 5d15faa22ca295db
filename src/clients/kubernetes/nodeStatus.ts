/** Nodes: what they have, what pods have asked of it, and whether the provider may take them away. */
import type { Container, Node, Pod } from './model.ts';
import { parseQuantity } from './quantity.ts';

export interface Resources {
  readonly cores: number;
  readonly bytes: number;
  readonly gpus: number;
}

export interface NodeSummary {
  readonly isReady: boolean;
  readonly isCordoned: boolean;
  /** `undefined`: the node's provider says nothing about it. */
  readonly capacityType: 'spot' | 'on-demand' | undefined;
  readonly allocatable: Resources;
  /** Sum of the requests of its pods that have not ended. */
  readonly requested: Resources;
  /** Why it isn't ready, when it says so. */
  readonly message: string | undefined;
}

const GPU_RESOURCES = ['nvidia.com/gpu', 'amd.com/gpu', 'gpu.intel.com/i915'];

/** Labels by which GKE, EKS, Karpenter and AKS tell spot nodes from others. */
const spotLabels: readonly (readonly [string, readonly string[]])[] = [
  ['cloud.google.com/gke-spot', ['true']],
  ['cloud.google.com/gke-preemptible', ['true']],
  ['cloud.google.com/gke-provisioning', ['spot', 'preemptible']],
  ['eks.amazonaws.com/capacityType', ['SPOT']],
  ['karpenter.sh/capacity-type', ['spot']],
  ['kubernetes.azure.com/scalesetpriority', ['spot']],
];
const onDemandLabels: readonly (readonly [string, readonly string[]])[] = [
  ['cloud.google.com/gke-provisioning', ['standard']],
  ['eks.amazonaws.com/capacityType', ['ON_DEMAND']],
  ['karpenter.sh/capacity-type', ['on-demand', 'reserved']],
  ['kubernetes.azure.com/scalesetpriority', ['regular']],
];

function capacityType(node: Node): NodeSummary['capacityType'] {
  const labels = node.metadata?.labels ?? {};
  const has = (known: typeof spotLabels): boolean =>
    known.some(([key, values]) => values.includes(labels[key] ?? ''));
  if (has(spotLabels)) return 'spot';
  return has(onDemandLabels) ? 'on-demand' : undefined;
}

export function summariseNode(node: Node, pods: readonly Pod[]): NodeSummary {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    isReady: ready?.status === 'True',
    isCordoned: node.spec?.unschedulable === true,
    capacityType: capacityType(node),
    allocatable: resourcesOf(node.status?.allocatable ?? node.status?.capacity ?? {}),
    requested: pods.filter(isActive).reduce((sum, pod) => add(sum, podRequests(pod)), nothing),
    message: ready?.status === 'True' ? undefined : ready?.message,
  };
}

const nothing: Resources = { cores: 0, bytes: 0, gpus: 0 };

function isActive({ status }: Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/** As the scheduler counts: containers and sidecars together, or the largest init container if that is more. */
export function podRequests({ spec }: Pod): Resources {
  const inits = spec?.initContainers ?? [];
  const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';
  const together = [...(spec?.containers ?? []), ...inits.filter(isSidecar)].reduce(
    (sum, container) => add(sum, requestsOf(container)),
    nothing,
  );
  const most = inits
    .filter((container) => !isSidecar(container))
    .reduce((top, container) => larger(top, requestsOf(container)), nothing);
  return add(larger(together, most), resourcesOf(spec?.overhead ?? {}));
}

function requestsOf({ resources }: Container): Resources {
  return resourcesOf({ ...resources?.limits, ...resources?.requests });
}

function resourcesOf(list: Readonly<Record<string, string>>): Resources {
  return {
    cores: parseQuantity(list['cpu']),
    bytes: parseQuantity(list['memory']),
    gpus: GPU_RESOURCES.reduce((sum, name) => sum + parseQuantity(list[name]), 0),
  };
}

function add(a: Resources, b: Resources): Resources {
  return { cores: a.cores + b.cores, bytes: a.bytes + b.bytes, gpus: a.gpus + b.gpus };
}

function larger(a: Resources, b: Resources): Resources {
  return {
    cores: Math.max(a.cores, b.cores),
    bytes: Math.max(a.bytes, b.bytes),
    gpus: Math.max(a.gpus, b.gpus),
  };
}
