import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { distinctComponents } from '../../../src/core/ir/distinctComponents.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';

function namesIn(text: string, ignoresSettings = false): readonly string[] {
  const parsed = parsePipeline(text);
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  return distinctComponents(parsed.document, { ignoresSettings }).map(({ name }) => name);
}
const sample = (name: string): string => readFileSync(`test/fixtures/kfp/samples/${name}.yaml`, 'utf8');

describe('components without repetitions', () => {
  test('one of each function, however often it is called, and none of the compiler’s groups', () => {
    expect(namesIn(sample('pipeline_with_condition'))).toEqual(['comp-flip-coin-op', 'comp-print-op']);
  });

  test('sub-pipelines are compared by what is in them', () => {
    const text = sample('pipeline_in_pipeline');
    expect(namesIn(text)).toEqual(['comp-inner-pipeline', 'comp-print-op1', 'comp-print-op2']);
    const [, inner = ''] = /^ {2}comp-inner-pipeline:\n((?: {4}.*\n)+)/m.exec(text) ?? [];
    const twice = text.replace('components:\n', `components:\n  comp-again:\n${inner}`);
    expect(namesIn(twice)).toEqual(['comp-again', 'comp-print-op1', 'comp-print-op2']);
    const other = twice.replace('name: comp-print-op1-2', 'name: comp-print-op2');
    expect(namesIn(other)).toEqual(['comp-again', 'comp-inner-pipeline', 'comp-print-op1', 'comp-print-op2']);
  });

  test('settings tell components apart, unless they are ignored; code always does', () => {
    const text = sample('pipeline_with_condition');
    const label = '    exec-print-op-2:\n      container:\n';
    expect(text).toContain(label);
    const limited = text.replace(label, `${label}        resources:\n          cpuLimit: 2\n`);
    expect(namesIn(limited)).toEqual(['comp-flip-coin-op', 'comp-print-op', 'comp-print-op-2']);
    expect(namesIn(limited, true)).toEqual(['comp-flip-coin-op', 'comp-print-op']);
    const own = text
      .replace(label, `${label}        workingDir: x\n`)
      .replace(/(exec-print-op-2:[^]*?)python:3/, '$1python:4');
    expect(namesIn(own, true)).toEqual(['comp-flip-coin-op', 'comp-print-op', 'comp-print-op-2']);
  });

  test('defaults tell components apart, whatever keys they have', () => {
    const own = /( {2}comp-print-op(?:-\d)?:\n[^]*? {8}msg:\n)( +)parameterType: STRING\n/g;
    const withDefaults = (...values: readonly number[]): string => {
      const left = values.values();
      return sample('pipeline_with_condition').replace(own, (_, head: string, indent: string) => {
        const value = left.next().value ?? 0;
        const json = `{label: ${value}, range: ${value}, env: ${value}}`;
        return `${head}${indent}defaultValue: ${json}\n${indent}parameterType: STRUCT\n`;
      });
    };
    expect(namesIn(withDefaults(1, 1, 1))).toEqual(['comp-flip-coin-op', 'comp-print-op']);
    const two = ['comp-flip-coin-op', 'comp-print-op', 'comp-print-op-2'];
    expect(namesIn(withDefaults(1, 2, 1))).toEqual(two);
    expect(namesIn(withDefaults(1, 2, 1), true)).toEqual(two);
  });

  test('one that contains itself is told all the same', () => {
    const text = sample('pipeline_in_pipeline').replace(
      'name: comp-print-op1-2',
      'name: comp-inner-pipeline',
    );
    expect(namesIn(text)).toContain('comp-inner-pipeline');
  });
});
