/** Kubernetes objects as they are on the wire: `@kubernetes/client-node`'s types, with times as RFC 3339 strings. */
import type {
  CoreV1Event,
  V1APIService,
  V1ConfigMap,
  V1Container,
  V1CustomResourceDefinition,
  V1Deployment,
  V1EndpointSlice,
  V1Job,
  V1Lease,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1ReplicaSet,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1Status,
  V1StorageClass,
} from '@kubernetes/client-node';

/** JSON of a library type: its Dates are strings. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

export type ObjectMeta = Wire<V1ObjectMeta>;

/** What every object has; custom resources are this plus what their reader parses. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

export type Pod = Wire<V1Pod>;
export type Container = Wire<V1Container>;
export type Node = Wire<V1Node>;
export type Lease = Wire<V1Lease>;
export type Namespace = Wire<V1Namespace>;
export type Service = Wire<V1Service>;
export type ServiceAccount = Wire<V1ServiceAccount>;
export type EndpointSlice = Wire<V1EndpointSlice>;
export type Secret = Wire<V1Secret>;
export type ConfigMap = Wire<V1ConfigMap>;
export type PersistentVolume = Wire<V1PersistentVolume>;
export type PersistentVolumeClaim = Wire<V1PersistentVolumeClaim>;
export type StorageClass = Wire<V1StorageClass>;
export type Deployment = Wire<V1Deployment>;
export type ReplicaSet = Wire<V1ReplicaSet>;
export type Job = Wire<V1Job>;
export type Event = Wire<CoreV1Event>;
export type Status = Wire<V1Status>;
export type ApiService = Wire<V1APIService>;
export type CustomResourceDefinition = Wire<V1CustomResourceDefinition>;

export interface KubernetesList<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly T[];
}

/** `namespace/name`, or the name alone of a cluster-scoped object: the key in a Reflector. */
export function keyOf({ metadata }: KubernetesObject): string {
  const name = metadata?.name ?? '';
  return metadata?.namespace === undefined ? name : `${metadata.namespace}/${name}`;
}
