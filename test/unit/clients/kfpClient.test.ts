/** The client against a real HTTP server on this machine that says what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpError } from '../../../src/clients/http.ts';
import { filterText, KfpClient } from '../../../src/clients/kfp/client.ts';

const token = 'a-token-of-at-least-16';
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void;

async function serve(answer: Answer): Promise<{ client: KfpClient; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://x');
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        authorization: request.headers.authorization,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      asked.push(one);
      answer(one, response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    client: new KfpClient({ url: `http://127.0.0.1:${port}`, token, label: 'The service' }),
    asked,
  };
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

const signal = (): AbortSignal => AbortSignal.timeout(15_000);

describe('requests', () => {
  test('list calls carry page, sort and filter, and the token of this server', async () => {
    const { client, asked } = await serve((_asked, response) => json(response, {}));
    await client.listRuns(
      {
        pageSize: 20,
        pageToken: 'next',
        sortBy: 'created_at desc',
        filter: [
          { operation: 'IS_SUBSTRING', key: 'display_name', value: 'a&b' },
          { operation: 'IN', key: 'state', value: ['FAILED', 'RUNNING'] },
        ],
        experimentId: 'e1',
      },
      signal(),
    );
    const [one] = asked;
    expect(one).toMatchObject({
      method: 'GET',
      path: '/apis/v2beta1/runs',
      authorization: `Bearer ${token}`,
    });
    expect(Object.fromEntries(one?.query ?? [])).toEqual({
      experiment_id: 'e1',
      page_size: '20',
      page_token: 'next',
      sort_by: 'created_at desc',
      filter:
        '{"predicates":[{"operation":"IS_SUBSTRING","key":"display_name","string_value":"a&b"},' +
        '{"operation":"IN","key":"state","string_values":{"values":["FAILED","RUNNING"]}}]}',
    });
  });

  test('nothing is sent that was not given: servers refuse unknown and empty fields', async () => {
    const { client, asked } = await serve((_asked, response) => json(response, { run_id: 'r' }));
    await client.createRun(
      {
        displayName: 'n',
        parameters: { a: 1 },
        source: { kind: 'version', pipelineId: 'p', versionId: 'v' },
      },
      signal(),
    );
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      display_name: 'n',
      runtime_config: { parameters: { a: 1 } },
      pipeline_version_reference: { pipeline_id: 'p', pipeline_version_id: 'v' },
    });
  });

  test('a spec with a platform document is wrapped, one without is not', async () => {
    const { client, asked } = await serve((_asked, response) => json(response, { run_id: 'r' }));
    const pipelineSpec = { pipelineInfo: { name: 'p' } };
    const run = { displayName: 'n', parameters: {} };
    await client.createRun(
      { ...run, source: { kind: 'spec', spec: { pipelineSpec, platformSpec: undefined } } },
      signal(),
    );
    await client.createRun(
      { ...run, source: { kind: 'spec', spec: { pipelineSpec, platformSpec: { platforms: {} } } } },
      signal(),
    );
    expect(asked.map((one) => (JSON.parse(one.body) as { pipeline_spec: unknown }).pipeline_spec)).toEqual([
      pipelineSpec,
      { pipeline_spec: pipelineSpec, platform_spec: { platforms: {} } },
    ]);
  });

  test('an id cannot become another path', async () => {
    const { client, asked } = await serve((_asked, response) => json(response, {}));
    await client.deleteRun('../pipelines/p?cascade=true', signal());
    expect(asked[0]).toMatchObject({
      method: 'DELETE',
      path: '/apis/v2beta1/runs/..%2Fpipelines%2Fp%3Fcascade%3Dtrue',
    });
  });

  test('uploads are multipart, in the field that KFP reads', async () => {
    const { client, asked } = await serve((_asked, response) => json(response, { pipeline_id: 'p' }));
    await client.uploadPipeline('churn', 'pipelineInfo:\n  name: ü\n', signal());
    expect(asked[0]?.path).toBe('/apis/v2beta1/pipelines/upload');
    expect(asked[0]?.query.get('name')).toBe('churn');
    expect(asked[0]?.body).toMatch(/name="uploadfile"; filename="pipeline.yaml"/);
    expect(asked[0]?.body).toContain('name: ü');
  });

  test('all pages of a run\u2019s tasks', async () => {
    const { client } = await serve(({ query }, response) => {
      const page = Number(query.get('page_token') ?? '0');
      json(response, {
        tasks: [{ task_id: `t${page}` }],
        ...(page < 3 ? { next_page_token: String(page + 1) } : {}),
      });
    });
    const tasks = await client.listTasks('r', signal());
    expect(tasks.map((task) => task.id)).toEqual(['t0', 't1', 't2', 't3']);
  });
});

describe('failures have a reason', () => {
  test.each([
    [401, 'unauthorized'],
    [404, 'notFound'],
    [409, 'conflict'],
    [400, 'refused'],
    [503, 'server'],
  ])('%i is %s', async (status, reason) => {
    const { client } = await serve((_asked, response) =>
      json(response, { code: 3, message: 'because' }, status),
    );
    await expect(client.getRun('r', signal())).rejects.toMatchObject({ name: 'SlipwayError', reason });
  });

  test('a redirect is not followed: the token stays with its server', async () => {
    const { client, asked } = await serve((_asked, response) =>
      response.writeHead(302, { location: '/dex/auth' }).end(),
    );
    await expect(client.getRun('r', signal())).rejects.toMatchObject({ reason: 'unauthorized' });
    expect(asked).toHaveLength(1);
  });

  test('an answer that is not KFP\u2019s', async () => {
    const { client } = await serve((_asked, response) => json(response, { hello: 'world' }));
    await expect(client.getRun('r', signal())).rejects.toMatchObject({ reason: 'unexpectedAnswer' });
  });

  test('nobody there', async () => {
    const { client } = await serve((_asked, response) => response.end());
    for (const close of closers.splice(0)) close();
    const failure: unknown = await client.getRun('r', signal()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HttpError);
    expect(failure).toMatchObject({ reason: 'unreachable' });
  });

  test('cancelled calls end as cancelled', async () => {
    const { client } = await serve(() => undefined);
    const abort = new AbortController();
    const call = client.getRun('r', abort.signal);
    abort.abort();
    await expect(call).rejects.toMatchObject({ name: 'CanceledError' });
  });
});

describe('logs', () => {
  test('come as they are written; characters split over chunks stay whole', async () => {
    const bytes = Buffer.from('grün ✓\n');
    const step = Promise.withResolvers<undefined>();
    const { client, asked } = await serve((_asked, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      // The cut is inside ü; the rest comes only after the first part was read.
      response.write(bytes.subarray(0, 3));
      void step.promise.then(() => response.end(bytes.subarray(3)));
    });
    let text = '';
    for await (const chunk of client.log('run 1', 'a/b', { follow: true }, signal())) {
      text += chunk;
      step.resolve(undefined);
    }
    expect(text).toBe('grün ✓\n');
    expect(asked[0]?.path).toBe('/apis/v1alpha1/runs/run%201/nodes/a%2Fb/log');
    expect(asked[0]?.query.get('follow')).toBe('true');
  });

  test('a reader that stops early lets go of the connection', async () => {
    const closed = Promise.withResolvers<undefined>();
    const { client } = await serve((_asked, response, request) => {
      request.socket.on('close', () => closed.resolve(undefined));
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first\n');
    });
    for await (const chunk of client.log('r', 'a', { follow: true }, signal())) {
      expect(chunk).toBe('first\n');
      break;
    }
    await closed.promise;
  });

  test('cancel ends a log that says nothing', async () => {
    const abort = new AbortController();
    const { client } = await serve((_asked, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('x');
    });
    const reading = (async () => {
      for await (const chunk of client.log('r', 'a', { follow: true }, abort.signal))
        if (chunk === 'x') abort.abort();
    })();
    await expect(reading).rejects.toThrow();
  });

  test('no such attempt', async () => {
    const { client } = await serve((_asked, response) => json(response, { message: 'no log' }, 404));
    const reading = (async () => {
      for await (const chunk of client.log('r', 'a', { follow: false }, signal())) expect(chunk).toBe('');
    })();
    await expect(reading).rejects.toMatchObject({ reason: 'notFound' });
  });
});

test('a filter is the JSON that KFP documents', () => {
  expect(JSON.parse(filterText([{ operation: 'EQUALS', key: 'state', value: 'FAILED' }]))).toEqual({
    predicates: [{ operation: 'EQUALS', key: 'state', string_value: 'FAILED' }],
  });
});
