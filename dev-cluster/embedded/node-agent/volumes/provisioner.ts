/**
 * The default StorageClass: a folder of the data folder for each claim. Made when the scheduler has chosen a node, bound
 * by Kubernetes' own controller, deleted with its claim.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../../../src/clients/kubernetes/model.ts';
import { Reflector } from '../../../../src/clients/kubernetes/reflector.ts';
import { HttpError } from '../../../../src/clients/http.ts';

const PROVISIONER = 'slipway.dev/local-path';
const MANAGER = 'slipway-provisioner';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
/** Set by Kubernetes' controller once it wants the volume made by us. */
const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
const VOLUMES = '/api/v1/persistentvolumes';

const standard: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: PROVISIONER,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
};

export interface ProvisionerOptions {
  readonly api: KubernetesApi;
  /** Holds a folder for each volume; outlives the cluster's processes. */
  readonly folder: string;
  readonly onError: (error: unknown) => void;
}

/** Resolves when the signal has aborted. */
export async function runProvisioner(
  { api, folder, onError }: ProvisionerOptions,
  signal: AbortSignal,
): Promise<void> {
  await api.apply('/apis/storage.k8s.io/v1/storageclasses/standard', standard, MANAGER, signal);
  const claims = new Reflector<PersistentVolumeClaim>({
    api,
    path: '/api/v1/persistentvolumeclaims',
    onError,
  });
  const volumes = new Reflector<PersistentVolume>({ api, path: VOLUMES, onError });
  const report = (error: unknown): void => {
    if (!signal.aborted) onError(error);
  };
  const subscriptions = [
    claims.onDidChange(({ type, object }) => {
      if (type !== 'deleted' && isOurs(object)) provision(api, object, folder, signal).catch(report);
    }),
    volumes.onDidChange(({ type, object }) => {
      if (type !== 'deleted' && isLeft(object)) reclaim(api, object, folder, signal).catch(report);
    }),
  ];
  try {
    await Promise.all([claims.run(signal), volumes.run(signal)]);
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}

/** Unbound, ours, and its node chosen or of no matter. */
function isOurs({ metadata, spec, status }: PersistentVolumeClaim): boolean {
  return (
    status?.phase === 'Pending' &&
    (spec?.volumeName ?? '') === '' &&
    metadata?.deletionTimestamp === undefined &&
    metadata?.annotations?.[STORAGE_PROVISIONER] === PROVISIONER
  );
}

function isLeft({ metadata, spec, status }: PersistentVolume): boolean {
  return (
    status?.phase === 'Released' &&
    spec?.persistentVolumeReclaimPolicy === 'Delete' &&
    metadata?.annotations?.[PROVISIONED_BY] === PROVISIONER
  );
}

async function provision(
  api: KubernetesApi,
  claim: PersistentVolumeClaim,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const { name: claimName, namespace, uid, annotations } = claim.metadata ?? {};
  const { storageClassName = '', accessModes, volumeMode, resources } = claim.spec ?? {};
  const storageClass = await api.get<StorageClass>(
    `/apis/storage.k8s.io/v1/storageclasses/${storageClassName}`,
    signal,
  );
  if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && annotations?.[SELECTED_NODE] === undefined)
    return;
  const name = `pvc-${uid}`;
  const path = join(folder, name);
  await mkdir(path, { recursive: true, mode: 0o777 });
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      storageClassName,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      ...(accessModes === undefined ? {} : { accessModes }),
      ...(volumeMode === undefined ? {} : { volumeMode }),
      capacity: { storage: resources?.requests?.['storage'] ?? '1Gi' },
      // All nodes are this machine, so there is no affinity.
      hostPath: { path, type: 'DirectoryOrCreate' },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        ...(namespace === undefined ? {} : { namespace }),
        ...(claimName === undefined ? {} : { name: claimName }),
        ...(uid === undefined ? {} : { uid }),
      },
    },
  };
  await unless(409, api.create(VOLUMES, volume, signal));
}

async function reclaim(
  api: KubernetesApi,
  { metadata, spec }: PersistentVolume,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const { name = '' } = metadata ?? {};
  // Its path can be edited by whoever may edit volumes: only what we made is deleted.
  if (spec?.hostPath?.path === join(folder, name))
    await rm(spec.hostPath.path, { recursive: true, force: true });
  await unless(404, api.delete(`${VOLUMES}/${name}`, signal));
}

/** That answer means that it is done already. */
async function unless(status: number, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof HttpError && error.status === status)) throw error;
  }
}
