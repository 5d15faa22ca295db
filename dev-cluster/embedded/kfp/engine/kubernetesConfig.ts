/**
 * KubernetesExecutorConfig (kfp-kubernetes) applied to a pod, as backend/src/v2/driver/k8s.go does it: secrets, config
 * maps, volumes, placement, metadata.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import type { Container, Pod } from '../../../../src/clients/kubernetes/model.ts';
import { TaskError } from './errors.ts';
import type { Scope } from './resolve.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Volume = NonNullable<PodSpec['volumes']>[number];
type EnvVar = NonNullable<Container['env']>[number];

/** Every input spec in the configuration (constant, parent's input, sibling's output) replaced by its value. */
export function bindInputs(config: JsonObject, scope: Scope | undefined): JsonObject {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, bind(key, value, scope)]));
}

/** A source that stands alone becomes its value; beside other fields (the deprecated forms) the value takes its place. */
function bind(key: string, value: JsonValue, scope: Scope | undefined): JsonValue {
  if (key === 'taskOutputParameter' && isJsonObject(value)) return outputOf(value, scope);
  if (key === 'componentInputParameter' && typeof value === 'string')
    return scope?.inputs.parameters.get(value)?.value ?? null;
  if (key === 'runtimeValue' && isJsonObject(value)) return value['constant'] ?? null;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => bind('', item, scope));
  if (!isJsonObject(value)) return value;
  const bound = bindInputs(value, scope);
  const [only, ...others] = Object.keys(value);
  return only !== undefined && others.length === 0 && SOURCES.has(only) ? (bound[only] ?? null) : bound;
}

const SOURCES = new Set(['runtimeValue', 'taskOutputParameter', 'componentInputParameter']);

function outputOf(output: JsonObject, scope: Scope | undefined): JsonValue {
  const { producerTask: task, outputParameterKey: key } = output;
  if (typeof task !== 'string' || typeof key !== 'string') return null;
  return scope?.ended(task)?.outputs.parameters.get(key)?.value ?? null;
}

/** Whether the step's code may name folders that only its pod has. */
export function mountsFolders(config: JsonObject): boolean {
  return MOUNTS.some((key) => objects(config[key]).length > 0);
}

const MOUNTS = [
  'secretAsVolume',
  'configMapAsVolume',
  'pvcMount',
  'emptyDirMounts',
  'genericEphemeralVolume',
];

