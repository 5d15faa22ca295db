import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { analyse } from '../../../src/core/ir/analyse.ts';
import { buildGraph } from '../../../src/core/ir/graph.ts';
import type { PipelineGraph } from '../../../src/core/ir/graphModel.ts';
import type { PipelineDocument } from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { specToDocuments } from '../../../src/core/ir/specDocuments.ts';
import { sampleText } from '../../builders/pipelineText.ts';

const samples = readdirSync(join(import.meta.dirname, '..', '..', 'fixtures', 'kfp', 'samples'));

function documentOf(sample: string): PipelineDocument {
  const parsed = parsePipeline(sampleText(sample));
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  return parsed.document;
}

function graphOf(sample: string): PipelineGraph {
  return buildGraph(documentOf(sample));
}

/** `from -> to (bindings)`, data edges with their types. */
function edgesOf({ edges }: PipelineGraph): readonly string[] {
  return edges.map(({ from, to, kind, bindings }) => {
    const data = bindings.map(({ output, input, type }) => `${output} > ${input}: ${type}`).join(', ');
    return `${from} -> ${to} (${kind === 'order' ? 'order' : data})`;
  });
}

test('there are samples', () => {
  expect(samples.length).toBe(15);
});

test.each(samples)('%s has no problems', (sample) => {
  const analysis = analyse({ text: sampleText(sample), withoutLayout: true });
  expect(analysis.kind === 'pipeline' ? analysis.problems : analysis.problem).toEqual([]);
});

test.each(samples)('%s goes to the service as it is written', (sample) => {
  const [spec, platforms] = parseAllDocuments(sampleText(sample)).map(
    (document) => document.toJS() as unknown,
  );
  expect(specToDocuments(sampleText(sample))).toEqual({
    kind: 'pipeline',
    pipelineSpec: spec,
    platformSpec: platforms,
  });
});

test.each(samples)('%s: every range holds what it says', (sample) => {
  const text = sampleText(sample);
  const at = ({ start, end }: { start: number; end: number }): string => text.slice(start, end);
  const { root, components, executors, name, nameRange } = documentOf(sample);
  expect(at(nameRange)).toBe(name);
  for (const component of [root, ...components.values()]) {
    expect(at(component.nameRange)).toBe(component.name);
    const { implementation, inputs, outputs } = component;
    for (const port of [
      ...inputs.parameters,
      ...inputs.artifacts,
      ...outputs.parameters,
      ...outputs.artifacts,
    ]) {
      expect(at(port.nameRange)).toBe(port.name);
      expect(at(port.range).startsWith(`${port.name}:`)).toBe(true);
    }
    if (implementation.kind === 'executor') expect(at(implementation.range)).toBe(implementation.label);
    if (implementation.kind !== 'dag') continue;
    for (const task of implementation.dag.tasks) {
      expect(at(task.keyRange)).toBe(task.key);
      expect(at(task.componentRefRange)).toBe(task.componentRef);
      for (const { task: upstream, range } of task.dependentTasks) expect(at(range)).toBe(upstream);
      for (const { source } of [...task.inputs.parameters, ...task.inputs.artifacts]) {
        if (source.kind === 'componentInput') expect(at(source.nameRange)).toBe(source.name);
        if (source.kind !== 'taskOutput') continue;
        expect(at(source.producerRange)).toBe(source.producerTask);
        expect(at(source.outputKeyRange)).toBe(source.outputKey);
      }
    }
  }
  for (const executor of executors.values()) {
    if (executor.kind !== 'container') continue;
    for (const placeholder of executor.placeholders) {
      expect(at(placeholder.range).replaceAll("''", "'")).toBe(placeholder.text);
    }
  }
});

