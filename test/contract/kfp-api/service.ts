/** The real pipeline service in this process, on a folder of its own, and a plain client for it. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startKfpService } from '../../../dev-cluster/embedded/kfp/server.ts';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';

export const TOKEN = 'a-token-for-tests-that-is-long-enough';
/** One step that says its message; `slow` takes seconds, `wait` minutes. Source beside it. */
export const GREET = join(import.meta.dirname, '..', '..', 'fixtures', 'kfp', 'greet', 'greet.yaml');

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export interface TestService {
  readonly url: string;
  readonly folder: string;
  readonly tokenFile: string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Polls until the run has ended; returns it. */
  ended(runId: string): Promise<Json>;
  stop(): Promise<void>;
}

export async function startService(): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-kfp-'));
  const errors: string[] = [];
  const service = await startKfpService({
    database: join(folder, 'state.db'),
    folder,
    port: 0,
    token: TOKEN,
    environments: new PythonEnvironments(),
    log: (line) => errors.push(line),
  });
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, TOKEN, { mode: 0o600 });
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    request(service.url, method, path, body);
  return {
    url: service.url,
    folder,
    tokenFile,
    call,
    ended: async (runId) => {
      for (;;) {
        const { body } = await call('GET', `/runs/${runId}`);
        if (['SUCCEEDED', 'FAILED', 'CANCELED'].includes(String(body['state']))) return body;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    stop: async () => {
      await service.stop();
      // A test may have taken the write permission away.
      await chmod(folder, 0o700);
      await rm(folder, { recursive: true, force: true });
      if (errors.length > 0) throw new Error(`The service reported: ${errors.join('\n')}`);
    },
  };
}

/** A call of the api under /apis/v2beta1 with the right token. */
export async function request(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}/apis/v2beta1${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Json };
}

/** The IR of greet.yaml as JSON. */
export async function greetSpec(): Promise<Json> {
  return parse(await readFile(GREET, 'utf8')) as Json;
}

/** A multipart upload as a browser sends it. */
export async function upload(
  url: string,
  path: string,
  fileName: string,
  content: Uint8Array<ArrayBuffer> | string,
  field = 'uploadfile',
): Promise<Answer> {
  const form = new FormData();
  form.append(field, new Blob([content]), fileName);
  const response = await fetch(`${url}/apis/v2beta1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: form,
  });
  return { status: response.status, body: (await response.json()) as Json };
}
