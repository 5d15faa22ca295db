import { stringify } from 'yaml';
import type { SpecDocuments } from '../../clients/kfp/model.ts';

/** What the service keeps of a pipeline as the SDK writes one: keys in order, the platform's part a second document. */
export function specYaml({ pipelineSpec, platformSpec }: SpecDocuments): string {
  const yaml = (value: object): string => stringify(value, { sortMapEntries: true, lineWidth: 80 });
  return platformSpec === undefined ? yaml(pipelineSpec) : `${yaml(pipelineSpec)}---\n${yaml(platformSpec)}`;
}