/** Nodes and edges counted by hand in the YAML. */
test.each([
  ['artifacts_simple.yaml', 7, 5],
  ['collected_parameters.yaml', 11, 8],
  ['if_else_with_oneof_parameters.yaml', 12, 9],
  ['kubernetes_create_mount_delete_dynamic_pvc.yaml', 4, 5],
  ['kubernetes_node_selector.yaml', 1, 0],
  ['kubernetes_toleration.yaml', 1, 0],
  ['metrics_visualization_v2.yaml', 5, 0],
  ['pipeline_in_pipeline.yaml', 5, 2],
  ['pipeline_with_condition.yaml', 8, 5],
  ['pipeline_with_exit_handler.yaml', 6, 3],
  ['pipeline_with_importer.yaml', 7, 5],
  ['pipeline_with_loops.yaml', 15, 9],
  ['pipeline_with_retry.yaml', 3, 2],
  ['pipeline_with_string_machine_fields_pipeline_input.yaml', 5, 4],
  ['two_step_pipeline.yaml', 3, 2],
])('%s is drawn with %i nodes and %i edges', (sample, nodes, edges) => {
  const graph = graphOf(sample);
  expect([graph.nodes.length, graph.edges.length]).toEqual([nodes, edges]);
  const parents = new Map(graph.nodes.map(({ id, parent }) => [id, parent]));
  expect(parents.size).toBe(graph.nodes.length);
  for (const { from, to } of graph.edges) {
    expect(parents.has(from) && parents.has(to)).toBe(true);
    expect(parents.get(from)).toBe(parents.get(to));
  }
});

