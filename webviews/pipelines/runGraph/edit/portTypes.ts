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
