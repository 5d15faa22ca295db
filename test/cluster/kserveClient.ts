/** KServe's SDK and boto3 in a Python of their own (kserve_client.py), called from a test. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { PythonEnvironments } from '../../dev-cluster/embedded/python/environments.ts';
import { resourcePath } from '../../dev-cluster/embedded/python/resources.ts';
import { toolEnvironment } from '../../src/clients/toolEnvironment.ts';
import { cluster } from './cluster.ts';

const answer = z.union([z.object({ error: z.string() }), z.object({ value: z.unknown() })]);
const prediction = z.object({ predictions: z.array(z.number()) });

export class KserveClient {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stderr.pipe(process.stderr, { end: false });
  }

  /** With the variables that `slipway env` sets. */
  static async start(namespace: string): Promise<KserveClient> {
    const lock = resourcePath('dev-cluster', 'embedded', 'python', 'kserve.lock.txt');
    const { python } = await new PythonEnvironments().fromLock(lock, AbortSignal.timeout(120_000));
    const child = spawn(python, [join(import.meta.dirname, 'kserve_client.py')], {
      env: {
        ...process.env,
        ...toolEnvironment(await cluster.endpoints()),
        TEST_NAMESPACE: namespace,
      },
    });
    return new KserveClient(child);
  }

  async predict(name: string, instances: readonly (readonly number[])[]): Promise<readonly number[]> {
    return prediction.parse(await this.call('predict', { name, instances })).predictions;
  }

  /** One at a time. */
  async call(name: string, args: object): Promise<unknown> {
    const turn = this.#tail.then(async () => {
      this.#child.stdin.write(`${JSON.stringify({ name, args })}\n`);
      const line = await this.#lines.next();
      if (line.done === true) throw new Error(`kserve_client.py ended in ${name}.`);
      return answer.parse(JSON.parse(line.value));
    });
    this.#tail = turn.catch(() => undefined);
    const given = await turn;
    if ('error' in given) throw new Error(`${name}: ${given.error}`);
    return given.value;
  }

  close(): void {
    this.#child.kill();
  }
}

/** Lets pods of the namespace read from the cluster's S3, as KServe's documentation says. */
export async function giveCredentials(namespace: string): Promise<void> {
  const { s3 } = await cluster.endpoints();
  if (s3 === undefined) throw new Error('The cluster has no S3.');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 's3',
      annotations: {
        'serving.kserve.io/s3-endpoint': new URL(s3.url).host,
        'serving.kserve.io/s3-usehttps': '0',
        'serving.kserve.io/s3-region': s3.region,
      },
    },
    stringData: { AWS_ACCESS_KEY_ID: s3.accessKey, AWS_SECRET_ACCESS_KEY: s3.secretKey },
  };
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
    secrets: [{ name: 's3' }],
  };
  const list = { apiVersion: 'v1', kind: 'List', items: [secret, account] };
  await cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], JSON.stringify(list));
}
