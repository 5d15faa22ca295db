import type { JsonObject } from '../../base/json.ts';
import { parseWithDocuments } from '../specDocuments.ts';
import { pipelineConfigOf } from './pipelineConfig.ts';
import { differences, meaningOf, type Difference } from './meaning.ts';
import { UnsayableError } from './program.ts';

export type Comparison =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly differences: readonly Difference[] }
  /** One of the texts is no pipeline, or one that has no meaning; `reason` is one sentence. */
  | { readonly kind: 'unreadable'; readonly side: 'left' | 'right'; readonly reason: string };

export interface CompareOptions {
  /** Tasks that the SDK named and numbered (`train-2`) may have other numbers. */
  readonly ignoresNumbers?: boolean;
}

/** Whether two IR texts mean the same pipeline, however their tasks and components are named inside. */
export function compareMeaning(left: string, right: string, options: CompareOptions = {}): Comparison {
  const meanings: JsonObject[] = [];
  for (const side of ['left', 'right'] as const) {
    const parsed = parseWithDocuments(side === 'left' ? left : right);
    if (parsed.kind !== 'pipeline') return { kind: 'unreadable', side, reason: parsed.problem.message };
    try {
      const pipelineConfig = pipelineConfigOf(parsed.documents.platformSpec);
      meanings.push({ ...meaningOf(parsed.document, options), pipelineConfig });
    } catch (error) {
      if (error instanceof UnsayableError) return { kind: 'unreadable', side, reason: error.message };
      throw error;
    }
  }
  const [before, after] = meanings;
  const found = before === undefined || after === undefined ? [] : differences(before, after);
  return found.length === 0 ? { kind: 'same' } : { kind: 'different', differences: found };
}

/** `steps/train/retry/maxRetryCount: 2, not 3`. */
export function differenceText({ path, left, right }: Difference): string {
  const short = (value: unknown): string => {
    const text = value === undefined ? 'nothing' : JSON.stringify(value);
    return text.length > 120 ? `${text.slice(0, 119)}…` : text;
  };
  return `${path}: ${short(right)}, not ${short(left)}`;
}
