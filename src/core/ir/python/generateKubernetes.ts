/** The platform document's settings of a task as calls of `kfp.kubernetes`. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { readReference } from './executorMeaning.ts';
import type { Expressions } from './expressions.ts';
import type { CallStep } from './program.ts';
import { literal, pyCall, pyString, pyValue, type Written } from './pythonText.ts';

/** A statement about a task; `write` gets the task's variable. */
export interface TaskCall {
  /** `kubernetes`: needs `from kfp import kubernetes`. */
  readonly kind: 'method' | 'kubernetes';
  readonly write: (variable: string) => Written;
}

type Args = readonly (readonly [name: string, value: Written])[];

export function kubernetesCalls(
  config: JsonObject,
  step: CallStep,
  expressions: Expressions,
): readonly TaskCall[] {
  const parameter = (value: JsonValue | undefined): Written | undefined => {
    if (typeof value === 'string') return literal(pyString(value));
    if (!isJsonObject(value)) return undefined;
    const runtime = value['runtimeValue'];
    if (isJsonObject(runtime)) return plain(runtime['constant'] ?? null);
    const reference = readReference(value);
    return reference && expressions.write(step.lookUp(reference));
  };
  const calls: TaskCall[] = [];
  const rest = new Map<string, JsonValue>();
  for (const [field, value] of Object.entries(config)) {
    const items = repeated.has(field) && Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
    const made = items.map((item) => fieldCalls(field, item, parameter));
    const all = made.flatMap((one) => one ?? []);
    if (made.includes(undefined)) rest.set(field, value);
    else
      for (const { called, args } of all)
        calls.push({
          kind: 'kubernetes',
          write: (variable) =>
            pyCall(`kubernetes.${called}`, [
              { value: literal(variable) },
              ...args.map(([name, written]) => ({ name, value: written })),
            ]),
        });
  }
  if (rest.size > 0) {
    // kfp.kubernetes has no word for these; they go into the same place as they are.
    const value = Object.fromEntries(rest);
    calls.push({
      kind: 'method',
      write: (variable) =>
        pyCall(`${variable}.platform_config.setdefault("kubernetes", {}).update`, [{ value: plain(value) }]),
    });
  }
  return calls;
}

const repeated = new Set([
  'secretAsVolume',
  'secretAsEnv',
  'pvcMount',
  'configMapAsVolume',
  'configMapAsEnv',
  'fieldPathAsEnv',
  'tolerations',
  'genericEphemeralVolume',
  'nodeAffinity',
  'emptyDirMounts',
]);

interface Called {
  readonly called: string;
  readonly args: Args;
}

