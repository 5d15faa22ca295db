import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { InputParameter } from '../../../src/core/ir/model.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { specToDocuments } from '../../../src/core/ir/specDocuments.ts';
import type { Analyser } from '../../../src/pipelines/analyser.ts';
import {
  defaultRunName,
  newRun,
  oneClickParameters,
  runnableFromRun,
  runnableFromText,
  runnableFromVersion,
  withoutCaching,
  type Runnable,
} from '../../../src/pipelines/runnable.ts';
import { isPipelineFileName, looksLikePipeline, pipelineNameIn } from '../../../src/pipelines/sniff.ts';
import { page, run, server, version } from './builders.ts';

const signal = new AbortController().signal;
const samples = readdirSync('test/fixtures/kfp/samples').filter((name) => name.endsWith('.yaml'));
const sample = (name: string): string => readFileSync(`test/fixtures/kfp/samples/${name}`, 'utf8');

/** Parses in this thread; drawing is of no interest here. */
const analyser: Analyser = {
  analyse: ({ text }) => {
    const result = parsePipeline(text);
    if (result.kind === 'notPipeline') return Promise.resolve(result);
    const { document, problems } = result;
    return Promise.resolve({
      kind: 'pipeline',
      document,
      problems,
      drawing: undefined,
      meaning: undefined,
      inputs: document.root.inputs.parameters,
    });
  },
};

function input(name: string, some: Partial<InputParameter> = {}): InputParameter {
  return {
    name,
    nameRange: { start: 0, end: 0 },
    type: 'STRING',
    defaultValue: undefined,
    isOptional: false,
    description: undefined,
    literals: [],
    range: { start: 0, end: 0 },
    ...some,
  };
}

function runnable(inputs: readonly InputParameter[], some: Partial<Runnable> = {}): Runnable {
  return {
    key: 'k',
    uri: undefined,
    pipelineName: 'p',
    inputs,
    source: { kind: 'version', pipelineId: 'p', versionId: 'v' },
    parameters: undefined,
    experimentId: undefined,
    pipelineRoot: undefined,
    ...some,
  };
}

describe('one click', () => {
  test('runs with the pipeline\u2019s own defaults, whatever was tried in the form before', () => {
    const inputs = [input('rows', { defaultValue: 10 }), input('note', { isOptional: true })];
    expect(oneClickParameters(runnable(inputs), { rows: 99, note: 'x' })).toEqual({});
  });

  test('a default of null is a default', () => {
    expect(oneClickParameters(runnable([input('a', { defaultValue: null })]), {})).toEqual({});
  });

  test('fills what has no default with what was set last time, or asks', () => {
    const inputs = [input('path'), input('rows', { defaultValue: 1 })];
    expect(oneClickParameters(runnable(inputs), { path: '/data', rows: 5 })).toEqual({ path: '/data' });
    expect(oneClickParameters(runnable(inputs), {})).toBeUndefined();
    expect(oneClickParameters(runnable([input('constructor')]), {})).toBeUndefined();
  });
});

describe('from a file', () => {
  test.each(samples)('%s is ready to run', async (name) => {
    const found = await runnableFromText(sample(name), 'file:///x', analyser, signal);
    expect(found.source.kind).toBe('spec');
    expect(found.pipelineName).toBe(pipelineNameIn(sample(name)));
  });

  test('a broken pipeline and another file are refused with a reason', async () => {
    await expect(runnableFromText('a: 1', 'file:///x', analyser, signal)).rejects.toMatchObject({
      reason: 'notPipeline',
    });
    const broken = sample('two_step_pipeline.yaml').replaceAll('components:', 'components: [');
    await expect(runnableFromText(broken, 'file:///x', analyser, signal)).rejects.toMatchObject({
      name: 'SlipwayError',
    });
  });
});

