/** A HorizontalPodAutoscaler, fed by the cluster's own metrics, makes more of a predictor that has much to do. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { cluster, until, useNamespace } from './cluster.ts';
import { giveCredentials, KserveClient } from './kserveClient.ts';

const namespace = useNamespace('autoscaling');
const connections = new Agent({ keepAlive: true });
const load = new AbortController();
let client: KserveClient;

const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  cluster.kubectl(['-n', namespace, ...args], input);

/** Of the user's own, as KServe's cannot be told when to scale down: the usual five minutes are long for a test. */
const autoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'busy' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'busy-predictor' },
    minReplicas: 1,
    maxReplicas: 3,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
  },
};

const deployment = z.object({
  spec: z.object({ replicas: z.int() }),
  status: z.object({ readyReplicas: z.int().default(0), replicas: z.int().default(0) }),
});

async function replicas(): Promise<z.infer<typeof deployment>> {
  return deployment.parse(JSON.parse(await kubectl(['get', 'deployment', 'busy-predictor', '-o', 'json'])));
}

beforeAll(async () => {
  client = await KserveClient.start(namespace);
  await giveCredentials(namespace);
  await client.call('upload', { bucket: 'models', key: `${namespace}/model/model.joblib`, factor: 2 });
  await client.call('create', {
    name: 'busy',
    uri: `s3://models/${namespace}/model`,
    annotations: { 'serving.kserve.io/autoscalerClass': 'external' },
  });
  await kubectl(['apply', '-f', '-'], JSON.stringify(autoscaler));
  await client.call('wait', { name: 'busy' });
});

afterAll(() => {
  load.abort();
  client.close();
  connections.destroy();
});

it('an autoscaler makes three of a loaded predictor, and one again', async () => {
  const { gateway } = await cluster.endpoints();
  const url = new URL('/v1/models/busy:predict', gateway?.url);
  const answers = { good: 0, bad: 0 };
  // Busy a third of the time: more than three pods' worth of what it asked for, and the new ones get to start.
  const call = async (): Promise<void> => {
    while (!load.signal.aborted) {
      const began = performance.now();
      const status = await post(url);
      answers[status === 200 ? 'good' : 'bad'] += 1;
      await delay(2 * (performance.now() - began));
    }
  };
  const calls = call();
  await until(async () => {
    const { spec, status } = await replicas();
    return spec.replicas === 3 && status.readyReplicas === 3;
  }, 1_000);
  load.abort();
  await calls;
  await until(async () => {
    const { spec, status } = await replicas();
    return spec.replicas === 1 && status.replicas === 1;
  }, 1_000);
  expect(answers.good).toBeGreaterThan(0);
  expect(answers.bad).toBe(0);
});

/** The answer's status. */
async function post(url: URL): Promise<number | undefined> {
  const call = request(url, {
    method: 'POST',
    agent: connections,
    headers: { host: `busy-${namespace}.localhost`, 'content-type': 'application/json' },
  });
  call.end(JSON.stringify({ instances: [[1]] }));
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}
