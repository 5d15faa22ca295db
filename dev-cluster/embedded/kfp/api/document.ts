/** Documents that come in: what is not IR is refused with one sentence, here and nowhere else. */
import type { JsonObject } from '../../../../src/core/base/json.ts';
import type { PipelineDocument } from '../../../../src/core/ir/model.ts';
import { parseWithDocuments } from '../../../../src/core/ir/specDocuments.ts';
import { invalid } from '../errors.ts';

export interface ReadDocument {
  /** `{pipeline_spec, platform_spec?}`, as the store keeps it. */
  readonly spec: JsonObject;
  readonly document: PipelineDocument;
}

const PIPELINE_NAME = /^[a-z0-9][a-z0-9-]{0,127}$/;

/** YAML or JSON, one document or two, or the wrapped form of the REST wire. */
export function readDocument(text: string): ReadDocument {
  const parsed = parseWithDocuments(text);
  if (parsed.kind === 'notPipeline') throw invalid(`invalid v2 pipeline spec: ${parsed.problem.message}`);
  const problem = parsed.problems.find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw invalid(`invalid v2 pipeline spec: ${problem.message}`);
  const { document, documents } = parsed;
  if (!PIPELINE_NAME.test(document.name)) {
    throw invalid(
      "pipeline's name must contain only lowercase alphanumeric characters or '-' and must start with alphanumeric characters",
    );
  }
  const { pipelineSpec, platformSpec } = documents;
  return {
    document,
    spec: {
      pipeline_spec: pipelineSpec,
      ...(platformSpec === undefined ? {} : { platform_spec: platformSpec }),
    },
  };
}

/** How the wire shows a spec: alone, or wrapped when there is a platform document. */
export function specToWire(spec: JsonObject): JsonObject {
  const { pipeline_spec: pipelineSpec, platform_spec: platformSpec } = spec as {
    readonly pipeline_spec?: JsonObject;
    readonly platform_spec?: JsonObject;
  };
  return platformSpec === undefined ? (pipelineSpec ?? {}) : spec;
}
