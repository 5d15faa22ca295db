/**
 * The service against KFP's own API descriptions: schemathesis calls every operation with generated requests and
 * checks each answer. The schemas are closed first, so that a field which upstream doesn't have is a failure, too.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { GREET, greetSpec, startService, TOKEN, upload, type Json, type TestService } from './service.ts';

const root = join(import.meta.dirname, '..', '..');
const CHECKS = [
  'not_a_server_error',
  'response_schema_conformance',
  'content_type_conformance',
  'response_headers_conformance',
];
// Other methods on a known path answer 501, as the gRPC gateway does.
const CONFIG = '[phases.coverage]\nunexpected-methods = []\n';

let service: TestService;
let schemathesis: string;
const ids: Record<string, string> = {};

beforeAll(async () => {
  const lock = join(root, 'python', 'schemathesis.lock.txt');
  const { python } = await new PythonEnvironments().fromLock(lock, new AbortController().signal);
  schemathesis = join(dirname(python), 'schemathesis');
  service = await startService();
  const pipeline = await upload(
    service.url,
    '/pipelines/upload?name=greet',
    'greet.yaml',
    await readFile(GREET, 'utf8'),
  );
  ids['pipeline_id'] = String(pipeline.body['pipeline_id']);
  const versions = await service.call('GET', `/pipelines/${ids['pipeline_id']}/versions`);
  ids['pipeline_version_id'] = String(
    (versions.body['pipeline_versions'] as Json[])[0]?.['pipeline_version_id'],
  );
  ids['name'] = 'greet';
  const experiment = await service.call('POST', '/experiments', { display_name: 'conformance' });
  ids['experiment_id'] = String(experiment.body['experiment_id']);
  const run = await service.call('POST', '/runs', {
    display_name: 'conformance',
    experiment_id: ids['experiment_id'],
    pipeline_spec: await greetSpec(),
    runtime_config: { parameters: { message: 'hi' } },
  });
  ids['run_id'] = String(run.body['run_id']);
  await service.ended(ids['run_id']);
  const tasks = await service.call('GET', `/runs/${ids['run_id']}/tasks`);
  ids['task_id'] = String((tasks.body['tasks'] as Json[])[0]?.['task_id']);
});

afterAll(() => service.stop());

interface Operation {
  parameters?: { name: string; in: string }[];
  responses: { default?: { schema?: unknown } };
}
type Operations = Record<string, Operation>;
interface Swagger {
  paths: Record<string, Operations>;
  definitions: Record<string, Json>;
}

/** Schemathesis can't fill `{pipeline.pipeline_id}`; the address is the same without the message's name. */
function prepare(swagger: Swagger, isHere: (path: string, method: string) => boolean): Swagger {
  const paths: Swagger['paths'] = {};
  for (const [path, operations] of Object.entries(swagger.paths)) {
    const simple = path.replaceAll(/\{\w+\.(\w+)\}/g, '{$1}');
    for (const [method, operation] of Object.entries(operations)) {
      if (!isHere(path, method)) continue;
      for (const parameter of operation.parameters ?? []) {
        if (parameter.in === 'path') parameter.name = parameter.name.replace(/^\w+\./, '');
      }
      // Upstream's upload calls sit outside the gateway, and their errors outside the swagger.
      if (path.includes('/upload')) delete operation.responses.default?.schema;
      paths[simple] = { ...paths[simple], [method]: operation };
    }
  }
  const definitions = Object.fromEntries(
    Object.entries(swagger.definitions).map(([name, definition]) => [name, close(name, definition)]),
  );
  return { ...swagger, paths, definitions };
}

/** Swagger leaves every object open. These two really are: any message, and a probe that says its version. */
function close(name: string, definition: Json): Json {
  const isOpen = name === 'protobufAny' || name === 'v2beta1GetHealthzResponse';
  return definition['properties'] === undefined || isOpen
    ? definition
    : { ...definition, additionalProperties: false };
}

async function check(name: string, isHere: (path: string, method: string) => boolean): Promise<string> {
  const source = await readFile(join(root, 'fixtures', 'kfp', 'swagger', `${name}.swagger.json`), 'utf8');
  const file = join(service.folder, `${name}.json`);
  await writeFile(file, JSON.stringify(prepare(JSON.parse(source) as Swagger, isHere)));
  const config = join(service.folder, 'schemathesis.toml');
  // With ids that exist, so that the answers worth checking come.
  const parameters = Object.entries(ids).map(([key, id]) => `"path.${key}" = ${JSON.stringify(id)}`);
  await writeFile(config, `[parameters]\n${parameters.join('\n')}\n${CONFIG}`);
  const args = [
    ...['--config-file', config, 'run', file, '--url', service.url],
    ...['-H', `Authorization: Bearer ${TOKEN}`, '--generation-with-security-parameters', 'false'],
    ...['--phases', 'examples,coverage,fuzzing', '-n', '10', '--seed', '1', '--generation-deterministic'],
    ...['--checks', CHECKS.join(','), '--warnings', 'off', '--no-color'],
  ];
  return new Promise((resolve) => {
    execFile(schemathesis, args, { cwd: service.folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve(error === null ? 'conforms' : `${stdout}\n${stderr}`);
    });
  });
}

describe('schemathesis', () => {
  it('finds no answer of the 2.17 calls that the 2.17 swagger does not have', async () => {
    const elsewhere = /recurringruns|\/auth|\/filters|workflows|visualizations/;
    // DELETE would take the ids away; the client peer covers it.
    expect(await check('v2.17', (path, method) => method !== 'delete' && !elsewhere.test(path))).toBe(
      'conforms',
    );
  });

  it('finds the same of the task calls of the next release', async () => {
    expect(await check('next-run', (path, method) => method === 'get' && path.includes('/tasks'))).toBe(
      'conforms',
    );
  });

  it('finds the same of the artifact calls of the next release', async () => {
    expect(await check('next-artifact', (_path, method) => method === 'get')).toBe('conforms');
  });
});
