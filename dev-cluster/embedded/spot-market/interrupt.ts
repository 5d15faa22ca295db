/**
 * A spot node is taken away, with the signs that the real thing gives. What the machine itself does (the kubelet shuts
 * down, everything is killed) is the node agent's; the rest are calls that a cloud's own controllers make.
 */
import type { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type { Node, Pod } from '../../../src/clients/kubernetes/model.ts';
import { HttpError } from '../../../src/clients/http.ts';
import { delay } from '../../../src/core/base/abort.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { isSpot, type Taint } from './providers.ts';

/** `gke`: kubelet shutdown. `nth`, `karpenter`: drained by a controller. `vanish`: without a word. */
export const MANNERS = ['gke', 'nth', 'karpenter', 'vanish'] as const;
export type Manner = (typeof MANNERS)[number];

/** How long before it ends a node is told, unless said otherwise: what the clouds promise. */
export const NOTICE_SECONDS: Readonly<Record<Manner, number>> = {
  gke: 30,
  nth: 120,
  karpenter: 120,
  vanish: 0,
};

/** The machines behind the nodes. */
export interface Machines {
  /** The kubelet ends its pods within this time, by itself. */
  shutDown(node: string, noticeSeconds: number, signal: AbortSignal): Promise<void>;
  /** Power off: all its processes are killed, and nothing more is heard of it. */
  powerOff(node: string, signal: AbortSignal): Promise<void>;
}

export interface Interruption {
  readonly node: string;
  readonly manner: Manner;
  readonly noticeSeconds: number;
  /** False: the Node object stays, NotReady, as when a cloud forgets to tell. */
  readonly deleteNode: boolean;
}

const EVICTION_RETRY_MS = 1_000;
const TOO_MANY_REQUESTS = 429;
const COMPONENT = 'slipway-spot-market';

/** Resolves when the node is gone. `say` gets one line per step. */
export async function interrupt(
  { node, manner, noticeSeconds, deleteNode }: Interruption,
  { api, machines, say }: { api: KubernetesApi; machines: Machines; say: (line: string) => void },
  signal: AbortSignal,
): Promise<void> {
  await refuseUnlessSpot(node, api, signal);
  const endsAt = Date.now() + noticeSeconds * 1000;
  const left = (): Promise<void> => delay(Math.max(0, endsAt - Date.now()), signal);
  switch (manner) {
    case 'gke':
      say(`${node}: preempted, ${noticeSeconds} s notice`);
      await taint(
        node,
        { key: 'cloud.google.com/impending-node-termination', effect: 'NoSchedule' },
        api,
        signal,
      );
      await machines.shutDown(node, noticeSeconds, signal);
      await left();
      break;
    case 'nth':
      say(`${node}: interruption notice, ${noticeSeconds} s; cordoned and drained`);
      await cordon(node, api, signal);
      await Promise.race([drain(node, api, signal), left()]);
      await left();
      break;
    case 'karpenter':
      say(`${node}: SpotInterrupted, ${noticeSeconds} s; tainted and drained`);
      await event(node, 'SpotInterrupted', 'Spot interruption warning was triggered', api, signal);
      await event(
        node,
        'TerminatingOnInterruption',
        'Interruption triggered termination for the node',
        api,
        signal,
      );
      await taint(node, { key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }, api, signal);
      await Promise.race([drain(node, api, signal), left()]);
      break;
    case 'vanish':
      say(`${node}: gone without notice`);
      break;
  }
  await machines.powerOff(node, signal);
  if (deleteNode) await quietly(api.delete(`/api/v1/nodes/${node}`, signal));
  say(`${node}: gone`);
}

async function refuseUnlessSpot(name: string, api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const node = await api.get<Node>(`/api/v1/nodes/${name}`, signal).catch((error: unknown) => {
    if (!(error instanceof HttpError && error.reason === 'notFound')) throw error;
    throw new SlipwayError('noNode', `There is no node ${name}.`, { action: 'Run kubectl get nodes' });
  });
  if (!isSpot(node.metadata?.labels ?? {}))
    throw new SlipwayError('notSpot', `${name} is not a spot node: nobody takes it away.`, {
      action: 'Choose one that slipway spot status lists',
    });
}

async function cordon(node: string, api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const patch = { spec: { unschedulable: true } };
  await api.patch(`/api/v1/nodes/${node}`, patch, 'application/merge-patch+json', signal);
}

async function taint(name: string, added: Taint, api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const path = `/api/v1/nodes/${name}`;
  for (;;) {
    const { metadata, spec } = await api.get<Node>(path, signal);
    const others = (spec?.taints ?? []).filter(
      ({ key, effect }) => key !== added.key || effect !== added.effect,
    );
    // The list is replaced whole, so it must be the one that was read.
    const patch = {
      metadata: { resourceVersion: metadata?.resourceVersion },
      spec: { taints: [...others, added] },
    };
    try {
      await api.patch(path, patch, 'application/merge-patch+json', signal);
      return;
    } catch (error) {
      if (!(error instanceof HttpError && error.reason === 'conflict')) throw error;
    }
  }
}

/** Evicts every pod that isn't a DaemonSet's, again and again while a disruption budget refuses. */
async function drain(node: string, api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const query = { fieldSelector: `spec.nodeName=${node}` };
  for (;;) {
    const { items } = await api.list<Pod>('/api/v1/pods', signal, query);
    const open = items.filter((pod) => !isDaemon(pod) && !isOver(pod));
    if (open.length === 0) return;
    for (const { metadata } of open.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)) {
      const path = `/api/v1/namespaces/${metadata?.namespace ?? ''}/pods/${metadata?.name ?? ''}/eviction`;
      const body = {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: metadata?.name, namespace: metadata?.namespace },
      };
      await api.create(path, body, signal).catch((error: unknown) => {
        const isRefused = error instanceof HttpError && error.status === TOO_MANY_REQUESTS;
        if (!isRefused && !(error instanceof HttpError && error.reason === 'notFound')) throw error;
      });
    }
    await delay(EVICTION_RETRY_MS, signal);
  }
}

function isDaemon({ metadata }: Pod): boolean {
  return (
    metadata?.ownerReferences?.some(({ kind, controller }) => kind === 'DaemonSet' && controller === true) ??
    false
  );
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

async function event(
  node: string,
  reason: string,
  message: string,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<void> {
  const now = new Date().toISOString();
  await api.create(
    '/api/v1/namespaces/default/events',
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: `${node}.`, namespace: 'default' },
      involvedObject: { apiVersion: 'v1', kind: 'Node', name: node, uid: node },
      reason,
      message,
      type: 'Warning',
      source: { component: COMPONENT, host: node },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    },
    signal,
  );
}

/** What is gone already is fine. */
async function quietly(act: Promise<void>): Promise<void> {
  await act.catch((error: unknown) => {
    if (!(error instanceof HttpError && error.reason === 'notFound')) throw error;
  });
}
