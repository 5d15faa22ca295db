/** What the SDKs wrote in other words, in other years, reads the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/core/ir/analyse.ts';
import type { PipelineDocument } from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { specToDocuments } from '../../../src/core/ir/specDocuments.ts';
import { pipelineText, sampleText } from '../../builders/pipelineText.ts';

function read(text: string): PipelineDocument {
  const parsed = parsePipeline(text);
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  expect(parsed.problems).toEqual([]);
  return parsed.document;
}

/** Without places in the text and without Maps, so that documents of different texts can be compared. */
function meaning(value: unknown): unknown {
  if (value instanceof Map) return [...value].map((entry: unknown) => meaning(entry));
  if (Array.isArray(value)) return value.map((item: unknown) => meaning(item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => !/range$/i.test(key));
  return Object.fromEntries(fields.map(([key, item]) => [key, meaning(item)]));
}

const today = `pipelineInfo: {name: x}
schemaVersion: 2.1.0
components:
  comp-a:
    executorLabel: exec-a
    inputDefinitions:
      parameters:
        n: {parameterType: NUMBER_INTEGER, defaultValue: 3, isOptional: true}
        f: {parameterType: NUMBER_DOUBLE}
        s: {parameterType: STRING}
        t: {parameterType: STRING}
    outputDefinitions:
      artifacts:
        data: {artifactType: {schemaTitle: system.Dataset}, metadata: {k: v}}
  comp-i:
    executorLabel: exec-i
    inputDefinitions:
      parameters:
        uri: {parameterType: STRING}
deploymentSpec:
  executors:
    exec-a:
      container:
        image: alpine
        resources:
          resourceCpuLimit: 500m
          resourceCpuRequest: '2'
          resourceMemoryLimit: 256Mi
          resourceMemoryRequest: 15G
          accelerator: {resourceType: nvidia.com/gpu, resourceCount: '2'}
    exec-i:
      importer: {artifactUri: {constant: gs://a}, typeSchema: {schemaTitle: system.Dataset}, metadata: {k: 1}}
root:
  inputDefinitions:
    parameters:
      s: {parameterType: STRING}
  dag:
    tasks:
      a:
        componentRef: {name: comp-a}
        inputs:
          parameters:
            n: {runtimeValue: {constant: 7}}
            f: {runtimeValue: {constant: 0.5}}
            s: {runtimeValue: {constant: hi}}
            t: {componentInputParameter: s}
      i:
        componentRef: {name: comp-i}
        inputs:
          parameters:
            uri: {runtimeValue: {constant: gs://a}}
`;

const older = today
  .replace(
    '{parameterType: NUMBER_INTEGER, defaultValue: 3, isOptional: true}',
    '{type: INT, defaultValue: 3}',
  )
  .replace('f: {parameterType: NUMBER_DOUBLE}', 'f: {type: DOUBLE}')
  .replace('s: {parameterType: STRING}\n        t:', 's: {type: STRING}\n        t:')
  .replace('metadata: {k: v}', 'properties: {k: {constantValue: {stringValue: v}}}')
  .replace('resourceCpuLimit: 500m', 'cpuLimit: 0.5')
  .replace("resourceCpuRequest: '2'", 'cpuRequest: 2.0')
  .replace('resourceMemoryLimit: 256Mi', 'memoryLimit: 0.268435456')
  .replace('resourceMemoryRequest: 15G', 'memoryRequest: 15.0')
  .replace("{resourceType: nvidia.com/gpu, resourceCount: '2'}", "{type: nvidia.com/gpu, count: '2'}")
  .replace('artifactUri: {constant: gs://a}', 'artifactUri: {constantValue: {stringValue: gs://a}}')
  .replace('metadata: {k: 1}', 'properties: {k: {constantValue: {intValue: 1}}}')
  .replace('{runtimeValue: {constant: 7}}', "{runtimeValue: {constantValue: {intValue: '7'}}}")
  .replace('{runtimeValue: {constant: 0.5}}', '{runtimeValue: {constantValue: {doubleValue: 0.5}}}')
  .replace('{runtimeValue: {constant: hi}}', '{runtimeValue: {constantValue: {stringValue: hi}}}')
  .replace('t: {componentInputParameter: s}', 't: {runtimeValue: {runtimeParameter: s}}');

test('old twins of today’s fields never reach the model', () => {
  expect(older).not.toBe(today);
  expect(meaning(read(older))).toEqual(meaning(read(today)));
});

test('current fields win over the twins beside them', () => {
  const both = today.replace('resourceCpuLimit: 500m', 'resourceCpuLimit: 500m\n          cpuLimit: 4.0');
  expect(meaning(read(both))).toEqual(meaning(read(today)));
});

test('what is left out has the format’s defaults', () => {
  const text = today.replace(
    'a:\n        componentRef',
    'a:\n        retryPolicy: {maxRetryCount: 2}\n        componentRef',
  );
  const { root } = read(text);
  const task = root.implementation.kind === 'dag' ? root.implementation.dag.tasks[0] : undefined;
  expect(task?.retry).toEqual({
    maxRetryCount: 2,
    backoffSeconds: 0,
    backoffFactor: 2,
    backoffMaxSeconds: 3600,
  });
  expect(task?.caching).toEqual({ enabled: false, key: undefined });
  expect(task?.name).toBe('a');
});

test('the oldest documents carry a schema for a type', () => {
  const old = today.replace(
    'artifactType: {schemaTitle: system.Dataset}, metadata',
    'artifactType: {instanceSchema: "properties:\\ntitle: kfp.Model\\ntype: object\\n"}, metadata',
  );
  const type = read(old).components.get('comp-a')?.outputs.artifacts[0]?.type;
  expect(type?.schemaTitle).toBe('system.Model');
});

describe('pipelines as older SDKs compiled them', () => {
  const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'older-sdks');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

  test('are there, of three SDKs', () => {
    const versions = new Set(files.map((name) => name.slice(0, name.lastIndexOf('-'))));
    expect([...versions].sort()).toEqual(['2.0.0-beta.13', '2.0.1', '2.7.0']);
  });

  test.each(files)('%s has no problems', (name) => {
    const analysis = analyse({ text: text(name), withoutLayout: true });
    expect(analysis.kind === 'pipeline' ? analysis.problems : analysis.problem).toEqual([]);
  });

  test.each(['2.0.0-beta.13', '2.0.1', '2.7.0'])('%s says what to install, and with which kfp', (version) => {
    const executor = read(text(`${version}-conditions.yaml`)).executors.get('exec-add-one');
    if (executor?.kind !== 'container') throw new Error('no container');
    expect(executor.python).toMatchObject({
      functionName: 'add_one',
      packages: ['pandas==2.0', "x; python_version<'3'"],
      pipIndexUrls: ['https://a.example/simple', 'https://b.example/simple'],
      pipTrustedHosts: ['https://a.example/simple', 'https://b.example/simple'],
      kfpVersion: version,
    });
  });

  test.each(['2.0.0-beta.13', '2.0.1', '2.7.0'])('%s: resources as quantities', (version) => {
    const executor = read(text(`${version}-resources.yaml`)).executors.get('exec-text');
    if (executor?.kind !== 'container') throw new Error('no container');
    expect(executor.resources).toEqual({
      cpuLimit: '500m',
      cpuRequest: undefined,
      memoryLimit: '512Mi',
      memoryRequest: undefined,
      accelerator: { type: 'nvidia.com/gpu', count: '1' },
    });
  });
});

