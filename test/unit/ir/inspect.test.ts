import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inspectGroup, inspectNodes } from '../../../src/core/ir/inspect.ts';
import type { PipelineDocument } from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';

function sample(name: string): PipelineDocument {
  const parsed = parsePipeline(readFileSync(`test/fixtures/kfp/samples/${name}.yaml`, 'utf8'));
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  return parsed.document;
}

describe('nodes', () => {
  test('a task: what feeds it, what it waits for, how it runs', () => {
    const [node] = inspectNodes(sample('pipeline_with_retry'), ['add']);
    expect(node).toMatchObject({
      nodeId: 'add',
      kind: 'task',
      name: 'add',
      component: 'comp-add',
      componentUses: 1,
      runAfter: [],
      settings: {
        caching: true,
        image: 'python:3.11',
        isPython: true,
        kubernetes: {},
        retry: { maxRetryCount: 3, backoffSeconds: 0, backoffFactor: 2, backoffMaxSeconds: 3600 },
      },
      condition: undefined,
      loop: undefined,
    });
    expect(node?.inputs).toEqual([
      expect.objectContaining({
        name: 'a',
        type: 'NUMBER_DOUBLE',
        source: { kind: 'wired', label: 'a', node: 'in:a' },
      }),
      expect.objectContaining({
        name: 'b',
        type: 'NUMBER_DOUBLE',
        source: { kind: 'wired', label: 'b', node: 'in:b' },
      }),
    ]);
  });

  test('an input fed by another task', () => {
    const [node] = inspectNodes(sample('two_step_pipeline'), ['read-from-gcs']);
    expect(node?.inputs).toEqual([
      expect.objectContaining({
        kind: 'artifact',
        source: { kind: 'wired', label: 'write-to-gcs.output_gcs_path', node: 'write-to-gcs' },
      }),
    ]);
  });

  test('a condition in words, without what the compiler passes through', () => {
    const document = sample('if_else_with_oneof_parameters');
    const [node] = inspectNodes(document, ['condition-branches-1/condition-2']);
    expect(node?.kind).toBe('condition');
    expect(node?.condition?.cel).toContain("inputs.parameter_values['pipelinechannel--flip-coin-Output']");
    expect(node?.condition?.text).toBe("flip-coin.Output == 'heads'");
    expect(node?.inputs).toEqual([]);
    expect(node?.settings).toBeUndefined();
  });

  test('a loop: its list', () => {
    const document = sample('pipeline_with_loops');
    const ids = document.root.implementation.kind === 'dag' ? document.root.implementation.dag.tasks : [];
    const loops = inspectNodes(
      document,
      ids.filter(({ iterator }) => iterator !== undefined).map(({ key }) => key),
    );
    expect(loops.map(({ loop }) => loop?.items)).toEqual(
      expect.arrayContaining([
        { kind: 'wired', label: 'loop_parameter', node: 'in:loop_parameter' },
        {
          kind: 'constant',
          value: [
            { A_a: '1', B_b: '2' },
            { A_a: '10', B_b: '20' },
          ],
        },
      ]),
    );
  });

  test('ids that are no tasks are left out', () => {
    expect(inspectNodes(sample('two_step_pipeline'), ['gone', 'in:text', 'read-from-gcs/deeper'])).toEqual(
      [],
    );
  });
});

describe('groups', () => {
  test('the pipeline', () => {
    const view = inspectGroup(sample('if_else_with_oneof_parameters'), '');
    expect(view?.name).toBe('flip-coin-pipeline');
    expect(view?.outputs).toEqual([
      expect.objectContaining({
        name: 'Output',
        type: 'STRING',
        from: 'print-and-return.Output or print-and-return-2.Output',
      }),
    ]);
    const typed = inspectGroup(sample('pipeline_with_retry'), '');
    expect(typed?.inputs).toEqual([
      expect.objectContaining({ name: 'a', defaultValue: 1, isOptional: true, source: { kind: 'none' } }),
      expect.objectContaining({ name: 'b', defaultValue: 7 }),
    ]);
  });

  test('a sub-pipeline: what it is given, what it gives', () => {
    const document = sample('pipeline_in_pipeline');
    const view = inspectGroup(document, 'inner-pipeline');
    expect(view?.inputs).toEqual([
      expect.objectContaining({ name: 'msg', source: { kind: 'constant', value: 'world' } }),
    ]);
    expect(view?.outputs).toEqual([]);
    expect(inspectGroup(document, 'print-op1')).toBeUndefined();
  });
});
