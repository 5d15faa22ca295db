/**
 * The fields of kubernetes_executor_config.proto as rows of text and back. A name that comes from an input or another
 * step (`…Parameter` without a constant) is no text: its field is edited as JSON. Pure.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../../src/core/base/json.ts';
import { checks } from '../values.ts';
import type { Column, Row } from './rowsEditor.tsx';

export interface RowsField {
  readonly kind: 'rows';
  readonly key: string;
  readonly title: string;
  readonly addLabel: string;
  readonly columns: readonly Column[];
  /** `undefined`: holds what rows cannot say. */
  readonly read: (value: JsonValue | undefined) => readonly Row[] | undefined;
  readonly write: (rows: readonly Row[], before: JsonValue | undefined) => JsonValue | null;
}

export interface TextField {
  readonly kind: 'text';
  readonly key: string;
  readonly title: string;
  readonly placeholder: string;
  readonly check: (text: string) => string | undefined;
}

export interface ChoiceField {
  readonly kind: 'choice';
  readonly key: string;
  readonly title: string;
  readonly options: readonly string[];
}

export interface JsonField {
  readonly kind: 'json';
  readonly key: string;
  readonly title: string;
  readonly placeholder: string;
}

export type KubernetesField = RowsField | TextField | ChoiceField | JsonField;

const text = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

/** `{runtimeValue: {constant}}`, as the SDK writes a name that is known. */
function parameterText(row: JsonObject, key: string, old: string): string | undefined {
  const parameter = row[key];
  if (parameter === undefined) return typeof row[old] === 'string' ? row[old] : undefined;
  const runtime = isJsonObject(parameter) ? parameter['runtimeValue'] : undefined;
  const constant = isJsonObject(runtime) ? runtime['constant'] : undefined;
  return typeof constant === 'string' ? constant : undefined;
}

/** The SDK writes a name twice: as the parameter, and in the field that older backends read. */
const nameParts = (name: Named, text: string): JsonObject => ({
  [name.old]: text,
  [name.parameter]: { runtimeValue: { constant: text } },
});

interface Named {
  readonly parameter: string;
  readonly old: string;
  readonly label: string;
  /** Whether rows say that they may be missing in the cluster. */
  readonly hasOptional: boolean;
}

function objects(value: JsonValue | undefined): readonly JsonObject[] | undefined {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) && value.every(isJsonObject) ? value : undefined;
}

function list(rows: readonly JsonObject[]): JsonValue | null {
  return rows.length === 0 ? null : rows;
}

/** Rows of plain fields. 64-bit numbers of protobuf are text in JSON, so all of them are. */
function plain(key: string, title: string, addLabel: string, columns: readonly Column[]): RowsField {
  const known = columns.map((column) => column.key);
  return {
    kind: 'rows',
    key,
    title,
    addLabel,
    columns,
    read: (value) => {
      const rows = objects(value);
      if (rows?.every((row) => Object.keys(row).every((name) => known.includes(name))) !== true)
        return undefined;
      return rows.map((row) => Object.fromEntries(known.map((name) => [name, text(row[name])])));
    },
    write: (rows) =>
      list(
        rows.map((row) =>
          Object.fromEntries(
            known.filter((name) => (row[name] ?? '') !== '').map((name) => [name, row[name] ?? '']),
          ),
        ),
      ),
  };
}

/** Rows with one name that the file holds as a parameter. */
function named(
  key: string,
  title: string,
  addLabel: string,
  name: Named,
  columns: readonly Column[],
): RowsField {
  const known = columns.map((column) => column.key);
  return {
    kind: 'rows',
    key,
    title,
    addLabel,
    columns: [{ key: 'name', label: name.label }, ...columns],
    read: (value) => {
      const rows = objects(value)?.map((row): Row | undefined => {
        const own = parameterText(row, name.parameter, name.old);
        const isKnown = Object.keys(row).every((one) =>
          [...known, name.parameter, name.old, 'optional'].includes(one),
        );
        if (own === undefined || !isKnown) return undefined;
        return { name: own, ...Object.fromEntries(known.map((column) => [column, text(row[column])])) };
      });
      return rows?.every((row) => row !== undefined) === true ? rows : undefined;
    },
    write: (rows, before) =>
      list(
        rows.map((row) => ({
          ...optionalOf(name, before, row['name'] ?? ''),
          ...nameParts(name, row['name'] ?? ''),
          ...Object.fromEntries(
            known.filter((column) => (row[column] ?? '') !== '').map((column) => [column, row[column] ?? '']),
          ),
        })),
      ),
  };
}

/** Not in the form: what the file says stays, a new one must be there. */
function optionalOf(name: Named, before: JsonValue | undefined, own: string): JsonObject {
  if (!name.hasOptional) return {};
  const same = objects(before)?.find((row) => parameterText(row, name.parameter, name.old) === own);
  return { optional: same === undefined ? false : (same['optional'] ?? false) };
}

/** Keys of a secret or config map as variables: one row a key; grouped again when written. */
function keysAsEnv(key: string, title: string, name: Named & { readonly key: string }): RowsField {
  return {
    kind: 'rows',
    key,
    title,
    addLabel: 'Add a variable',
    columns: [
      { key: 'name', label: name.label },
      { key: 'key', label: 'Key' },
      { key: 'env', label: 'Variable', check: checks.environment },
    ],
    read: (value) => {
      const rows: Row[] = [];
      for (const row of objects(value) ?? [{ unknown: true }]) {
        const own = parameterText(row, name.parameter, name.old);
        const keys = objects(row['keyToEnv']);
        if (own === undefined || keys === undefined || 'unknown' in row) return undefined;
        for (const one of keys) rows.push({ name: own, key: text(one[name.key]), env: text(one['envVar']) });
      }
      return rows;
    },
    write: (rows, before) =>
      list(
        [...Map.groupBy(rows, (row) => row['name'] ?? '')].map(([own, keys]) => ({
          ...optionalOf(name, before, own),
          ...nameParts(name, own),
          keyToEnv: keys.map((row) => ({ [name.key]: row['key'] ?? '', envVar: row['env'] ?? '' })),
        })),
      ),
  };
}