describe('forms of a document', () => {
  const yaml = sampleText('kubernetes_toleration.yaml');
  const documents = specToDocuments(yaml);
  if (documents.kind !== 'pipeline') throw new Error(documents.problem.message);
  const { pipelineSpec, platformSpec } = documents;

  test.each([
    ['the platform document first', yaml.split('---\n').reverse().join('\n---\n')],
    ['the REST form', JSON.stringify({ pipeline_spec: pipelineSpec, platform_spec: platformSpec })],
    [
      'the REST form, indented by tabs',
      JSON.stringify({ pipeline_spec: pipelineSpec, platform_spec: platformSpec }, undefined, '\t'),
    ],
    ['both halves in one mapping', JSON.stringify({ ...pipelineSpec, ...platformSpec })],
    ['Windows line ends', yaml.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${yaml}`],
    [
      'YAML merge keys and aliases',
      yaml
        .replace('root:\n', 'x-info: &info\n  cachingOptions:\n    enableCache: true\nroot:\n')
        .replace('        cachingOptions:\n          enableCache: true\n', '        <<: *info\n'),
    ],
  ])('%s', (_name, text) => {
    const expected = meaning(read(yaml));
    expect(text).not.toBe(yaml);
    expect(meaning(read(text))).toEqual(expected);
  });

  test('JSON of the spec alone', () => {
    const spec = specToDocuments(pipelineText());
    if (spec.kind !== 'pipeline') throw new Error(spec.problem.message);
    const json = JSON.stringify(spec.pipelineSpec, undefined, 2);
    expect(meaning(read(json))).toEqual(meaning(read(pipelineText())));
    expect(specToDocuments(json)).toEqual(spec);
  });
});

describe('what is not a pipeline gets one sentence', () => {
  test.each([
    ['', 'The file is empty.'],
    ['# only a comment\n', 'no pipelineInfo'],
    ['apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {}\n', 'Kubernetes object'],
    ['name: a\ninputs: []\nimplementation: {container: {image: x}}\n', 'KFP v1 component'],
    ['platforms: {kubernetes: {}}\n', 'only the platform half'],
    ['- a\n- b\n', 'no pipelineInfo'],
    ['hello', 'no pipelineInfo'],
    ['a: [1\n', 'not valid YAML'],
  ])('%j', (text, sentence) => {
    const parsed = parsePipeline(text);
    if (parsed.kind === 'pipeline') throw new Error('was taken for a pipeline');
    expect(parsed.problem.message).toContain(sentence);
    expect(parsed.problem.code).toBe(sentence === 'not valid YAML' ? 'yaml-syntax' : 'not-pipeline');
    expect(parsed.problem.range.end).toBeLessThanOrEqual(text.length);
  });
});
