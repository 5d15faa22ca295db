/** Every value of a pipeline is part of its meaning, but for those that are named here. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parsePipeline } from '../../../../src/core/ir/parse.ts';
import { differences, meaningOf } from '../../../../src/core/ir/python/meaning.ts';
import { UnsayableError } from '../../../../src/core/ir/python/program.ts';

type Node = Record<string, unknown>;

/** What follows from the rest of the file, or does nothing. */
const derived: readonly RegExp[] = [
  /^0\.(schemaVersion|sdkVersion)$/,
  // The types of what only carries values through groups, and of sub-pipelines' own outputs.
  /\.(inputDefinitions|outputDefinitions)\.\w+\.pipelinechannel--[^.]+\./,
  // An input with a default is optional.
  /\.isOptional$/,
  // The version of kfp that a component was compiled with.
  /container\.command\.2$/,
  // What the image, the resources and the texts of a task name is read there.
  /\.inputs\.parameters\.(base_image|accelerator_type|accelerator_count|cpu_limit|memory_limit)\.runtimeValue\.constant$/,
  // Old names beside new ones.
  /\.(configMapName|secretName|componentInputParameter)$/,
  /container\.resources\.(accelerator\.)?(count|type|cpuLimit|cpuRequest|memoryLimit|memoryRequest)$/,
  // An importer's interface is what it imports.
  /^0\.components\.comp-importer(-2)?\.(input|output)Definitions\./,
];

function meaning(documents: readonly unknown[]): ReturnType<typeof meaningOf> | undefined {
  const parsed = parsePipeline(documents.map((one) => JSON.stringify(one)).join('\n---\n'));
  if (parsed.kind !== 'pipeline') return undefined;
  try {
    return meaningOf(parsed.document);
  } catch (error) {
    if (error instanceof UnsayableError) return undefined;
    throw error;
  }
}

function documentsOf(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS() as unknown);
}

function changed(key: string, value: unknown): unknown {
  if (key === 'parameterType') return value === 'STRING' ? 'NUMBER_INTEGER' : 'STRING';
  if (key === 'componentRef' || key === 'executorLabel') return `${String(value)}-absent`;
  if (typeof value === 'string') return /^\d+s$/.test(value) ? '77s' : `${value}x`;
  if (typeof value === 'number') return value + 1;
  return typeof value === 'boolean' ? !value : 'x';
}

function* leaves(
  node: unknown,
  path: readonly string[],
): Generator<{ parent: Node; key: string; path: string }> {
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    const inner = [...path, key];
    if (typeof value === 'object' && value !== null) yield* leaves(value, inner);
    else yield { parent: node as Node, key, path: inner.join('.') };
  }
}

/** One leaf of each kind: the same field of another task or parameter is read by the same code. */
function kindOf(path: string): string {
  return path
    .replace(/\b(components|executors|tasks|parameters|artifacts)\.(pipelinechannel--)?[^.]+/g, '$1.$2*')
    .replace(/(?<=\.)\d+(?=\.)/g, '#');
}

describe('meaning', () => {
  it.each(['generated-python/settings', 'pipelines/one_of_artifact'])(
    'sees every change of %s',
    (name) => {
      const text = readFileSync(`test/fixtures/${name}.yaml`, 'utf8');
      const documents = documentsOf(text);
      const before = meaning(documents);
      if (before === undefined) throw new Error('A fixture is a pipeline.');
      const unseen: string[] = [];
      const kinds = new Map([...leaves(documents, [])].map((leaf) => [kindOf(leaf.path), leaf]));
      expect(kinds.size).toBeGreaterThan(30);
      for (const { parent, key, path } of kinds.values()) {
        const value = parent[key];
        parent[key] = changed(key, value);
        const after = meaning(documents);
        if (after !== undefined && differences(before, after, 1).length === 0) unseen.push(path);
        parent[key] = value;
      }
      expect(unseen.filter((path) => !derived.some((pattern) => pattern.test(path)))).toEqual([]);
    },
    30_000,
  );

  it('does not see names that the compiler made, nor the order of anything', () => {
    const text = readFileSync('test/fixtures/pipelines/loop_of_branches.yaml', 'utf8');
    const renamed = text
      .replaceAll('for-loop-1', 'for-loop-7')
      .replaceAll('condition-branches-2', 'condition-branches-9')
      .replaceAll('comp-four-times', 'comp-another')
      .replaceAll('exec-four-times', 'exec-else')
      .replaceAll('pipelinechannel--four-times-Output', 'pipelinechannel--carried');
    const reversed = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value as Node)
              .reverse()
              .map(([key, one]) => [key, reversed(one)]),
          )
        : value;
    const before = meaning(documentsOf(text));
    const after = meaning(documentsOf(renamed).map(reversed));
    expect(renamed).not.toBe(text);
    expect(after).toBeDefined();
    expect(after).toEqual(before);
  });

  it('tells twins apart by who uses them', () => {
    const consumer = (first: string, second: string): unknown => ({
      componentRef: { name: 'comp-use' },
      taskInfo: { name: 'use' },
      inputs: {
        parameters: Object.fromEntries(
          Object.entries({ first, second }).map(([name, producerTask]) => [
            name,
            { taskOutputParameter: { producerTask, outputParameterKey: 'Output' } },
          ]),
        ),
      },
    });
    const twin = { componentRef: { name: 'comp-make' }, taskInfo: { name: 'make' } };
    const text = { parameterType: 'STRING' };
    const executor = { container: { image: 'alpine' } };
    const pipelineOf = (...uses: readonly unknown[]): ReturnType<typeof meaningOf> | undefined =>
      meaning([
        {
          pipelineInfo: { name: 'twins' },
          components: {
            'comp-make': { executorLabel: 'exec-make', outputDefinitions: { parameters: { Output: text } } },
            'comp-use': {
              executorLabel: 'exec-use',
              inputDefinitions: { parameters: { first: text, second: text } },
            },
          },
          deploymentSpec: { executors: { 'exec-make': executor, 'exec-use': executor } },
          root: {
            dag: {
              tasks: { a: twin, b: twin, ...Object.fromEntries(uses.map((use, at) => [`use${at}`, use])) },
            },
          },
        },
      ]);
    const apart = pipelineOf(consumer('a', 'b'));
    expect(apart).toBeDefined();
    expect(pipelineOf(consumer('b', 'a'))).toEqual(apart);
    expect(pipelineOf(consumer('a', 'a'))).not.toEqual(apart);
    expect(pipelineOf(consumer('a', 'b'), consumer('a', 'b'))).not.toEqual(
      pipelineOf(consumer('a', 'b'), consumer('b', 'a')),
    );
  });
});
