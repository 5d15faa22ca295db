/** A run's `spec_json` as a document that the engine can run. */
import type { JsonObject } from '../../../../src/core/base/json.ts';
import type { PipelineDocument } from '../../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../../src/core/ir/parse.ts';
import { TaskError } from './errors.ts';

/** `{pipeline_spec, platform_spec?}`. Throws TaskError `document`. */
export function readDocument(spec: JsonObject): PipelineDocument {
  // JSON is YAML, and one parser means one understanding of the document.
  const result = parsePipeline(JSON.stringify(spec));
  if (result.kind === 'notPipeline') throw new TaskError('document', result.problem.message);
  const problem = result.problems.find(({ severity }) => severity === 'error');
  if (problem) throw new TaskError('document', problem.message);
  return result.document;
}
