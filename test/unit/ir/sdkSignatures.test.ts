/** Signatures read without running Python say what the SDK wrote into compiled files when it ran them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Component, Executor, PipelineDocument } from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { readSignature } from '../../../src/core/ir/pythonSignature.ts';

const folders = ['test/fixtures/pipelines', 'test/fixtures/kfp/samples', 'resources/starters'];
const files = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name)),
);

interface Lightweight {
  readonly component: Component;
  readonly python: NonNullable<Extract<Executor, { kind: 'container' }>['python']>;
}

function lightweight(document: PipelineDocument): readonly Lightweight[] {
  return [...document.components.values()].flatMap((component) => {
    const { implementation } = component;
    const executor =
      implementation.kind === 'executor' ? document.executors.get(implementation.label) : undefined;
    return executor?.kind === 'container' && executor.python !== undefined
      ? [{ component, python: executor.python }]
      : [];
  });
}

interface Named {
  readonly name: string;
}
const byName = (a: Named, b: Named): number => (a.name < b.name ? -1 : 1);

/** As the compiled file declares it. */
function declared({ inputs, outputs }: Component): { inputs: Named[]; outputs: Named[] } {
  return {
    inputs: [
      ...inputs.parameters.map(({ name, type, isOptional, defaultValue }) => ({
        name,
        kind: 'parameter',
        type,
        ...(isOptional || defaultValue !== undefined ? { isOptional: true } : {}),
        ...(defaultValue === undefined || defaultValue === null ? {} : { defaultValue }),
      })),
      ...inputs.artifacts.map(({ name, type, isOptional }) => ({
        name,
        kind: 'artifact',
        type: type.schemaTitle,
        ...(isOptional ? { isOptional: true } : {}),
      })),
    ].sort(byName),
    outputs: [
      ...outputs.parameters.map(({ name, type }) => ({ name, kind: 'parameter', type })),
      ...outputs.artifacts.map(({ name, type }) => ({ name, kind: 'artifact', type: type.schemaTitle })),
    ].sort(byName),
  };
}

let compared = 0;
const refusals: string[] = [];

test.each(files)('%s', (file) => {
  const parsed = parsePipeline(readFileSync(file, 'utf8'));
  if (parsed.kind === 'notPipeline') throw new Error(parsed.problem.message);
  for (const { component, python } of lightweight(parsed.document)) {
    const read = readSignature(python.source, python.functionName);
    if (read.kind === 'refused') {
      refusals.push(read.reason);
      continue;
    }
    expect(
      { inputs: [...read.inputs].sort(byName), outputs: [...read.outputs].sort(byName) },
      component.name,
    ).toEqual(declared(component));
    compared++;
  }
});

test('nearly all were read; what was refused is a list of artifacts, which the editor cannot declare', () => {
  expect(compared).toBeGreaterThan(120);
  expect(refusals.filter((reason) => !reason.includes('list of artifacts'))).toEqual([]);
});
