/** Request messages as protobuf's JSON reads them: unknown fields refused, `null` is unset. */
import { z } from 'zod';
import { invalid } from '../errors.ts';

/** Fields that a client may send back as it got them; they are ignored. */
export const outputOnly = z.unknown().optional();

/** A strict message whose `null` fields count as absent. */
export function message<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(dropNulls, z.strictObject(shape));
}

function dropNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** Upstream's column widths, counted in bytes. */
export function limited(field: string, value: string, max: number): string {
  if (Buffer.byteLength(value, 'utf8') > max) throw invalid(`${field} length cannot exceed ${max}`);
  return value;
}

const MAX_TAGS = 20;
const MAX_TAG_LENGTH = 63;

export const tags = z.record(z.string(), z.string());

export function checkTags(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(given);
  if (entries.length > MAX_TAGS)
    throw invalid(`number of tags (${entries.length}) exceeds maximum of ${MAX_TAGS} per entity`);
  for (const [key, value] of entries) {
    if (key === '') throw invalid('tag key cannot be empty');
    if (key.includes('.')) throw invalid(`tag key "${key}" must not contain '.' character`);
    if (codePoints(key) > MAX_TAG_LENGTH)
      throw invalid(`tag key "${key}" exceeds maximum length of ${MAX_TAG_LENGTH} characters`);
    if (codePoints(value) > MAX_TAG_LENGTH)
      throw invalid(
        `tag value "${value}" for key "${key}" exceeds maximum length of ${MAX_TAG_LENGTH} characters`,
      );
  }
  return given;
}

function codePoints(text: string): number {
  return Array.from(text).length;
}
