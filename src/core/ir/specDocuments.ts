import type { JsonObject } from '../base/json.ts';
import type { Problem } from './model.ts';
import { withLimits } from './parse.ts';

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
  return withLimits<SpecDocuments>(text, ({ spec, platforms }) => ({
    kind: 'pipeline',
    pipelineSpec: Object.fromEntries(
      [...spec.fields]
        .filter(([key]) => key !== 'platforms')
        .map(([key, entry]) => [key, spec.reader.json(entry.value)]),
    ),
    platformSpec: platforms === undefined ? undefined : { platforms: platforms.reader.json(platforms.value) },
  }));
}
