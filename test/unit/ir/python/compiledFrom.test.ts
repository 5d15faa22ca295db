import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { definitionsIn } from '../../../../src/core/ir/edit/definitions.ts';
import {
  compiledFrom,
  compileTargets,
  withCompiledFrom,
} from '../../../../src/core/ir/python/compiledFrom.ts';

test('the mark of a compiled text is found again, and changes nothing else', () => {
  const text = readFileSync('resources/starters/load-table.yaml', 'utf8');
  const marked = withCompiledFrom(text, 'träin it.py');
  expect(compiledFrom(text)).toBeUndefined();
  expect(compiledFrom(marked)).toBe('träin it.py');
  const own = new Set(text.split('\n'));
  expect(marked.split('\n').filter((line) => !own.has(line))).toHaveLength(1);
  // The SDK reads the description in the third line.
  expect(marked.split('\n').slice(0, 3)).toEqual(text.split('\n').slice(0, 3));
  expect(definitionsIn(marked)).toEqual(definitionsIn(text));
});

test('a text without a comment is marked at its start', () => {
  expect(withCompiledFrom('components: {}\n', 'a.py')).toMatch(/^# Compiled from a\.py by Slipway/);
});

test('what a Python file compiles, and to where', () => {
  const text = `compiler.Compiler().compile(
    flow, "flow.pipeline.yaml"
)
Compiler().compile(other, 'other.yaml')
Compiler().compile(pipeline_func=third, package_path=path)
`;
  expect(compileTargets(text)).toEqual([
    { function: 'flow', path: 'flow.pipeline.yaml' },
    { function: 'other', path: 'other.yaml' },
  ]);
});
