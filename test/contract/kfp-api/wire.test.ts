/** KFP's conventions on the wire: who may call, error shapes, lists, uploads, logs, refusals. */
import { deflateRawSync, gzipSync } from 'node:zlib';
import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import {
  GREET,
  greetSpec,
  request,
  startService,
  TOKEN,
  upload,
  type Json,
  type TestService,
} from './service.ts';

let service: TestService;
let greet: string;

beforeAll(async () => {
  service = await startService();
  greet = await readFile(GREET, 'utf8');
});
afterAll(() => service.stop());

/** fetch sets Host itself; here it is as given. */
function raw(
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; body: Json }> {
  const { port } = new URL(service.url);
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Json }));
    });
    call.on('error', reject);
    call.end();
  });
}

async function newRun(name: string, message = 'hi'): Promise<Json> {
  const { body } = await service.call('POST', '/runs', {
    display_name: name,
    pipeline_spec: await greetSpec(),
    runtime_config: { parameters: { message } },
  });
  return body;
}

describe('who may call', () => {
  const authorization = `Bearer ${TOKEN}`;

  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer nope' }],
    ['the beginning of the token', { authorization: authorization.slice(0, -1) }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
  ])('answers 401 in KFP’s shape to %s, on every path, known or not', async (_name, headers) => {
    for (const path of ['/runs', '/pipelines/upload', '/nope', '/recurringruns']) {
      const { status, body } = await raw(`/apis/v2beta1${path}`, headers);
      expect(status).toBe(401);
      expect(body).toEqual({
        code: 16,
        message: 'The request has no valid bearer token',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.Status',
            code: 16,
            message: 'The request has no valid bearer token',
          },
        ],
      });
    }
  });

  it('lets anyone probe the health', async () => {
    expect(await raw('/apis/v2beta1/healthz', {})).toMatchObject({
      status: 200,
      body: { tag_name: '2.17.0' },
    });
  });

  it('refuses a Host that names another server: a page of a browser that was led here', async () => {
    const host = `evil.example:${new URL(service.url).port}`;
    expect(await raw('/apis/v2beta1/healthz', { host })).toMatchObject({ status: 403 });
    expect(await raw('/apis/v2beta1/runs', { host, authorization })).toMatchObject({ status: 403 });
    const local = `localhost:${new URL(service.url).port}`;
    expect(await raw('/apis/v2beta1/runs', { host: local, authorization })).toMatchObject({ status: 200 });
  });
});

describe('requests', () => {
  it.each(['//', 'http://', 'http://[', '*', '//127.0.0.1/apis/v2beta1/healthz'])(
    'has nothing at %s',
    async (path) => {
      const { host } = new URL(service.url);
      expect(await raw(path, { host, authorization: `Bearer ${TOKEN}` })).toMatchObject({ status: 404 });
    },
  );

  it.each([
    ['an unknown field', { display_name: 'x', colour: 'red' }, 'unknown field "colour"'],
    [
      'an unknown field deep inside',
      { display_name: 'x', runtime_config: { params: {} } },
      'unknown field "runtime_config.params"',
    ],
    ['a wrong type', { display_name: 7 }, 'display_name'],
    ['what is not JSON', '{', 'The request body is not JSON'],
    [
      'what is nested without end',
      `{"display_name":"x","runtime_config":{"parameters":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}}`,
      'nested more than 100 levels deep',
    ],
    ['no source', { display_name: 'x' }, 'empty pipeline spec'],
    ['no name', { pipeline_spec: {} }, 'name is empty'],
    [
      'what is not IR',
      { display_name: 'x', pipeline_spec: { kind: 'Workflow' } },
      'invalid v2 pipeline spec',
    ],
    [
      'an unknown version',
      { display_name: 'x', pipeline_version_reference: { pipeline_id: 'p', pipeline_version_id: 'v' } },
      'PipelineVersion v not found',
    ],
  ])('refuses %s and says what is wrong', async (_name, body, said) => {
    const answer = await service.call('POST', '/runs', body);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body['message']).toContain(said);
  });

  it('takes null as unset', async () => {
    const answer = await service.call('POST', '/experiments', { display_name: 'nulls', description: null });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('description');
  });

  it('leaves unset fields out: an empty list is an empty object', async () => {
    const none = encodeURIComponent(
      JSON.stringify({ predicates: [{ operation: 'EQUALS', key: 'name', string_value: 'nobody' }] }),
    );
    expect(await service.call('GET', `/runs?filter=${none}`)).toEqual({ status: 200, body: {} });
  });

  it('answers 404 to an unknown path and 501 to another method on a known one', async () => {
    expect(await service.call('GET', '/nope')).toMatchObject({ status: 404, body: { code: 5 } });
    expect(await service.call('DELETE', '/runs')).toMatchObject({ status: 501, body: { code: 12 } });
  });

  it('keeps both shapes of a spec', async () => {
    const spec = await greetSpec();
    const platform = { platforms: { kubernetes: { deploymentSpec: { executors: {} } } } };
    const { body } = await service.call('POST', '/runs', {
      display_name: 'both documents',
      pipeline_spec: { pipeline_spec: spec, platform_spec: platform },
      runtime_config: { parameters: { message: 'x' } },
    });
    expect(body['pipeline_spec']).toEqual({ pipeline_spec: spec, platform_spec: platform });
    const plain = await newRun('one document');
    expect(plain['pipeline_spec']).toEqual(spec);
    expect(plain['storage_state']).toBe('AVAILABLE');
  });
});

