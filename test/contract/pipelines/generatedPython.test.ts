/** Python made of IR compiles, in the SDK, to a pipeline of the same meaning. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { parseWithDocuments } from '../../../src/core/ir/specDocuments.ts';
import { generatePython } from '../../../src/core/ir/python/generate.ts';
import { compareMeaning } from '../../../src/core/ir/python/sameMeaning.ts';

const run = promisify(execFile);

const folders = [
  'test/fixtures/kfp/samples',
  'test/fixtures/pipelines',
  'test/fixtures/older-sdks',
  'test/fixtures/generated-python',
  'dev-cluster/seed/pipelines',
];

interface Sample {
  readonly name: string;
  readonly text: string;
}

async function samplesIn(folder: string): Promise<readonly Sample[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  return Promise.all(
    files.map(async (file) => ({
      name: `${basename(folder)}-${basename(file, '.yaml')}`.replaceAll('.', '_'),
      text: await readFile(join(folder, file), 'utf8'),
    })),
  );
}

const samples = (await Promise.all(folders.map((folder) => samplesIn(resolve(folder))))).flat();

/** As the file means it, but for the version of the SDK and the order of keys. */
function valuesOf(text: string): unknown {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value === 'string') return value.replace(/kfp==[\d.]+/g, 'kfp');
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([key]) => key !== 'sdkVersion' && key !== 'schemaVersion');
    return Object.fromEntries(
      entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
    );
  };
  return parseAllDocuments(text).map((document) => sorted(document.toJS()));
}

describe('generated Python', () => {
  let folder: string;
  beforeAll(async () => {
    const { python } = await new PythonEnvironments().sdk(new AbortController().signal);
    folder = await mkdtemp(join(tmpdir(), 'slipway-generated-'));
    const functions: Record<string, string> = {};
    for (const { name, text } of samples) {
      const parsed = parseWithDocuments(text);
      if (parsed.kind !== 'pipeline') continue;
      const generated = generatePython(parsed.document, parsed.documents.platformSpec);
      if (generated.kind === 'refused') continue;
      functions[name] = generated.functionName;
      await writeFile(join(folder, `${name}.py`), generated.text);
    }
    const compiling = run(python, [
      '-W',
      'ignore',
      resolve('test/contract/pipelines/compile_folder.py'),
      folder,
    ]);
    compiling.child.stdin?.end(JSON.stringify(functions));
    await compiling;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const compiled = async (name: string): Promise<string> => {
    const error = await readFile(join(folder, `${name}.error`), 'utf8').catch(() => undefined);
    expect(error).toBeUndefined();
    return readFile(join(folder, `${name}.yaml`), 'utf8');
  };

  it('has samples', () => {
    expect(samples.length).toBeGreaterThan(55);
  });

  it.each(samples)('$name', async ({ name, text }) => {
    expect(compareMeaning(text, await compiled(name))).toEqual({ kind: 'same' });
  });

  it('is the same file, value by value, where the SDK wrote it with names of its own making', async () => {
    const same: string[] = [];
    for (const { name, text } of samples) {
      const back = await readFile(join(folder, `${name}.yaml`), 'utf8');
      if (JSON.stringify(valuesOf(text)) === JSON.stringify(valuesOf(back))) same.push(name);
    }
    // The others are of older SDKs, or number their groups in the order of a text that nobody has any more.
    expect(same.length).toBeGreaterThanOrEqual(40);
    for (const name of [
      'samples-pipeline_with_loops',
      'samples-pipeline_with_exit_handler',
      'samples-kubernetes_create_mount_delete_dynamic_pvc',
      'samples-pipeline_with_string_machine_fields_pipeline_input',
      'pipelines-nested',
      'pipelines-collected',
      'pipelines-containers',
    ])
      expect(same).toContain(name);
  });
});
