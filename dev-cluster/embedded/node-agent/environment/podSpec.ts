/** Parts of the pod's spec by their names. */
import type { Container, Pod } from '../../../../src/clients/kubernetes/model.ts';

export type { Container } from '../../../../src/clients/kubernetes/model.ts';
export type EnvVar = NonNullable<Container['env']>[number];
export type EnvFromSource = NonNullable<Container['envFrom']>[number];
export type VolumeMount = NonNullable<Container['volumeMounts']>[number];
export type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];

/** All that run in it, init containers first. */
export function containersOf(pod: Pod): Container[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
}

/** `hostname.subdomain`: what other pods call it by. */
export function peerName(pod: Pod): string | undefined {
  const { subdomain } = pod.spec ?? {};
  return subdomain === undefined || subdomain === '' ? undefined : `${hostname(pod)}.${subdomain}`;
}

export function hostname(pod: Pod): string {
  // As the kubelet cuts it, which a host name can't be longer than.
  return pod.spec?.hostname ?? (pod.metadata?.name ?? '').slice(0, 63).replace(/[-.]+$/, '');
}