/** `pod` has one container and is changed in place; `config` has been through bindInputs. Throws TaskError. */
export function applyKubernetes(pod: Pod, config: JsonObject): void {
  const spec = pod.spec;
  const container = spec?.containers[0];
  if (spec === undefined || container === undefined) throw new Error('A step has a pod with a container.');
  const env: EnvVar[] = [];
  const mount = (volume: Volume, path: string, subPath?: string): void => {
    (spec.volumes ??= []).push(volume);
    const mounted = { name: volume.name, mountPath: path, ...(subPath === undefined ? {} : { subPath }) };
    (container.volumeMounts ??= []).push(mounted);
  };
  for (const [index, one] of objects(config['secretAsVolume']).entries()) {
    const name = required(one, 'secretNameParameter', 'secretName');
    const secret = { secretName: name, ...optional(one) };
    mount({ name: `secret-${index}`, secret }, text(one['mountPath']));
  }
  for (const [index, one] of objects(config['configMapAsVolume']).entries()) {
    const name = required(one, 'configMapNameParameter', 'configMapName');
    mount({ name: `config-${index}`, configMap: { name, ...optional(one) } }, text(one['mountPath']));
  }
  for (const [index, one] of objects(config['pvcMount']).entries()) {
    const claimName = required(
      one,
      'pvcNameParameter',
      'constant',
      'taskOutputParameter',
      'componentInputParameter',
    );
    const subPath = text(one['subPath']);
    const volume = { name: `claim-${index}`, persistentVolumeClaim: { claimName } };
    mount(volume, text(one['mountPath']), subPath === '' ? undefined : subPath);
  }
  for (const one of objects(config['emptyDirMounts'])) {
    const { medium, sizeLimit } = one;
    const emptyDir = {
      ...(typeof medium === 'string' ? { medium } : {}),
      ...(typeof sizeLimit === 'string' ? { sizeLimit } : {}),
    };
    mount({ name: text(one['volumeName']), emptyDir }, text(one['mountPath']));
  }
  for (const one of objects(config['genericEphemeralVolume'])) mount(ephemeral(one), text(one['mountPath']));
  const shared = config['enabledSharedMemory'];
  if (isJsonObject(shared)) {
    const size = text(shared['size']);
    const emptyDir = { medium: 'Memory', ...(size === '' ? {} : { sizeLimit: size }) };
    mount({ name: text(shared['volumeName']) || 'shm', emptyDir }, '/dev/shm');
  }
  for (const one of objects(config['secretAsEnv'])) {
    const name = required(one, 'secretNameParameter', 'secretName');
    for (const map of objects(one['keyToEnv'])) {
      const secretKeyRef = { name, key: text(map['secretKey']), ...optional(one) };
      env.push({ name: text(map['envVar']), valueFrom: { secretKeyRef } });
    }
  }
  for (const one of objects(config['configMapAsEnv'])) {
    const name = required(one, 'configMapNameParameter', 'configMapName');
    for (const map of objects(one['keyToEnv'])) {
      const configMapKeyRef = { name, key: text(map['configMapKey']), ...optional(one) };
      env.push({ name: text(map['envVar']), valueFrom: { configMapKeyRef } });
    }
  }
  for (const one of objects(config['fieldPathAsEnv']))
    env.push({ name: text(one['name']), valueFrom: { fieldRef: { fieldPath: text(one['fieldPath']) } } });
  container.env = [...(container.env ?? []), ...env];
  place(spec, config);
  const metadata = config['podMetadata'];
  if (isJsonObject(metadata)) {
    pod.metadata = {
      ...pod.metadata,
      labels: { ...strings(metadata['labels']), ...pod.metadata?.labels },
      annotations: { ...strings(metadata['annotations']), ...pod.metadata?.annotations },
    };
  }
  const seconds = Number(config['activeDeadlineSeconds'] ?? 0);
  if (seconds > 0) spec.activeDeadlineSeconds = seconds;
  const pull = text(config['imagePullPolicy']);
  if (pull !== '') container.imagePullPolicy = pull;
  const secrets = objects(config['imagePullSecret']);
  if (secrets.length > 0)
    spec.imagePullSecrets = secrets.map((one) => ({
      name: required(one, 'secretNameParameter', 'secretName'),
    }));
}

function place(spec: PodSpec, config: JsonObject): void {
  const selector = config['nodeSelector'];
  if (isJsonObject(selector)) {
    const given = parsed(selector['nodeSelectorJson']);
    const labels = isJsonObject(given) ? given : selector['labels'];
    spec.nodeSelector = { ...spec.nodeSelector, ...strings(labels) };
  }
  const tolerations = objects(config['tolerations']).flatMap((one) => {
    const given = parsed(one['tolerationJson']);
    return given === undefined
      ? [one]
      : Array.isArray(given)
        ? objects(given)
        : isJsonObject(given)
          ? [given]
          : [];
  });
  if (tolerations.length > 0) spec.tolerations = tolerations.map(toleration);
  const nodeAffinity = objects(config['nodeAffinity']).map((one) => {
    const given = parsed(one['nodeAffinityJson']);
    return { weight: one['weight'], given, term: withoutEmpty(one, ['matchExpressions', 'matchFields']) };
  });
  const terms = nodeAffinity.filter(({ given, weight }) => given === undefined && weight === undefined);
  const preferred = nodeAffinity.filter(({ given, weight }) => given === undefined && weight !== undefined);
  const whole = nodeAffinity.map(({ given }) => given).filter(isJsonObject);
  if (nodeAffinity.length > 0) {
    const affinity = {
      ...(terms.length === 0
        ? {}
        : {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: terms.map(({ term }) => term),
            },
          }),
      ...(preferred.length === 0
        ? {}
        : {
            preferredDuringSchedulingIgnoredDuringExecution: preferred.map(({ weight, term }) => ({
              weight: Number(weight),
              preference: term,
            })),
          }),
    };
    spec.affinity = { ...spec.affinity, nodeAffinity: Object.assign(affinity, ...whole) as typeof affinity };
  }
  for (const one of objects(config['podAffinity'])) addPodAffinity(spec, one);
  const security = config['securityContext'];
  if (isJsonObject(security)) {
    const { runAsUser, runAsGroup, runAsNonRoot } = security;
    spec.securityContext = {
      ...(runAsUser === undefined ? {} : { runAsUser: Number(runAsUser) }),
      ...(runAsGroup === undefined ? {} : { runAsGroup: Number(runAsGroup) }),
      ...(typeof runAsNonRoot === 'boolean' ? { runAsNonRoot } : {}),
    };
  }
}

