import type { parameterTypes as gestureTypes } from '../../../../src/core/ir/edit/gesture.ts';

/** Those of gesture.ts; not imported from there, because webviews bundle no zod. */
export const parameterTypes = [
  'STRING',
  'NUMBER_INTEGER',
  'NUMBER_DOUBLE',
  'BOOLEAN',
  'LIST',
  'STRUCT',
] as const satisfies typeof gestureTypes;

/** The artifact types that the SDK ships. */
export const artifactTypes = [
  'system.Artifact',
  'system.Dataset',
  'system.Model',
  'system.Metrics',
  'system.ClassificationMetrics',
  'system.HTML',
  'system.Markdown',
] as const;
