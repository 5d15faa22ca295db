/** What the platform document sets for a pipeline as a whole, as `dsl.PipelineConfig`. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { UnsayableError } from './program.ts';
import { literal, pyCall, pyString, pyValue, type Written } from './pythonText.ts';

const seconds: readonly (readonly [field: string, argument: string])[] = [
  ['resourceTtlOnCompletion', 'ttl_seconds_after_finished'],
  ['resourceTtlOnSuccess', 'ttl_seconds_after_success'],
  ['resourceTtlOnFailure', 'ttl_seconds_after_failure'],
  ['activeDeadlineSeconds', 'active_deadline_seconds'],
];

/** In one form, however much of nothing it is written with. */
export function pipelineConfigOf(platformSpec: JsonObject | undefined): JsonObject {
  const config =
    objectIn(objectIn(objectIn(platformSpec, 'platforms'), 'kubernetes'), 'pipelineConfig') ?? {};
  return withoutNothing(config);
}

/** `undefined`: nothing is set. Throws UnsayableError for what the SDK has no words for. */
export function pipelineConfigCall(config: JsonObject): Written | undefined {
  const known = new Set(['workspace', ...seconds.map(([field]) => field)]);
  const other = Object.keys(config).find((field) => !known.has(field));
  if (other !== undefined)
    throw new UnsayableError(`dsl.PipelineConfig has no word for ${other} of pipelineConfig: leave it out.`);
  const { workspace } = config;
  const args = [
    ...(workspace === undefined ? [] : [{ name: 'workspace', value: workspaceCall(workspace) }]),
    ...seconds.flatMap(([field, argument]) => {
      const value = config[field];
      return value === undefined ? [] : [{ name: argument, value: literal(pyValue(value, '', 99)) }];
    }),
  ];
  return args.length === 0 ? undefined : pyCall('dsl.PipelineConfig', args);
}

function workspaceCall(workspace: JsonValue): Written {
  const { size, kubernetes, ...others } = isJsonObject(workspace) ? workspace : {};
  const { pvcSpecPatch, ...more } = isJsonObject(kubernetes) ? kubernetes : {};
  const other = [...Object.keys(others), ...Object.keys(more)][0];
  if (typeof size !== 'string' || other !== undefined)
    throw new UnsayableError(
      other === undefined
        ? 'The workspace in pipelineConfig has no size: give it one.'
        : `dsl.WorkspaceConfig has no word for ${other}: leave it out.`,
    );
  return pyCall('dsl.WorkspaceConfig', [
    { name: 'size', value: literal(pyString(size)) },
    ...(pvcSpecPatch === undefined
      ? []
      : [
          {
            name: 'kubernetes',
            value: pyCall('dsl.KubernetesWorkspaceConfig', [
              { name: 'pvcSpecPatch', value: (indent, room) => pyValue(pvcSpecPatch, indent, room) },
            ]),
          },
        ]),
  ]);
}

function objectIn(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = object?.[key];
  return isJsonObject(value) ? value : undefined;
}

/** Empty objects, and zeros, are what is not set. */
function withoutNothing(object: JsonObject): JsonObject {
  const entries = Object.entries(object).map(
    ([key, value]) => [key, isJsonObject(value) ? withoutNothing(value) : value] as const,
  );
  return Object.fromEntries(
    entries.filter(([, value]) => value !== 0 && !(isJsonObject(value) && Object.keys(value).length === 0)),
  );
}
