/** KFP's cache fingerprint: SHA-256 over the canonical JSON of `ml_pipelines.CacheKey`, as backend/src/v2/cacheutils has it. */
import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import type { ArtifactType, ParameterType } from '../../../../src/core/ir/model.ts';

/** Empty maps and lists are left out of the key, as protojson does. */
export interface CacheKey {
  /** Artifact ids by input name. */
  readonly inputArtifacts: ReadonlyMap<string, readonly string[]>;
  readonly inputParameters: ReadonlyMap<string, JsonValue>;
  readonly outputArtifacts: readonly {
    readonly name: string;
    readonly type: ArtifactType;
    readonly metadata: JsonObject;
  }[];
  readonly outputParameters: readonly { readonly name: string; readonly type: ParameterType }[];
  readonly image: string;
  /** Command and args as the document has them, placeholders unresolved. */
  readonly cmdArgs: readonly string[];
  readonly pvcNames: readonly string[];
}

export function fingerprint(key: CacheKey): string {
  const message: Record<string, JsonValue> = {};
  if (key.inputArtifacts.size > 0) {
    message['inputArtifactNames'] = Object.fromEntries(
      [...key.inputArtifacts].map(([name, ids]) => [name, ids.length > 0 ? { artifactNames: ids } : {}]),
    );
  }
  if (key.inputParameters.size > 0) {
    message['inputParameterValues'] = Object.fromEntries(key.inputParameters);
  }
  if (key.outputArtifacts.length > 0) {
    message['outputArtifactsSpec'] = Object.fromEntries(
      key.outputArtifacts.map(({ name, type, metadata }) => [
        name,
        {
          name,
          type: typeSchema(type),
          ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
        },
      ]),
    );
  }
  if (key.outputParameters.length > 0) {
    message['outputParametersSpec'] = Object.fromEntries(
      key.outputParameters.map(({ name, type }) => [name, type]),
    );
  }
  message['containerSpec'] = {
    ...(key.image === '' ? {} : { image: key.image }),
    ...(key.cmdArgs.length > 0 ? { cmdArgs: key.cmdArgs } : {}),
    ...(key.pvcNames.length > 0 ? { pvcNames: key.pvcNames } : {}),
  };
  return createHash('sha256').update(goJson(message)).digest('hex');
}

/** The fingerprint of a task with a cache key of the user's own: nothing else counts. */
export function customFingerprint(componentName: string, cacheKey: string): string {
  return createHash('sha256').update(`${componentName}\0${cacheKey}`).digest('hex');
}

export function typeSchema(type: ArtifactType): JsonObject {
  if (type.instanceSchema !== undefined && type.schemaTitle === '')
    return { instanceSchema: type.instanceSchema };
  return {
    schemaTitle: type.schemaTitle,
    ...(type.schemaVersion === undefined ? {} : { schemaVersion: type.schemaVersion }),
  };
}

/** JSON as Go's encoding/json writes a decoded value: keys sorted, `<`, `>`, `&` and line separators escaped. */
function goJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(goJson).join(',')}]`;
  if (isJsonObject(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${entries.map(([key, item]) => `${goJson(key)}:${goJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
