/** Files of secret, configMap, downwardAPI and projected volumes, as the kubelet lays them out. */
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import type { ClusterObjects } from '../environment/clusterObjects.ts';
import { PodEnvironmentError } from '../environment/errors.ts';
import { fieldValue, resourceValue } from '../environment/fieldValues.ts';
import { containersOf, type Volume } from '../environment/podSpec.ts';
import type { TokenSource } from './tokens.ts';

export interface PayloadFile {
  readonly data: Buffer;
  readonly mode: number;
}

/** By path under the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>;

export interface PayloadSources {
  readonly pod: Pod;
  readonly podIp: string;
  readonly hostIp: string;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly objects: Pick<ClusterObjects, 'configMap' | 'secret'>;
  readonly tokens: Pick<TokenSource, 'token'>;
}

type KeyToPath = NonNullable<NonNullable<Volume['configMap']>['items']>[number];
type DownwardItem = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];
type Projected = NonNullable<Volume['projected']>;
type Projection = NonNullable<Projected['sources']>[number];

const DEFAULT_MODE = 0o644;

/** `undefined` when the volume is of another kind. Throws `FailedMount`. */
export async function volumePayload(
  volume: Volume,
  sources: PayloadSources,
  signal: AbortSignal,
): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined)
    return configMapFiles(configMap, configMap.defaultMode ?? DEFAULT_MODE, volume.name, sources, signal);
  if (secret !== undefined)
    return secretFiles(
      { ...secret, ...(secret.secretName === undefined ? {} : { name: secret.secretName }) },
      secret.defaultMode ?? DEFAULT_MODE,
      volume.name,
      sources,
      signal,
    );
  if (downwardAPI !== undefined)
    return downwardFiles(
      downwardAPI.items ?? [],
      downwardAPI.defaultMode ?? DEFAULT_MODE,
      volume.name,
      sources,
    );
  if (projected !== undefined) {
    const files = new Map<string, PayloadFile>();
    for (const source of projected.sources ?? [])
      for (const [path, file] of await projectedFiles(source, projected, volume.name, sources, signal))
        files.set(path, file);
    return files;
  }
  return undefined;
}

/** True when a change of this object may change the volume. */
export function refersTo(volume: Volume, kind: 'configMap' | 'secret', name: string): boolean {
  const own = kind === 'configMap' ? volume.configMap?.name : volume.secret?.secretName;
  return own === name || (volume.projected?.sources ?? []).some((source) => source[kind]?.name === name);
}

async function projectedFiles(
  source: Projection,
  { defaultMode: mode = DEFAULT_MODE }: Projected,
  volume: string,
  sources: PayloadSources,
  signal: AbortSignal,
): Promise<Payload> {
  if (source.configMap !== undefined) return configMapFiles(source.configMap, mode, volume, sources, signal);
  if (source.secret !== undefined) return secretFiles(source.secret, mode, volume, sources, signal);
  if (source.downwardAPI !== undefined)
    return downwardFiles(source.downwardAPI.items ?? [], mode, volume, sources);
  if (source.serviceAccountToken !== undefined) {
    const { audience, expirationSeconds = 3600, path } = source.serviceAccountToken;
    const token = await sources.tokens.token(sources.pod, { audience, expirationSeconds }, signal);
    return new Map([[path, { data: Buffer.from(token), mode }]]);
  }
  throw failure(volume, 'this kind of projected source is not supported here');
}

interface ObjectReference {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

async function configMapFiles(
  { name = '', items, optional = false }: ObjectReference,
  mode: number,
  volume: string,
  { pod, objects }: PayloadSources,
  signal: AbortSignal,
): Promise<Payload> {
  const object = await objects.configMap(pod.metadata?.namespace ?? '', name, signal);
  if (object === undefined && !optional) throw failure(volume, `configmap "${name}" not found`);
  const data = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(object?.data ?? {})) data.set(key, Buffer.from(text));
  for (const [key, base64] of Object.entries(object?.binaryData ?? {}))
    data.set(key, Buffer.from(base64, 'base64'));
  return pick(data, items, mode, optional, (key) =>
    failure(volume, `configmap references non-existent config key: ${key}`),
  );
}

async function secretFiles(
  { name = '', items, optional = false }: ObjectReference,
  mode: number,
  volume: string,
  { pod, objects }: PayloadSources,
  signal: AbortSignal,
): Promise<Payload> {
  const object = await objects.secret(pod.metadata?.namespace ?? '', name, signal);
  if (object === undefined && !optional) throw failure(volume, `secret "${name}" not found`);
  const data = new Map(
    Object.entries(object?.data ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')] as const),
  );
  return pick(data, items, mode, optional, (key) =>
    failure(volume, `references non-existent secret key: ${key}`),
  );
}

function pick(
  data: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  defaultMode: number,
  optional: boolean,
  missing: (key: string) => PodEnvironmentError,
): Payload {
  if (items === undefined)
    return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode: defaultMode }]));
  const files = new Map<string, PayloadFile>();
  for (const { key, path, mode = defaultMode } of items) {
    const bytes = data.get(key);
    if (bytes !== undefined) files.set(path, { data: bytes, mode });
    else if (!optional) throw missing(key);
  }
  return files;
}

function downwardFiles(
  items: readonly DownwardItem[],
  defaultMode: number,
  volume: string,
  sources: PayloadSources,
): Payload {
  const files = new Map<string, PayloadFile>();
  for (const { path, mode = defaultMode, fieldRef, resourceFieldRef } of items) {
    const container = containersOf(sources.pod).find(({ name }) => name === resourceFieldRef?.containerName);
    const value =
      fieldRef !== undefined
        ? fieldValue(sources.pod, fieldRef.fieldPath, sources)
        : container !== undefined && resourceFieldRef !== undefined
          ? resourceValue(container, resourceFieldRef.resource, resourceFieldRef.divisor, sources.allocatable)
          : undefined;
    if (value === undefined) throw failure(volume, `the downwardAPI item "${path}" names no known field`);
    files.set(path, { data: Buffer.from(value), mode });
  }
  return files;
}

/** With the sentence of the kubelet's Event. */
export function failure(volume: string, why: string, cause?: unknown): PodEnvironmentError {
  return new PodEnvironmentError('FailedMount', `MountVolume.SetUp failed for volume "${volume}" : ${why}`, {
    cause,
  });
}
