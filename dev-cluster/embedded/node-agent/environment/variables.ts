/** A container's environment as its spec says it, before paths and ports are rewritten. */
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import type { ClusterObjects } from './clusterObjects.ts';
import { PodEnvironmentError } from './errors.ts';
import { expand } from './expansion.ts';
import { fieldValue, resourceValue } from './fieldValues.ts';
import { type Container, containersOf, type EnvFromSource, type EnvVar } from './podSpec.ts';

export interface VariableSources {
  readonly pod: Pod;
  readonly podIp: string;
  readonly hostIp: string;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly objects: Pick<ClusterObjects, 'configMap' | 'secret'>;
  /** Of Services: the spec's own go over them. */
  readonly services: ReadonlyMap<string, string>;
}

/** Services' variables aren't among the result, though `$(REDIS_SERVICE_HOST)` is expanded. */
export async function containerVariables(
  container: Container,
  sources: VariableSources,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const result = new Map<string, string>();
  for (const source of container.envFrom ?? [])
    for (const [name, value] of await fromSource(source, sources, signal)) result.set(name, value);
  const own = new Map<string, string>();
  for (const variable of container.env ?? []) {
    const value = await valueOf(
      variable,
      (name) => own.get(name) ?? sources.services.get(name),
      container,
      sources,
      signal,
    );
    if (value === undefined) continue;
    own.set(variable.name, value);
    result.set(variable.name, value);
  }
  return result;
}

async function fromSource(
  { prefix = '', configMapRef, secretRef }: EnvFromSource,
  { pod, objects }: VariableSources,
  signal: AbortSignal,
): Promise<[string, string][]> {
  const namespace = pod.metadata?.namespace ?? '';
  if (configMapRef?.name !== undefined) {
    const object = await objects.configMap(namespace, configMapRef.name, signal);
    if (object === undefined && configMapRef.optional !== true)
      throw missing(`configmap "${configMapRef.name}" not found`);
    return Object.entries(object?.data ?? {}).map(([key, value]) => [prefix + key, value]);
  }
  if (secretRef?.name !== undefined) {
    const object = await objects.secret(namespace, secretRef.name, signal);
    if (object === undefined && secretRef.optional !== true)
      throw missing(`secret "${secretRef.name}" not found`);
    return Object.entries(object?.data ?? {}).map(([key, value]) => [prefix + key, decode(value)]);
  }
  return [];
}

/** `undefined`: the variable isn't set at all. */
async function valueOf(
  { value, valueFrom }: EnvVar,
  lookUp: (name: string) => string | undefined,
  container: Container,
  sources: VariableSources,
  signal: AbortSignal,
): Promise<string | undefined> {
  const namespace = sources.pod.metadata?.namespace ?? '';
  if (valueFrom === undefined) return expand(value ?? '', lookUp);
  if (valueFrom.fieldRef !== undefined) {
    const { fieldPath } = valueFrom.fieldRef;
    const known = fieldValue(sources.pod, fieldPath, sources);
    if (known === undefined) throw missing(`unsupported fieldPath: ${fieldPath}`);
    return known;
  }
  if (valueFrom.resourceFieldRef !== undefined) {
    const { containerName, resource, divisor } = valueFrom.resourceFieldRef;
    const of = containersOf(sources.pod).find(({ name }) => name === containerName) ?? container;
    const known = resourceValue(of, resource, divisor, sources.allocatable);
    if (known === undefined) throw missing(`unsupported container resource : ${resource}`);
    return known;
  }
  if (valueFrom.configMapKeyRef?.name !== undefined) {
    const { name, key, optional } = valueFrom.configMapKeyRef;
    const object = await sources.objects.configMap(namespace, name, signal);
    const known = object?.data?.[key];
    if (known !== undefined || optional === true) return known;
    throw missing(
      object === undefined
        ? `configmap "${name}" not found`
        : `couldn't find key ${key} in ConfigMap ${namespace}/${name}`,
    );
  }
  if (valueFrom.secretKeyRef?.name !== undefined) {
    const { name, key, optional } = valueFrom.secretKeyRef;
    const object = await sources.objects.secret(namespace, name, signal);
    const known = object?.data?.[key];
    if (known !== undefined) return decode(known);
    if (optional === true) return undefined;
    throw missing(
      object === undefined
        ? `secret "${name}" not found`
        : `couldn't find key ${key} in Secret ${namespace}/${name}`,
    );
  }
  return undefined;
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

function missing(message: string): PodEnvironmentError {
  return new PodEnvironmentError('CreateContainerConfigError', message);
}
