/** A pipeline that does nothing yet: what a new file is filled with, and what a blank one stands for. */
import { applyEdits, type Plan } from '../../core/ir/edit/plan.ts';

/** As the SDK would write it. */
export function emptyPipeline(name: string): string {
  const scalar = /^[a-z][a-z0-9-]*$/.test(name) && !/^(?:true|false|null|yes|no|on|off|y|n)$/.test(name);
  return `pipelineInfo:
  name: ${scalar ? name : JSON.stringify(name)}
root:
  dag:
    tasks: {}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
`;
}

/** By the file's name: `churn.pipeline.yaml` is `churn`. KFP allows lower case letters, digits and dashes. */
export function pipelineNameFor(path: string): string {
  const file = decodeURIComponent(path.split('/').at(-1) ?? '').replace(
    /(?:\.pipeline)?\.(?:ya?ml|json)$/i,
    '',
  );
  const name = file
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? 'pipeline' : name;
}

/** The text that is drawn and edited for a file's text. */
export function drawnText(text: string, uri: string): string {
  return text.trim() === '' ? emptyPipeline(pipelineNameFor(uri)) : text;
}

/** A plan made on `drawnText(text)`, as splices of `text` itself. */
export function planForText(plan: Plan, text: string, drawn: string): Plan {
  if (plan.kind === 'refused' || text === drawn) return plan;
  return { ...plan, edits: [{ range: { start: 0, end: text.length }, text: applyEdits(drawn, plan.edits) }] };
}