describe('drawings', () => {
  test('branches: nesting, conditions in words, the output that is one of several', () => {
    const { nodes } = graphOf('if_else_with_oneof_parameters.yaml');
    expect(nodes.map(({ id, kind, label, detail }) => [id, kind, label, detail])).toEqual([
      ['condition-branches-1', 'branches', 'condition-branches-1', ''],
      ['condition-branches-1/in:pipelinechannel--flip-coin-Output', 'input', 'flip-coin.Output', 'STRING'],
      ['condition-branches-1/condition-2', 'condition', 'condition-2', "if flip-coin.Output == 'heads'"],
      ['condition-branches-1/condition-2/print-and-return', 'task', 'print-and-return', 'print_and_return()'],
      [
        'condition-branches-1/condition-2/out:pipelinechannel--print-and-return-Output',
        'output',
        'print-and-return.Output',
        'STRING',
      ],
      [
        'condition-branches-1/condition-3',
        'condition',
        'condition-3',
        "if not (flip-coin.Output == 'heads')",
      ],
      [
        'condition-branches-1/condition-3/print-and-return-2',
        'task',
        'print-and-return-2',
        'print_and_return()',
      ],
      [
        'condition-branches-1/condition-3/out:pipelinechannel--print-and-return-2-Output',
        'output',
        'print-and-return-2.Output',
        'STRING',
      ],
      [
        'condition-branches-1/out:pipelinechannel--condition-branches-1-oneof-1',
        'output',
        'print-and-return.Output or print-and-return-2.Output',
        'STRING',
      ],
      ['flip-coin', 'task', 'flip-coin', 'flip_coin()'],
      ['print-and-return-3', 'task', 'print-and-return-3', 'print_and_return()'],
      ['out:Output', 'output', 'Output', 'STRING'],
    ]);
  });

  test('loops say what they run over', () => {
    const details = new Map(graphOf('pipeline_with_loops.yaml').nodes.map(({ id, detail }) => [id, detail]));
    expect(details.get('for-loop-1')).toBe('for each of loop_parameter');
    expect(details.get('for-loop-2')).toBe('for each of args-generator-op.Output');
    expect(details.get('for-loop-4')).toBe('for each of 2 items');
  });

  test('artifacts, parameters and order are told apart', () => {
    expect(edgesOf(graphOf('pipeline_with_importer.yaml'))).toEqual([
      'condition-1/in:pipelinechannel--dataset2 -> condition-1/importer-2 (pipelinechannel--dataset2 > uri: STRING)',
      'condition-1/importer-2 -> condition-1/train-2 (artifact > dataset: system.Dataset)',
      'in:dataset2 -> condition-1 (dataset2 > pipelinechannel--dataset2: STRING)',
      'train -> condition-1 (scalar > pipelinechannel--train-scalar: STRING)',
      'importer -> train (artifact > dataset: system.Dataset)',
    ]);
    expect(edgesOf(graphOf('kubernetes_create_mount_delete_dynamic_pvc.yaml'))).toEqual([
      'createpvc -> consumer (order)',
      'producer -> consumer (order)',
      'createpvc -> deletepvc (name > pvc_name: STRING)',
      'consumer -> deletepvc (order)',
      'createpvc -> producer (order)',
    ]);
  });

  test('an exit task runs after failures too', () => {
    const graph = graphOf('pipeline_with_exit_handler.yaml');
    const kinds = new Map(graph.nodes.map(({ id, kind, detail }) => [id, [kind, detail]]));
    expect(kinds.get('exit-handler-1')).toEqual(['exitHandler', '']);
    expect(kinds.get('print-op')).toEqual(['task', 'print_op() · runs after failures too']);
    expect(edgesOf(graph)).toContain('exit-handler-1 -> print-op (order)');
  });

  test('a component inside itself is drawn once, a component used twice twice', () => {
    const text = (inner: string): string => `pipelineInfo: {name: x}
schemaVersion: 2.1.0
components:
  comp-a: {dag: {tasks: {b: {componentRef: {name: ${inner}}}}}}
  comp-b: {executorLabel: exec-b}
deploymentSpec: {executors: {exec-b: {container: {image: alpine}}}}
root: {dag: {tasks: {one: {componentRef: {name: comp-a}}, two: {componentRef: {name: comp-a}}}}}
`;
    const ids = (inner: string): readonly string[] => {
      const parsed = parsePipeline(text(inner));
      if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
      return buildGraph(parsed.document).nodes.map(({ id }) => id);
    };
    expect(ids('comp-b')).toEqual(['one', 'one/b', 'two', 'two/b']);
    expect(ids('comp-a')).toEqual(['one', 'one/b', 'two', 'two/b']);
  });

  test('components that double at each level do not flood the drawing', () => {
    const levels = Array.from({ length: 40 }, (_, i) => {
      const inner = i === 39 ? 'comp-leaf' : `comp-${i + 1}`;
      return `  comp-${i}: {dag: {tasks: {a: {componentRef: {name: ${inner}}}, b: {componentRef: {name: ${inner}}}}}}\n`;
    });
    const text = `pipelineInfo: {name: x}
schemaVersion: 2.1.0
components:
${levels.join('')}  comp-leaf: {executorLabel: exec-leaf}
deploymentSpec: {executors: {exec-leaf: {container: {image: alpine}}}}
root: {dag: {tasks: {top: {componentRef: {name: comp-0}}}}}
`;
    const analysis = analyse({ text, withoutLayout: true });
    if (analysis.kind !== 'pipeline') throw new Error(analysis.problem.message);
    expect(analysis.problems).toEqual([]);
    expect(buildGraph(analysis.document).nodes.length).toBeLessThan(30_000);
  });
});

test('the run form asks for the pipeline inputs', () => {
  const analysis = analyse({ text: sampleText('pipeline_with_loops.yaml'), withoutLayout: true });
  if (analysis.kind !== 'pipeline') throw new Error(analysis.problem.message);
  expect(
    analysis.inputs.map(({ name, type, defaultValue, isOptional }) => ({
      name,
      type,
      defaultValue,
      isOptional,
    })),
  ).toEqual([{ name: 'loop_parameter', type: 'LIST', defaultValue: ['a', 'b'], isOptional: true }]);
});

test('platform settings are read by executor', () => {
  expect(documentOf('kubernetes_toleration.yaml').kubernetes).toEqual(
    new Map([
      [
        'exec-comp',
        {
          tolerations: [
            { effect: 'NoExecute', key: 'key1', operator: 'Equal', tolerationSeconds: '10', value: 'value1' },
          ],
        },
      ],
    ]),
  );
});