describe('from a server', () => {
  const documents = specToDocuments(sample('two_step_pipeline.yaml'));
  if (documents.kind !== 'pipeline') throw new Error('the sample is a pipeline');
  const spec = documents;

  test('the newest version of a pipeline, by reference', async () => {
    const api = server({ listVersions: () => Promise.resolve(page([{ ...version('v2', 'p'), spec }])) });
    expect(await runnableFromVersion(api, 'p', undefined, analyser, signal)).toMatchObject({
      key: 'pipeline:p',
      pipelineName: 'simple-two-step-pipeline',
      source: { kind: 'version', pipelineId: 'p', versionId: 'v2' },
    });
  });

  test('a clone has the run\u2019s inputs, experiment and root', async () => {
    const earlier = run('r', {
      spec,
      parameters: { text: 'hi' },
      experimentId: 'e9',
      pipelineRoot: 's3://b',
    });
    const api = server({ getRun: () => Promise.resolve(earlier) });
    expect(await runnableFromRun(api, 'r', analyser, signal)).toMatchObject({
      parameters: { text: 'hi' },
      experimentId: 'e9',
      pipelineRoot: 's3://b',
      source: { kind: 'spec' },
    });
  });

  test('a run whose pipeline is not kept cannot be cloned', async () => {
    const api = server({ getRun: () => Promise.resolve(run('r')) });
    await expect(runnableFromRun(api, 'r', analyser, signal)).rejects.toMatchObject({ reason: 'noSpec' });
  });
});

describe('caching off', () => {
  test.each(samples)('%s: no task is cached any more, and nothing else changed', (name) => {
    const documents = specToDocuments(sample(name));
    if (documents.kind !== 'pipeline') throw new Error('not a pipeline');
    const changed = withoutCaching(documents);
    const text = JSON.stringify(changed.pipelineSpec);
    expect(text).not.toContain('"enableCache":true');
    // As the text itself says it: everything but the switches is the same.
    const neutral = (json: string): string =>
      json.replaceAll(/,?"cachingOptions":\{[^{}]*\}/g, '').replaceAll('{,', '{');
    expect(neutral(text)).toBe(neutral(JSON.stringify(documents.pipelineSpec)));
    const parsed = parsePipeline(text);
    expect(parsed.kind).toBe('pipeline');
    if (parsed.kind !== 'pipeline') return;
    const components = [parsed.document.root, ...parsed.document.components.values()];
    const tasks = components.flatMap((component) =>
      component.implementation.kind === 'dag' ? component.implementation.dag.tasks : [],
    );
    expect(tasks.length).toBeGreaterThan(0);
    expect(tasks.filter((task) => task.caching.enabled)).toEqual([]);
  });

  test('the choice decides; what was not chosen is not sent', () => {
    const choice = {
      runName: 'n',
      parameters: { a: 1 },
      experimentId: undefined,
      pipelineRoot: undefined,
      isCachingEnabled: true,
    };
    expect(newRun(runnable([]), choice)).toEqual({
      displayName: 'n',
      parameters: { a: 1 },
      source: { kind: 'version', pipelineId: 'p', versionId: 'v' },
    });
    expect(newRun(runnable([]), { ...choice, experimentId: 'e', pipelineRoot: '/r' })).toMatchObject({
      experimentId: 'e',
      pipelineRoot: '/r',
    });
  });
});

test('run names are the SDK\u2019s', () => {
  expect(defaultRunName('churn', new Date(2026, 0, 5, 9, 3, 7))).toBe('churn 2026-01-05 09-03-07');
});

describe('sniffing', () => {
  test.each(samples)('%s looks like a pipeline by its head', (name) => {
    expect(looksLikePipeline(sample(name))).toBe(true);
  });

  test.each([
    'apiVersion: v1\nkind: Pod\n',
    'services:\n  web:\n    image: x\n',
    'openapi: 3.0.0\ncomponents:\n  schemas: {}\n',
    'on: push\njobs: {}\n',
    '',
  ])('%j does not', (text) => {
    expect(looksLikePipeline(text)).toBe(false);
  });

  test('names: in quotes, after other keys, absent', () => {
    expect(pipelineNameIn('a: 1\npipelineInfo:\n  displayName: D\n  name: "my pipe"\n')).toBe('my pipe');
    expect(pipelineNameIn('pipelineInfo: {}\nname: x\n')).toBeUndefined();
    expect(isPipelineFileName('/w/a.pipeline.yml')).toBe(true);
    expect(isPipelineFileName('/w/pipeline.yaml')).toBe(false);
  });
});