/** undefined: something in it has no argument. */
function fieldCalls(
  field: string,
  value: JsonValue,
  parameter: (value: JsonValue | undefined) => Written | undefined,
): readonly Called[] | undefined {
  if (field === 'imagePullPolicy')
    return [{ called: 'set_image_pull_policy', args: [['policy', plain(value)]] }];
  if (field === 'activeDeadlineSeconds')
    return [{ called: 'set_timeout', args: [['seconds', literal(String(Number(value)))]] }];
  if (field === 'imagePullSecret') return Array.isArray(value) ? pullSecrets(value, parameter) : undefined;
  if (!isJsonObject(value)) return undefined;
  const taken = new Set<string>();
  const take = (key: string): JsonValue | undefined => {
    taken.add(key);
    return value[key];
  };
  const given = (name: string, key: string): Args => {
    const found = take(key);
    return found === undefined ? [] : [[name, plain(found)]];
  };
  const named = (name: string, key: string, old: readonly string[]): Args => {
    const current = take(key);
    const older = old.map(take).find((one) => one !== undefined);
    const written = parameter(current) ?? parameter(older);
    return written === undefined ? [] : [[name, written]];
  };
  const pairs = (name: string, key: string): Args => {
    const list = take('keyToEnv');
    if (!Array.isArray(list)) return [];
    const map = list.map((one: JsonValue): readonly [string, JsonValue] | undefined => {
      if (!isJsonObject(one)) return undefined;
      const from = one[key];
      return typeof from === 'string' ? [from, one['envVar'] ?? ''] : undefined;
    });
    return [[name, plain(Object.fromEntries(map.filter((one) => one !== undefined)))]];
  };
  const done = (calls: readonly Called[]): readonly Called[] | undefined =>
    Object.keys(value).every((key) => taken.has(key)) ? calls : undefined;
  const one = (called: string, ...args: readonly Args[]): readonly Called[] | undefined =>
    done([{ called, args: args.flat() }]);
  const each = (key: string, called: string, names: readonly [string, string]): readonly Called[] => {
    const map = take(key);
    return Object.entries(isJsonObject(map) ? map : {}).map(([label, written]) => ({
      called,
      args: [
        [names[0], literal(pyString(label))],
        [names[1], plain(written)],
      ],
    }));
  };
  const json = (called: string, name: string, key: string): readonly Called[] | undefined => {
    const written = parameter(take(key));
    return written === undefined ? undefined : done([{ called, args: [[name, written]] }]);
  };
  switch (field) {
    case 'secretAsVolume':
      return one(
        'use_secret_as_volume',
        named('secret_name', 'secretNameParameter', ['secretName']),
        given('mount_path', 'mountPath'),
        optional(take('optional')),
      );
    case 'secretAsEnv':
      return one(
        'use_secret_as_env',
        named('secret_name', 'secretNameParameter', ['secretName']),
        pairs('secret_key_to_env', 'secretKey'),
        optional(take('optional')),
      );
    case 'configMapAsVolume':
      return one(
        'use_config_map_as_volume',
        named('config_map_name', 'configMapNameParameter', ['configMapName']),
        given('mount_path', 'mountPath'),
        optional(take('optional')),
      );
    case 'configMapAsEnv':
      return one(
        'use_config_map_as_env',
        named('config_map_name', 'configMapNameParameter', ['configMapName']),
        pairs('config_map_key_to_env', 'configMapKey'),
        optional(take('optional')),
      );
    case 'pvcMount': {
      const old = ['taskOutputParameter', 'componentInputParameter'].filter((key) => key in value);
      const [key] = old;
      const inner = key === undefined ? undefined : { [key]: take(key) ?? null };
      const name = parameter(take('pvcNameParameter')) ?? parameter(inner) ?? parameter(take('constant'));
      take('constant');
      return (
        name &&
        one('mount_pvc', [['pvc_name', name]], given('mount_path', 'mountPath'), given('sub_path', 'subPath'))
      );
    }
    case 'fieldPathAsEnv':
      return one('use_field_path_as_env', given('env_name', 'name'), given('field_path', 'fieldPath'));
    case 'emptyDirMounts':
      return one(
        'empty_dir_mount',
        given('volume_name', 'volumeName'),
        given('mount_path', 'mountPath'),
        given('medium', 'medium'),
        given('size_limit', 'sizeLimit'),
      );
    case 'tolerations':
      if ('tolerationJson' in value) return json('add_toleration_json', 'toleration_json', 'tolerationJson');
      return one(
        'add_toleration',
        given('key', 'key'),
        given('operator', 'operator'),
        given('value', 'value'),
        given('effect', 'effect'),
        seconds(take('tolerationSeconds')),
      );
    case 'nodeSelector':
      if ('nodeSelectorJson' in value)
        return json('add_node_selector_json', 'node_selector_json', 'nodeSelectorJson');
      return done(each('labels', 'add_node_selector', ['label_key', 'label_value']));
    case 'podMetadata':
      return done([
        ...each('labels', 'add_pod_label', ['label_key', 'label_value']),
        ...each('annotations', 'add_pod_annotation', ['annotation_key', 'annotation_value']),
      ]);
    case 'nodeAffinity':
      if ('nodeAffinityJson' in value)
        return json('add_node_affinity_json', 'node_affinity_json', 'nodeAffinityJson');
      return one(
        'add_node_affinity',
        given('match_expressions', 'matchExpressions'),
        given('match_fields', 'matchFields'),
        given('weight', 'weight'),
      );
    case 'securityContext':
      return one(
        'set_security_context',
        numeric('run_as_user', take('runAsUser')),
        numeric('run_as_group', take('runAsGroup')),
        given('run_as_non_root', 'runAsNonRoot'),
      );
    case 'genericEphemeralVolume': {
      const isDefaultClass = take('defaultStorageClass') === true;
      const metadata = take('metadata');
      const labels = isJsonObject(metadata) ? metadata : {};
      const storageClass = given('storage_class_name', 'storageClassName');
      return one(
        'add_ephemeral_volume',
        given('volume_name', 'volumeName'),
        given('mount_path', 'mountPath'),
        given('access_modes', 'accessModes'),
        given('size', 'size'),
        isDefaultClass || storageClass.length > 0 ? storageClass : [['storage_class_name', literal('""')]],
        ...['labels', 'annotations'].map((key): Args => {
          const found = labels[key];
          return found === undefined ? [] : [[key, plain(found)]];
        }),
      );
    }
    default:
      return undefined;
  }
}

function pullSecrets(
  list: readonly JsonValue[],
  parameter: (value: JsonValue | undefined) => Written | undefined,
): readonly Called[] | undefined {
  const names = list.map((one) =>
    isJsonObject(one) ? parameter(one['secretNameParameter'] ?? one['secretName']) : undefined,
  );
  const written = names.filter((name) => name !== undefined);
  if (written.length !== names.length) return undefined;
  const value: Written = (indent, room) =>
    `[${pyCall(
      '',
      written.map((one) => ({ value: one })),
    )(indent, room - 2).slice(1, -1)}]`;
  return [{ called: 'set_image_pull_secrets', args: [['secret_names', value]] }];
}

function plain(value: JsonValue): Written {
  return (indent, room) => pyValue(value, indent, room);
}

/** The SDK writes false by itself. */
function optional(value: JsonValue | undefined): Args {
  return value === undefined || value === false ? [] : [['optional', plain(value)]];
}

/** protobuf writes 64-bit numbers as texts. */
function numeric(name: string, value: JsonValue | undefined): Args {
  return value === undefined ? [] : [[name, literal(String(Number(value)))]];
}

function seconds(value: JsonValue | undefined): Args {
  return numeric('toleration_seconds', value);
}
