/** Nodes as the clouds make them: the labels and taints that training selects and that serving must stay away from. */

export const PROVIDERS = ['gke', 'eks', 'karpenter', 'aks'] as const;
export type Provider = (typeof PROVIDERS)[number];
export type Capacity = 'spot' | 'onDemand';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule';
}

export interface NodeMarks {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

const GPU_MEMORY_MIB = 24_576;

/** Every node with a GPU, whoever provides it: the GPU operator's labels and the taint that keeps others off. */
const GPU: NodeMarks = {
  labels: {
    'nvidia.com/gpu.present': 'true',
    'nvidia.com/gpu.product': 'NVIDIA-L4',
    'nvidia.com/gpu.count': '1',
    'nvidia.com/gpu.memory': String(GPU_MEMORY_MIB),
  },
  taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }],
};

/** What else a provider says of a node. EKS and Karpenter put no taint on spot nodes; AKS always does; GKE when asked. */
const MARKS: Readonly<Record<Provider, Readonly<Record<Capacity, NodeMarks>>>> = {
  gke: {
    spot: {
      labels: {
        'cloud.google.com/gke-spot': 'true',
        'cloud.google.com/gke-provisioning': 'spot',
        'cloud.google.com/gke-accelerator': 'nvidia-l4',
      },
      taints: [{ key: 'cloud.google.com/gke-spot', value: 'true', effect: 'NoSchedule' }],
    },
    onDemand: {
      labels: {
        'cloud.google.com/gke-provisioning': 'standard',
        'cloud.google.com/gke-accelerator': 'nvidia-l4',
      },
      taints: [],
    },
  },
  eks: {
    spot: { labels: { 'eks.amazonaws.com/capacityType': 'SPOT' }, taints: [] },
    onDemand: { labels: { 'eks.amazonaws.com/capacityType': 'ON_DEMAND' }, taints: [] },
  },
  karpenter: {
    spot: { labels: { 'karpenter.sh/capacity-type': 'spot', ...karpenterGpu() }, taints: [] },
    onDemand: { labels: { 'karpenter.sh/capacity-type': 'on-demand', ...karpenterGpu() }, taints: [] },
  },
  aks: {
    spot: {
      labels: { 'kubernetes.azure.com/scalesetpriority': 'spot' },
      taints: [{ key: 'kubernetes.azure.com/scalesetpriority', value: 'spot', effect: 'NoSchedule' }],
    },
    onDemand: { labels: {}, taints: [] },
  },
};

function karpenterGpu(): Readonly<Record<string, string>> {
  return {
    'karpenter.k8s.aws/instance-gpu-name': 'l4',
    'karpenter.k8s.aws/instance-gpu-manufacturer': 'nvidia',
    'karpenter.k8s.aws/instance-gpu-count': '1',
    'karpenter.k8s.aws/instance-gpu-memory': String(GPU_MEMORY_MIB),
  };
}

/** Of a node with one GPU. */
export function gpuNodeMarks(provider: Provider, capacity: Capacity): NodeMarks {
  const { labels, taints } = MARKS[provider][capacity];
  return { labels: { ...GPU.labels, ...labels }, taints: [...GPU.taints, ...taints] };
}

/** True for a node that one of the providers marks as spot. */
export function isSpot(labels: Readonly<Record<string, string>>): boolean {
  return PROVIDERS.some((provider) => {
    const { spot, onDemand } = MARKS[provider];
    return Object.entries(spot.labels).some(
      ([key, value]) => labels[key] === value && onDemand.labels[key] !== value,
    );
  });
}
