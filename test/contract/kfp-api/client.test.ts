/** The upstream client, kfp 2.17, drives every call as a real peer. */
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { GREET, startService, type Json, type TestService } from './service.ts';

const run = promisify(execFile);
const PACK = `
import sys, tarfile, zipfile
source, zipped, tarred = sys.argv[1:4]
zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED).write(source, "pipeline.yaml")
tarfile.open(tarred, "w:gz").add(source, "pipeline.yaml")
`;

let service: TestService;
let packages: Server;
let results: Record<string, unknown>;

beforeAll(async () => {
  service = await startService();
  const { python } = await new PythonEnvironments().sdk(new AbortController().signal);
  const pack = join(service.folder, 'pack.py');
  const [zipped, tarred] = [join(service.folder, 'greet.zip'), join(service.folder, 'greet.tar.gz')];
  await writeFile(pack, PACK);
  await run(python, [pack, GREET, zipped, tarred]);
  packages = createServer((_request, response) => void readFile(GREET).then((text) => response.end(text)));
  await new Promise<void>((resolve) => packages.listen(0, '127.0.0.1', resolve));
  const packageUrl = `http://127.0.0.1:${(packages.address() as AddressInfo).port}/greet.yaml`;
  const peer = join(import.meta.dirname, 'client_peer.py');
  const { stdout } = await run(
    python,
    [peer, service.url, service.tokenFile, GREET, zipped, tarred, packageUrl],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  results = JSON.parse(stdout) as Record<string, unknown>;
});

afterAll(async () => {
  packages.close();
  await service.stop();
});

const object = (name: string): Json => results[name] as Json;
const refusal = (name: string): unknown => {
  const { status, body } = results[name] as { status: number; body: Json };
  return [status, body['message'] ?? body['error_message']];
};

describe('kfp.Client', () => {
  it('probes the server', () => {
    expect(results['healthz']).toMatchObject({ multi_user: false, pipeline_store: 'database' });
  });

  it('makes, finds, archives and deletes experiments', () => {
    expect(object('create_experiment')).toMatchObject({
      display_name: 'peer',
      description: 'by the client',
      storage_state: 'AVAILABLE',
      last_run_created_at: '1970-01-01T00:00:00+00:00',
    });
    const id = object('create_experiment')['experiment_id'];
    expect(results['create_experiment_again']).toBe(id);
    expect(results['get_experiment_by_name']).toBe(id);
    expect(results['get_experiment']).toEqual(results['create_experiment']);
    expect(refusal('create_duplicate_experiment')).toEqual([
      409,
      expect.stringContaining('peer already exists'),
    ]);
    expect(results['all_experiments']).toEqual(['filler-3', 'filler-2', 'filler-1', 'filler-0', 'peer']);
    expect(results['experiments_by_substring']).toEqual(['filler-0', 'filler-1', 'filler-2', 'filler-3']);
    expect(results['archived_experiment']).toBe('ARCHIVED');
    expect(refusal('deleted_experiment')).toEqual([404, `Experiment ${String(id)} not found`]);
    expect(refusal('delete_default_experiment')).toEqual([
      409,
      expect.stringContaining('default experiment'),
    ]);
  });

  it('uploads pipelines and versions as YAML, zip and tarball, and reads the same document back', () => {
    expect(object('upload_pipeline')).toMatchObject({
      name: 'peer',
      display_name: 'peer',
      description: 'uploaded',
    });
    expect(refusal('upload_duplicate')).toEqual([409, expect.stringContaining('peer already exists')]);
    expect(results['get_pipeline']).toEqual(results['upload_pipeline']);
    expect(results['get_pipeline_id']).toBe(true);
    expect(results['get_pipeline_id_unknown']).toBe('None');
    expect(results['get_pipeline_by_name']).toBe(true);
    expect(results['all_versions']).toEqual(['tar', 'zip', 'peer']);
    const spec = object('get_pipeline_version')['pipeline_spec'] as Json;
    expect(spec).toMatchObject({ pipelineInfo: { name: 'greet' }, schemaVersion: '2.1.0' });
    expect(object('upload_zip')['pipeline_spec']).toEqual(spec);
    expect(object('upload_tar')['pipeline_spec']).toEqual(spec);
    expect(object('create_version_from_url')['pipeline_spec']).toEqual(spec);
    expect(object('create_version_from_url')['package_url']).toMatchObject({
      pipeline_url: expect.stringContaining('/greet.yaml') as string,
    });
    expect(object('create_pipeline_and_version')).toMatchObject({ name: 'both' });
  });

  it('keeps tags, and finds pipelines by them', () => {
    expect(object('create_pipeline')).toMatchObject({ name: 'bare', tags: { team: 'ml' } });
    expect(results['pipelines_by_tag']).toEqual(['bare']);
    expect(object('update_pipeline')).toMatchObject({
      name: 'bare',
      display_name: 'Bare',
      tags: { team: 'data' },
    });
  });

  it('runs a version, a spec and a package to their ends', () => {
    const byVersion = object('run_by_version');
    expect(byVersion).toMatchObject({
      display_name: 'by version',
      state: 'PENDING',
      finished_at: '1970-01-01T00:00:00+00:00',
      runtime_config: { parameters: { message: 'hello' } },
    });
    expect(byVersion['pipeline_version_reference']).toBeDefined();
    expect(byVersion['pipeline_spec']).toBeUndefined();
    expect(object('run_by_spec')['pipeline_spec']).toMatchObject({ pipelineInfo: { name: 'greet' } });
    expect(results['run_of_package']).toBe('SUCCEEDED');
    expect(results['run_of_latest_version']).toBe(true);
    const finished = object('wait_for_run_completion');
    expect(finished['state']).toBe('SUCCEEDED');
    expect((finished['state_history'] as Json[]).map(({ state }) => state)).toEqual([
      'PENDING',
      'RUNNING',
      'SUCCEEDED',
    ]);
    const details = (finished['run_details'] as { task_details: Json[] }).task_details;
    expect(details.map(({ display_name: name, state }) => [name, state])).toContainEqual([
      'greet',
      'SUCCEEDED',
    ]);
  });

  it('is told which parameter is wrong', () => {
    expect(refusal('missing_parameter')).toEqual([
      400,
      expect.stringContaining('parameter message is not optional'),
    ]);
    expect(refusal('unknown_parameter')).toEqual([
      400,
      expect.stringMatching(/not required by pipeline: nope$/),
    ]);
    expect(refusal('mistyped_parameter')).toEqual([
      400,
      expect.stringContaining('input parameter message requires type string'),
    ]);
  });

  it('lists runs by pages, experiment and filter', () => {
    expect(results['all_runs']).toEqual(['latest', 'package', 'by spec', 'by version']);
    expect(results['runs_of_experiment']).toBe(2);
    expect(results['runs_by_state']).toEqual(['by version']);
    expect(refusal('bad_sort')).toEqual([400, expect.stringContaining('"colour"')]);
    expect(refusal('bad_filter')).toEqual([400, expect.stringContaining('"colour"')]);
  });

  it('archives, terminates, retries and deletes runs', () => {
    expect(results['archived_run']).toBe('ARCHIVED');
    expect(refusal('terminate_finished_run')).toEqual([400, expect.stringContaining('SUCCEEDED')]);
    expect(results['terminated']).toBe('CANCELED');
    expect(results['retry_run']).toEqual({});
    expect(refusal('retry_succeeded_run')).toEqual([400, expect.stringContaining('SUCCEEDED')]);
    expect(refusal('deleted_run')).toEqual([404, expect.stringMatching(/^Run .* not found$/)]);
  });

  it('deletes a pipeline that has versions only when asked to cascade', () => {
    expect(refusal('delete_pipeline_with_versions')).toEqual([400, expect.stringContaining('cascade=true')]);
    expect(results['delete_version']).toEqual({});
    expect(results['delete_pipeline_cascade']).toEqual({});
    expect(refusal('deleted_pipeline')).toEqual([404, expect.stringMatching(/^Pipeline .* not found$/)]);
  });

  it('hears that recurring runs are not here, and that a wrong token is wrong', () => {
    expect(refusal('recurring')).toEqual([501, expect.stringContaining('recurring runs')]);
    expect(refusal('wrong_token')).toEqual([401, expect.stringContaining('bearer token')]);
  });
});