interface Item {
  readonly name: string;
  readonly description: string;
}

describe('lists', () => {
  const items: Item[] = [];

  beforeAll(async () => {
    for (let index = 0; index < 23; index++) {
      const item = { name: `list-${String(index).padStart(2, '0')}`, description: `d${index % 3}` };
      await service.call('POST', '/experiments', { display_name: item.name, description: item.description });
      items.push(item);
    }
  });

  const operations = [
    'EQUALS',
    'NOT_EQUALS',
    'GREATER_THAN',
    'GREATER_THAN_EQUALS',
    'LESS_THAN',
    'LESS_THAN_EQUALS',
  ];
  const compare: Record<string, (a: string, b: string) => boolean> = {
    EQUALS: (a, b) => a === b,
    NOT_EQUALS: (a, b) => a !== b,
    GREATER_THAN: (a, b) => a > b,
    GREATER_THAN_EQUALS: (a, b) => a >= b,
    LESS_THAN: (a, b) => a < b,
    LESS_THAN_EQUALS: (a, b) => a <= b,
  };
  const name = fc.nat(25).map((index) => `list-${String(index).padStart(2, '0')}`);
  const description = fc.constantFrom('d0', 'd1', 'd2', 'd9');
  interface Test {
    readonly predicate: Json;
    readonly matches: (item: Item) => boolean;
  }
  const scalar = fc
    .tuple(fc.constantFrom(...operations), fc.boolean(), name, description)
    .map(([operation, byName, aName, aDescription]): Test => ({
      predicate: {
        operation,
        key: byName ? 'display_name' : 'description',
        string_value: byName ? aName : aDescription,
      },
      matches: (item) =>
        compare[operation]?.(byName ? item.name : item.description, byName ? aName : aDescription) ?? false,
    }));
  const among = fc.array(name, { minLength: 0, maxLength: 8 }).map((values): Test => ({
    predicate: { operation: 'IN', key: 'name', string_values: { values } },
    matches: (item) => values.includes(item.name),
  }));
  const substring = fc.constantFrom('1', 'LIST-0', '%', 'ist').map((text): Test => ({
    predicate: { operation: 'IS_SUBSTRING', key: 'display_name', string_value: text },
    matches: (item) => item.name.includes(text.toLowerCase()),
  }));

  it('page through exactly what all predicates match, in order, with the right total', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(scalar, among, substring), { maxLength: 3 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (tests, size, desc) => {
          const scope = { operation: 'IS_SUBSTRING', key: 'name', string_value: 'list-' };
          const filter = JSON.stringify({ predicates: [scope, ...tests.map(({ predicate }) => predicate)] });
          const query = new URLSearchParams({
            filter,
            sort_by: `name ${desc ? 'desc' : 'asc'}`,
            page_size: `${size}`,
          });
          const seen: unknown[] = [];
          let total: unknown;
          for (;;) {
            const { status, body } = await service.call('GET', `/experiments?${query.toString()}`);
            expect(status).toBe(200);
            const page = (body['experiments'] ?? []) as Json[];
            expect(page.length).toBeLessThanOrEqual(size);
            seen.push(...page.map((one) => one['display_name']));
            total = body['total_size'] ?? 0;
            if (body['next_page_token'] === undefined) break;
            query.set('page_token', body['next_page_token'] as string);
          }
          const expected = items
            .filter((item) => tests.every(({ matches }) => matches(item)))
            .map((item) => item.name)
            .sort();
          if (desc) expected.reverse();
          expect(seen).toEqual(expected);
          expect(total).toBe(expected.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds by time', async () => {
    const { body } = await service.call('GET', '/experiments?page_size=1&sort_by=created_at');
    const first = (body['experiments'] as Json[])[0];
    const when = { operation: 'EQUALS', key: 'created_at', timestamp_value: first?.['created_at'] };
    const query = new URLSearchParams({ filter: JSON.stringify({ predicates: [when] }) });
    const found = await service.call('GET', `/experiments?${query.toString()}`);
    expect((found.body['experiments'] as Json[]).map((one) => one['experiment_id'])).toContain(
      first?.['experiment_id'],
    );
  });

  it('has 20 to a page, and 200 at most', async () => {
    const { body } = await service.call('GET', '/experiments');
    expect(body['experiments']).toHaveLength(20);
    const huge = await service.call('GET', '/experiments?page_size=100000');
    expect((huge.body['experiments'] as Json[]).length).toBe(huge.body['total_size']);
  });

  it('goes on from a token alone, and refuses it with another order, for another resource, or made up', async () => {
    const first = await service.call('GET', '/experiments?page_size=5&sort_by=name%20desc');
    const token = encodeURIComponent(String(first.body['next_page_token']));
    const alone = await service.call('GET', `/experiments?page_size=5&page_token=${token}`);
    const both = await service.call(
      'GET',
      `/experiments?page_size=5&sort_by=name%20desc&page_token=${token}`,
    );
    expect(alone).toEqual(both);
    expect(alone.status).toBe(200);
    for (const path of [
      `/experiments?sort_by=name&page_token=${token}`,
      `/pipelines?page_token=${token}`,
      '/experiments?page_token=bm9uc2Vuc2U=',
      '/experiments?page_token=%00',
    ])
      expect(await service.call('GET', path)).toMatchObject({ status: 400, body: { code: 3 } });
  });

  it.each([
    ['sort_by=colour', 'colour'],
    ['sort_by=name%20up', 'name up'],
    ['page_size=-1', 'page size'],
    ['page_size=many', 'page_size'],
    ['filter=nope', 'filter'],
    [
      `filter=${encodeURIComponent('{"predicates":[{"operation":"LIKE","key":"name","string_value":"a"}]}')}`,
      'operation',
    ],
    [
      `filter=${encodeURIComponent('{"predicates":[{"operation":"EQUALS","key":"colour","string_value":"a"}]}')}`,
      'colour',
    ],
    [`filter=${encodeURIComponent('{"predicates":[{"operation":"EQUALS","key":"name"}]}')}`, '"name"'],
    [
      `filter=${encodeURIComponent('{"predicates":[{"operation":"IN","key":"name","string_value":"a"}]}')}`,
      'IN',
    ],
    [
      `filter=${encodeURIComponent('{"predicates":[{"operation":"EQUALS","key":"created_at","string_value":"a"}]}')}`,
      '"created_at"',
    ],
    [
      `filter=${encodeURIComponent('{"predicates":[{"operation":"IS_SUBSTRING","key":"name","int_value":1}]}')}`,
      'IS_SUBSTRING',
    ],
  ])('refuse %s and name it', async (query, said) => {
    for (const list of ['/experiments', '/runs', '/pipelines']) {
      const { status, body } = await service.call('GET', `${list}?${query}`);
      expect(status).toBe(400);
      expect(body['message']).toContain(said);
    }
  });
});

/** A zip of one entry, made here byte by byte, with what the local header would repeat left zero. */
function zip(name: string, content: Buffer, compressed = deflateRawSync(content)): Uint8Array<ArrayBuffer> {
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(compressed.length, 20);
  entry.writeUInt32LE(content.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + compressed.length, 16);
  return Uint8Array.from(
    Buffer.concat([local, Buffer.from(name), compressed, entry, Buffer.from(name), end]),
  );
}

/** A tarball of one entry. */
function tarball(name: string, content: Buffer): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Uint8Array.from(gzipSync(Buffer.concat([header, content, padding, Buffer.alloc(1024)])));
}

describe('uploads', () => {
  const send = (fileName: string, content: Uint8Array<ArrayBuffer> | string, field?: string) =>
    upload(service.url, `/pipelines/upload?name=${fileName}-${Math.random()}`, fileName, content, field);

  it('reads a zip', async () => {
    expect(await send('p.zip', zip('pipeline.yaml', Buffer.from(greet)))).toMatchObject({ status: 200 });
  });

  it.each([
    ['what is not IR', 'p.yaml', 'kind: Workflow\n', 'invalid v2 pipeline spec'],
    ['an empty file', 'p.yaml', '', 'invalid v2 pipeline spec'],
    ['a picture', 'p.png', '\u0089PNG', 'Unexpected pipeline file format'],
    ['a zip that is none', 'p.zip', 'PK nothing more', 'Not a valid zip file'],
    ['a zip without YAML', 'p.zip', zip('readme.md', Buffer.from('x')), 'Got: readme.md'],
    ['a zip bomb', 'p.zip', zip('pipeline.yaml', Buffer.alloc(40 * 1024 * 1024)), 'too large'],
    ['a tarball bomb', 'p.tar.gz', Uint8Array.from(gzipSync(Buffer.alloc(80 * 1024 * 1024))), 'too large'],
    [
      'a document over the limit in a tarball under it',
      'p.tar.gz',
      tarball('pipeline.yaml', Buffer.alloc(33 * 1024 * 1024, 'a: b\n')),
      'too large',
    ],
    [
      'more values than the service could read and still answer others',
      'p.yaml',
      `pipelineInfo: {name: x}\nroot: {}\nx:\n${'- a: b\n'.repeat(500_000)}`,
      'more values than any pipeline',
    ],
    [
      'a tarball that is none',
      'p.tar.gz',
      Uint8Array.from([0x1f, 0x8b, 1, 2, 3]),
      'Not a valid tarball file',
    ],
    ['an alias bomb', 'p.yaml', aliasBomb(), 'invalid v2 pipeline spec'],
  ])('refuses %s', async (_name, fileName, content, said) => {
    const { status, body } = await send(fileName, content);
    expect(status).toBe(400);
    expect(body['error_message']).toContain(said);
    expect(body).toHaveProperty('error_details');
  });

  it('refuses 33 MiB with a sentence, and goes on', async () => {
    const content = new Uint8Array(33 * 1024 * 1024).fill(0x23);
    const { status, body } = await send('p.yaml', content);
    expect(status).toBe(400);
    expect(body['error_message']).toContain('File size too large');
    expect((await service.call('GET', '/pipelines')).status).toBe(200);
  });

  it('refuses a form without the field, and bad tags', async () => {
    expect((await send('p.yaml', greet, 'file')).body['error_message']).toContain('uploadfile');
    const answer = await upload(service.url, '/pipelines/upload?name=t&tags=no', 'p.yaml', greet);
    expect(answer.body['error_message']).toContain('Failed to parse tags');
  });

  it('leaves nothing behind when the version cannot be made', async () => {
    const { status } = await upload(
      service.url,
      `/pipelines/upload?name=${'n'.repeat(200)}`,
      'p.yaml',
      greet,
    );
    expect(status).toBe(400);
    const left = await request(service.url, 'GET', `/pipelines/names/${'n'.repeat(200)}`);
    expect(left.status).toBe(404);
  });
});

function aliasBomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}

