/** A pod's volumes on the host: made, found again, kept fresh, deleted. */
import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stats } from 'node:fs';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../../src/clients/kubernetes/model.ts';
import { HttpError } from '../../../../src/clients/http.ts';
import type { Volume } from '../environment/podSpec.ts';
import { writeAtomically } from './atomicFolder.ts';
import { failure, type PayloadSources, volumePayload } from './payload.ts';

export interface MountContext extends PayloadSources {
  readonly api: KubernetesApi;
  /** The pod's folder. */
  readonly folder: string;
}

/** Absolute path of the volume on the host. What is there already stays. Throws `FailedMount`. */
export async function mountVolume(
  volume: Volume,
  context: MountContext,
  signal: AbortSignal,
): Promise<string> {
  const payload = await volumePayload(volume, context, signal);
  if (payload !== undefined) {
    const path = volumeFolder(volume, context.folder);
    await writeAtomically(path, payload);
    return path;
  }
  if (volume.emptyDir !== undefined) {
    const path = volumeFolder(volume, context.folder);
    await mkdir(path, { recursive: true, mode: 0o777 });
    return path;
  }
  if (volume.hostPath !== undefined)
    return hostPath(volume.name, volume.hostPath.path, volume.hostPath.type ?? '');
  if (volume.persistentVolumeClaim !== undefined)
    return claimPath(volume.name, volume.persistentVolumeClaim.claimName, undefined, context, signal);
  if (volume.ephemeral !== undefined) {
    const { name = '', uid } = context.pod.metadata ?? {};
    return claimPath(volume.name, `${name}-${volume.name}`, uid, context, signal);
  }
  throw failure(volume.name, `volumes of type ${kindOf(volume)} are not supported by the embedded cluster`);
}

function volumeFolder(volume: Volume, podFolder: string): string {
  return join(podFolder, 'volumes', `kubernetes.io~${kindOf(volume).toLowerCase()}`, volume.name);
}

function kindOf(volume: Volume): string {
  return Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
}

async function claimPath(
  volume: string,
  claim: string,
  /** Uid of the pod that must own it. */
  owner: string | undefined,
  { api, pod }: MountContext,
  signal: AbortSignal,
): Promise<string> {
  const namespace = pod.metadata?.namespace ?? '';
  const { metadata, spec, status } =
    (await find<PersistentVolumeClaim>(
      api,
      `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claim}`,
      signal,
    )) ?? raise(failure(volume, `persistentvolumeclaim "${claim}" not found`));
  if (owner !== undefined && !(metadata?.ownerReferences ?? []).some(({ uid }) => uid === owner))
    throw failure(
      volume,
      `PVC ${namespace}/${claim} was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`,
    );
  const name = spec?.volumeName;
  if (name === undefined || status?.phase !== 'Bound') throw failure(volume, `PVC ${claim} is not bound`);
  const found =
    (await find<PersistentVolume>(api, `/api/v1/persistentvolumes/${name}`, signal)) ??
    raise(failure(volume, `persistentvolume "${name}" not found`));
  const { hostPath: path, local } = found.spec ?? {};
  if (path !== undefined) return hostPath(volume, path.path, path.type ?? '');
  if (local !== undefined) return hostPath(volume, local.path, 'Directory');
  throw failure(
    volume,
    `the persistent volume "${name}" is on a storage that is not supported by the embedded cluster`,
  );
}

async function find<T>(api: KubernetesApi, path: string, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await api.get<T>(path, signal);
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined;
    throw error;
  }
}

function raise(error: Error): never {
  throw error;
}

const HOST_PATH_TYPES: Readonly<Record<string, readonly [name: string, is: (stats: Stats) => boolean]>> = {
  Directory: ['directory', (stats) => stats.isDirectory()],
  DirectoryOrCreate: ['directory', (stats) => stats.isDirectory()],
  File: ['file', (stats) => stats.isFile()],
  FileOrCreate: ['file', (stats) => stats.isFile()],
  Socket: ['socket file', (stats) => stats.isSocket()],
  CharDevice: ['character device', (stats) => stats.isCharacterDevice()],
  BlockDevice: ['block device', (stats) => stats.isBlockDevice()],
};

async function hostPath(volume: string, path: string, type: string): Promise<string> {
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  // Without a type, too: the container runtime makes what isn't there a folder.
  let stats = await stat(path).catch(() => undefined);
  if (stats === undefined && type === '') await mkdir(path, { recursive: true, mode: 0o755 });
  if (stats === undefined && type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close();
  stats = await stat(path).catch(() => undefined);
  const [name, is] = HOST_PATH_TYPES[type] ?? ['', () => true];
  if (stats === undefined || !is(stats))
    throw failure(volume, `hostPath type check failed: ${path} is not a ${name}`);
  return path;
}
