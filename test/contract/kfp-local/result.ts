/** How a run ended, in the one form that both sides are brought into. */
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/core/base/json.ts';

export interface StepResult {
  /** Of its component, without `comp-`: all that kfp.local's folders tell. */
  readonly name: string;
  readonly parameters: JsonObject;
  /** Output artifact → its items, each `{metadata, content}`. */
  readonly artifacts: JsonObject;
}

export interface Result {
  readonly state: string;
  readonly error: string | null;
  /** A parameter as it is, an artifact as `{metadata, content}`, a list of artifacts as a list of those. */
  readonly outputs: JsonObject;
  /** Python steps that ran to their end, in any order. */
  readonly steps: readonly StepResult[];
  /** Text of each file the steps wrote into the case's folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** As peer.py's content_of: a folder's listing, text, a digest of what is no text, null for nothing. */
export async function contentOf(path: string): Promise<JsonValue> {
  try {
    if ((await stat(path)).isDirectory()) return (await readdir(path)).sort();
  } catch {
    return null;
  }
  return textOrDigest(await readFile(path));
}

export function textOrDigest(data: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return `sha256:${createHash('sha256').update(data).digest('hex')}`;
  }
}

/**
 * What a value says, however it was written: texts that hold a JSON list or object as that (kfp.local hands numbers in
 * lists to steps as floats, so that `[1]` and `[1.0]` are the same), paths in the side's own `folder` as `FOLDER`.
 */
export function meaning(value: JsonValue, folder: string): JsonValue {
  if (typeof value === 'string') {
    const text = folder === '' ? value : value.replaceAll(folder, 'FOLDER');
    try {
      const parsed = JSON.parse(text) as JsonValue;
      return typeof parsed === 'object' ? parsed : text;
    } catch {
      return text;
    }
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => meaning(item, folder));
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, meaning(item, folder)]));
  }
  return value;
}