/** Labels and annotations: a map inside the field; its other parts stay. */
function map(key: string, part: string, title: string, addLabel: string): RowsField {
  return {
    kind: 'rows',
    key,
    title,
    addLabel,
    columns: [
      { key: 'key', label: 'Key', check: checks.label },
      { key: 'value', label: 'Value', isOptional: true },
    ],
    read: (value) => {
      const inner = isJsonObject(value) ? (value[part] ?? {}) : {};
      if (!isJsonObject(inner)) return undefined;
      return Object.entries(inner).map(([name, one]) => ({ key: name, value: text(one) }));
    },
    write: (rows, before) => {
      const others = isJsonObject(before)
        ? Object.fromEntries(Object.entries(before).filter(([name]) => name !== part))
        : {};
      const inner = Object.fromEntries(rows.map((row) => [row['key'] ?? '', row['value'] ?? '']));
      const whole: JsonObject = rows.length === 0 ? others : { ...others, [part]: inner };
      return Object.keys(whole).length === 0 ? null : whole;
    },
  };
}

const secret: Named = {
  parameter: 'secretNameParameter',
  old: 'secretName',
  label: 'Secret',
  hasOptional: true,
};
const configMap: Named = {
  parameter: 'configMapNameParameter',
  old: 'configMapName',
  label: 'Config map',
  hasOptional: true,
};
const mountPath: Column = { key: 'mountPath', label: 'Mount path', check: checks.path };
const choices = (...values: readonly string[]): NonNullable<Column['options']> =>
  values.map((value) => ({ value, label: value === '' ? 'any' : value }));

/** In the order that people look for them. */
export const kubernetesFields: readonly KubernetesField[] = [
  {
    kind: 'text',
    key: 'activeDeadlineSeconds',
    title: 'Timeout, in seconds',
    placeholder: 'none',
    check: checks.whole,
  },
  map('nodeSelector', 'labels', 'Node selector', 'Add a label of the node'),
  plain('tolerations', 'Tolerations', 'Add a toleration', [
    { key: 'key', label: 'Key', check: checks.label, isOptional: true },
    { key: 'operator', label: 'Operator', options: choices('', 'Exists', 'Equal') },
    { key: 'value', label: 'Value', isOptional: true },
    {
      key: 'effect',
      label: 'Effect',
      options: choices('', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'),
    },
    { key: 'tolerationSeconds', label: 'Seconds', check: checks.whole, isOptional: true },
  ]),
  {
    kind: 'json',
    key: 'nodeAffinity',
    title: 'Node affinity',
    placeholder: '[{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]',
  },
  { kind: 'json', key: 'podAffinity', title: 'Pod affinity', placeholder: '[{"topologyKey": "zone"}]' },
  named(
    'pvcMount',
    'Volume claims',
    'Mount a volume claim',
    { parameter: 'pvcNameParameter', old: 'constant', label: 'Claim', hasOptional: false },
    [mountPath, { key: 'subPath', label: 'Sub-path', isOptional: true }],
  ),
  keysAsEnv('secretAsEnv', 'Secrets as variables', { ...secret, key: 'secretKey' }),
  named('secretAsVolume', 'Secrets as files', 'Mount a secret', secret, [mountPath]),
  keysAsEnv('configMapAsEnv', 'Config maps as variables', { ...configMap, key: 'configMapKey' }),
  named('configMapAsVolume', 'Config maps as files', 'Mount a config map', configMap, [mountPath]),
  plain('fieldPathAsEnv', 'Pod fields as variables', 'Add a variable', [
    { key: 'name', label: 'Variable', check: checks.environment },
    { key: 'fieldPath', label: 'Field, e.g. metadata.name' },
  ]),
  {
    kind: 'choice',
    key: 'imagePullPolicy',
    title: 'Pull image',
    options: ['Always', 'IfNotPresent', 'Never'],
  },
  named('imagePullSecret', 'Image pull secrets', 'Add a pull secret', { ...secret, hasOptional: false }, []),
  map('podMetadata', 'labels', 'Pod labels', 'Add a label'),
  map('podMetadata', 'annotations', 'Pod annotations', 'Add an annotation'),
  plain('emptyDirMounts', 'Empty folders', 'Mount an empty folder', [
    { key: 'volumeName', label: 'Volume' },
    mountPath,
    { key: 'medium', label: 'Medium', isOptional: true },
    { key: 'sizeLimit', label: 'Size', check: checks.quantity, isOptional: true },
  ]),
  {
    kind: 'json',
    key: 'genericEphemeralVolume',
    title: 'Ephemeral volumes',
    placeholder: '[{"volumeName": "scratch", "mountPath": "/scratch", "size": "5Gi"}]',
  },
  {
    kind: 'json',
    key: 'enabledSharedMemory',
    title: 'Shared memory',
    placeholder: '{"volumeName": "shm", "size": "1Gi"}',
  },
  { kind: 'json', key: 'securityContext', title: 'Security context', placeholder: '{"runAsUser": 1000}' },
];
