/** A pod's containers as data: what `plan.ts` and `podStatus.ts` decide on. */
import type { Container, Pod } from '../../../../src/clients/kubernetes/model.ts';

/** `sidecar`: an init container with `restartPolicy: Always`. */
export type ContainerRole = 'init' | 'sidecar' | 'main';

/** How an instance of a container ended. Times are ms since 1970. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly containerId: string | undefined;
}

export type ContainerState =
  { readonly kind: 'none' } | { readonly kind: 'running'; readonly startedAt: number } | EndedState;

export interface EndedState {
  readonly kind: 'ended';
  readonly end: ContainerEnd;
}

export interface ContainerView {
  readonly spec: Container;
  readonly role: ContainerRole;
  /** Of the instance that is or was. */
  readonly state: ContainerState;
  readonly lastEnd: ContainerEnd | undefined;
  readonly restartCount: number;
  /** Why there is no running instance though there should be one, e.g. `CrashLoopBackOff`. */
  readonly waiting: { readonly reason: string; readonly message?: string } | undefined;
  readonly hasStarted: boolean;
  readonly isReady: boolean;
  readonly imageId: string;
  readonly containerId: string | undefined;
}

/** How it ended when it last ran: also when nothing is left of it, as after a machine's restart. */
export function pastEnd({ state, lastEnd }: ContainerView): ContainerEnd | undefined {
  if (state.kind === 'ended') return state.end;
  return state.kind === 'none' ? lastEnd : undefined;
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export function restartPolicyOf(pod: Pod): RestartPolicy {
  const policy = pod.spec?.restartPolicy;
  return policy === 'OnFailure' || policy === 'Never' ? policy : 'Always';
}

/** In the order in which they start: init containers and sidecars, then the others. */
export function specsOf(pod: Pod): readonly { readonly spec: Container; readonly role: ContainerRole }[] {
  return [
    ...(pod.spec?.initContainers ?? []).map((spec) => ({
      spec,
      role: spec.restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
    })),
    ...(pod.spec?.containers ?? []).map((spec) => ({ spec, role: 'main' as const })),
  ];
}

/** What the pod's restart policy says of a container that ended. */
export function isRestarted(role: ContainerRole, exitCode: number, policy: RestartPolicy): boolean {
  if (role === 'sidecar') return true;
  if (role === 'main' && policy === 'Always') return true;
  return policy !== 'Never' && exitCode !== 0;
}
