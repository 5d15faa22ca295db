import { sampleText } from '../builders/pipelineText.ts';

/** Steps in rows of ten, each with a component and an executor of its own, as the SDK writes them. */
export function bigPipeline(tasks: number): string {
  const sample = sampleText('if_else_with_oneof_parameters.yaml');
  const component = entry(sample, '  comp-print-and-return:\n');
  const executor = entry(sample, '    exec-print-and-return:\n');
  const steps = Array.from({ length: tasks }, (_, i) => i);
  const named = (text: string, i: number): string => text.replaceAll('print-and-return', `step-${i}`);
  const source = (i: number): string =>
    i % 10 === 0
      ? '              runtimeValue:\n                constant: Got heads!\n'
      : `              taskOutputParameter:\n                outputParameterKey: Output\n                producerTask: step-${i - 1}\n`;
  const rootTasks = steps.map(
    (i) =>
      `      step-${i}:\n        cachingOptions:\n          enableCache: true\n        componentRef:\n          name: comp-step-${i}\n` +
      (i % 10 === 0 ? '' : `        dependentTasks:\n        - step-${i - 1}\n`) +
      `        inputs:\n          parameters:\n            text:\n${source(i)}        taskInfo:\n          name: step-${i}\n`,
  );
  return (
    `# PIPELINE DEFINITION\n# Name: big\ncomponents:\n${steps.map((i) => named(component, i)).join('')}` +
    `deploymentSpec:\n  executors:\n${steps.map((i) => named(executor, i)).join('')}` +
    `pipelineInfo:\n  name: big\nroot:\n  dag:\n    tasks:\n${rootTasks.join('')}schemaVersion: 2.1.0\nsdkVersion: kfp-2.13.0\n`
  );
}

/** An entry with all its lines. */
function entry(text: string, head: string): string {
  const start = text.indexOf(head);
  const indent = head.search(/\S/);
  const rest = text.slice(start + head.length);
  const end = rest.search(new RegExp(`^ {0,${indent}}\\S`, 'm'));
  return head + rest.slice(0, end);
}