describe('a run', () => {
  it('shows its tree, its attempts, its log and its values', async () => {
    const run = await newRun('tree', 'hello');
    const id = String(run['run_id']);
    expect((await service.ended(id))['state']).toBe('SUCCEEDED');
    const { body } = await service.call('GET', `/runs/${id}/tasks`);
    const [root, greetTask] = body['tasks'] as Json[];
    expect(root).toMatchObject({ type: 'ROOT', state: 'SUCCEEDED', scope_path: 'root' });
    expect(greetTask).toMatchObject({
      type: 'RUNTIME',
      name: 'greet',
      parent_task_id: root?.['task_id'],
      outputs: { parameters: [{ parameter_key: 'Output', value: 'hello' }] },
    });
    const children = await service.call('GET', `/runs/${id}/tasks?parent_id=${String(root?.['task_id'])}`);
    expect(children.body['total_size']).toBe(1);
    expect((await service.call('GET', `/runs/${id}/tasks/${String(greetTask?.['task_id'])}`)).body).toEqual(
      greetTask,
    );
    const [pod] = greetTask?.['pods'] as Json[];
    expect(pod?.['type']).toBe('EXECUTOR');
    expect(await log(id, String(pod?.['name']), true)).toContain('hello, world');
  });

  it('has its log followed while it runs, and the log ends when the attempt does', async () => {
    const run = await newRun('followed', 'wait');
    const id = String(run['run_id']);
    const attempt = await firstAttempt(id);
    const response = await openLog(id, attempt, true);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('wait, world')) text += (await reader?.read())?.value ?? '';
    await service.call('POST', `/runs/${id}:terminate`);
    for (;;) {
      const part = await reader?.read();
      if (part?.done !== false) break;
    }
    expect((await service.ended(id))['state']).toBe('CANCELED');
  });

  it('is gone with its log when it is deleted', async () => {
    const id = String((await newRun('deleted', 'not cached'))['run_id']);
    await service.ended(id);
    const attempt = await firstAttempt(id);
    expect((await service.call('DELETE', `/runs/${id}`)).status).toBe(200);
    expect((await service.call('GET', `/runs/${id}/tasks`)).status).toBe(404);
    expect((await openLog(id, attempt, false)).status).toBe(404);
  });

  it('stays archived until its experiment is not', async () => {
    const { body: experiment } = await service.call('POST', '/experiments', { display_name: 'closed' });
    const id = String(experiment['experiment_id']);
    const { body: run } = await service.call('POST', '/runs', {
      display_name: 'archived',
      experiment_id: id,
      pipeline_spec: await greetSpec(),
      runtime_config: { parameters: { message: 'hi' } },
    });
    const path = `/runs/${String(run['run_id'])}`;
    await service.call('POST', `/experiments/${id}:archive`);
    expect((await service.call('GET', path)).body['storage_state']).toBe('ARCHIVED');
    expect(await service.call('POST', `${path}:unarchive`)).toMatchObject({ status: 400, body: { code: 9 } });
    await service.call('POST', `/experiments/${id}:unarchive`);
    expect((await service.call('POST', `${path}:unarchive`)).status).toBe(200);
    expect((await service.call('GET', path)).body['storage_state']).toBe('AVAILABLE');
  });
});

async function firstAttempt(runId: string): Promise<string> {
  for (;;) {
    const { body } = await service.call('GET', `/runs/${runId}/tasks`);
    const pod = ((body['tasks'] ?? []) as Json[]).flatMap((task) => (task['pods'] ?? []) as Json[])[0];
    if (pod !== undefined) return String(pod['name']);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function openLog(runId: string, attempt: string, follow: boolean): Promise<Response> {
  const path = `/apis/v1alpha1/runs/${runId}/nodes/${attempt}/log${follow ? '?follow=true' : ''}`;
  return fetch(service.url + path, { headers: { authorization: `Bearer ${TOKEN}` } });
}

async function log(runId: string, attempt: string, follow: boolean): Promise<string> {
  return (await openLog(runId, attempt, follow)).text();
}
