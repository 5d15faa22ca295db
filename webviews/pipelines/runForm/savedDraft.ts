import type { FormDraft } from './form.tsx';

/** What was typed before a reload; `undefined` when this page was never filled in. */
export function savedDraft(saved: Record<string, unknown>): FormDraft | undefined {
  const { draft } = saved;
  if (typeof draft !== 'object' || draft === null) return undefined;
  const { inputs, runName, experimentId, pipelineRoot, isCachingEnabled } = draft as Record<string, unknown>;
  if (
    typeof inputs !== 'object' ||
    inputs === null ||
    typeof runName !== 'string' ||
    typeof experimentId !== 'string' ||
    typeof pipelineRoot !== 'string' ||
    typeof isCachingEnabled !== 'boolean'
  )
    return undefined;
  const texts = Object.entries(inputs).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return { inputs: Object.fromEntries(texts), runName, experimentId, pipelineRoot, isCachingEnabled };
}