function addPodAffinity(spec: PodSpec, one: JsonObject): void {
  const namespaces = one['namespaces'];
  const term = {
    topologyKey: text(one['topologyKey']),
    labelSelector: {
      matchLabels: strings(one['matchPodLabels']),
      matchExpressions: objects(one['matchPodExpressions']).map(requirement),
    },
    ...(Array.isArray(namespaces) ? { namespaces: namespaces.map(text) } : {}),
    ...(isJsonObject(one['matchNamespaceLabels'])
      ? { namespaceSelector: { matchLabels: strings(one['matchNamespaceLabels']) } }
      : {}),
  };
  const kind = one['anti'] === true ? 'podAntiAffinity' : 'podAffinity';
  const known = spec.affinity?.[kind] ?? {};
  const weight = one['weight'];
  if (weight === undefined) (known.requiredDuringSchedulingIgnoredDuringExecution ??= []).push(term);
  else
    (known.preferredDuringSchedulingIgnoredDuringExecution ??= []).push({
      weight: Number(weight),
      podAffinityTerm: term,
    });
  spec.affinity = { ...spec.affinity, [kind]: known };
}

function requirement(one: JsonObject): { key: string; operator: string; values?: string[] } {
  const { values } = one;
  return {
    key: text(one['key']),
    operator: text(one['operator']),
    ...(Array.isArray(values) ? { values: values.map(text) } : {}),
  };
}

function withoutEmpty(
  one: JsonObject,
  keys: readonly string[],
): Record<string, ReturnType<typeof requirement>[]> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const found = objects(one[key]).map(requirement);
      return found.length === 0 ? [] : [[key, found]];
    }),
  );
}

function toleration(one: JsonObject): NonNullable<PodSpec['tolerations']>[number] {
  const seconds = one['tolerationSeconds'];
  const fields = ['key', 'operator', 'value', 'effect'].flatMap((key) => {
    const value = text(one[key]);
    return value === '' ? [] : [[key, value] as const];
  });
  return {
    ...Object.fromEntries(fields),
    // A 64-bit integer, so text in protojson.
    ...(seconds === undefined || seconds === null ? {} : { tolerationSeconds: Number(seconds) }),
  };
}

function ephemeral(one: JsonObject): Volume {
  const metadata = one['metadata'];
  const storageClass = text(one['storageClassName']);
  const modes = one['accessModes'];
  return {
    name: text(one['volumeName']),
    ephemeral: {
      volumeClaimTemplate: {
        ...(isJsonObject(metadata)
          ? {
              metadata: {
                labels: strings(metadata['labels']),
                annotations: strings(metadata['annotations']),
              },
            }
          : {}),
        spec: {
          accessModes: Array.isArray(modes) ? modes.map(text) : ['ReadWriteOnce'],
          resources: { requests: { storage: text(one['size']) } },
          ...(one['defaultStorageClass'] === true || storageClass === ''
            ? {}
            : { storageClassName: storageClass }),
        },
      },
    },
  };
}

/** The first of the fields that holds a name. Throws TaskError when none does. */
function required(one: JsonObject, ...keys: readonly string[]): string {
  for (const key of keys) {
    const value = one[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  throw new TaskError('input', `Its Kubernetes configuration has no value for ${keys[0] ?? 'a name'}.`);
}

function optional(one: JsonObject): { optional?: boolean } {
  return typeof one['optional'] === 'boolean' ? { optional: one['optional'] } : {};
}

/** Fields that hold a structure, as it is or as JSON text. `undefined` for absent and empty ones. */
function parsed(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') return Object.keys(value as object).length === 0 ? undefined : value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch (error) {
    throw new TaskError('input', 'Its Kubernetes configuration holds text that is not JSON.', {
      cause: error,
    });
  }
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function strings(value: JsonValue | undefined): Record<string, string> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, text(item)]));
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? ''
      : JSON.stringify(value);
}
