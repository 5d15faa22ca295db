import type { JsonObject } from '../base/json.ts';
import type { PipelineDocument, Problem } from './model.ts';
import { readPipeline, withLimits, type PipelineParts } from './parse.ts';

export type SpecDocuments =
  | {
      readonly kind: 'pipeline';
      /** Both as they are written: camelCase, unknown fields kept. */
      readonly pipelineSpec: JsonObject;
      /** `{platforms: …}`. */
      readonly platformSpec: JsonObject | undefined;
    }
  | { readonly kind: 'notPipeline'; readonly problem: Problem };

/** The JSON that CreateRun and pipeline versions carry for an IR text. */
export function specToDocuments(text: string): SpecDocuments {
  return withLimits<SpecDocuments>(text, toDocuments);
}

/** The typed model and the JSON of one text, which is read once for both. */
export function parseWithDocuments(text: string):
  | {
      readonly kind: 'pipeline';
      readonly document: PipelineDocument;
      readonly problems: readonly Problem[];
      readonly documents: Extract<SpecDocuments, { kind: 'pipeline' }>;
    }
  | Extract<SpecDocuments, { kind: 'notPipeline' }> {
  return withLimits(text, (parts) => ({ ...readPipeline(parts, text), documents: toDocuments(parts) }));
}

function toDocuments({ spec, platforms }: PipelineParts): Extract<SpecDocuments, { kind: 'pipeline' }> {
  return {
    kind: 'pipeline',
    pipelineSpec: Object.fromEntries(
      [...spec.fields]
        .filter(([key]) => key !== 'platforms')
        .map(([key, entry]) => [key, spec.reader.json(entry.value)]),
    ),
    platformSpec: platforms === undefined ? undefined : { platforms: platforms.reader.json(platforms.value) },
  };
}
