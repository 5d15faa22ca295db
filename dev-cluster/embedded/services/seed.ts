/** The demo's platform half: its features materialized, its model trained, registered and served. Done once per home. */
import { join } from 'node:path';
import { z } from 'zod';
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import { delay } from '../../../src/core/base/abort.ts';
import { isSlipwayError, SlipwayError } from '../../../src/core/base/errors.ts';
import { toolEnvironment } from '../../../src/clients/toolEnvironment.ts';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { adminKubeconfig } from '../control-plane/kubeconfig.ts';
import { readStateFile, writePrivateFile } from '../files.ts';
import { PythonEnvironments } from '../python/environments.ts';
import { resourcePath } from '../python/resources.ts';
import { runTool } from '../python/tool.ts';
import type { Component, Report } from '../supervisor/component.ts';
import { CONNECTIONS } from './connections.ts';
import { feastEnvironment } from './feast.ts';
import { MLFLOW, mlflowEndpoint } from './mlflow.ts';

const STEP_TIMEOUT_MS = 5 * 60_000;
const READY_INTERVAL_MS = 1_000;
const SERVICES = '/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices';
const SERVICE = 'churn';

/** The last line that training/train.py prints. */
const registered = z.object({
  name: z.string(),
  version: z.string(),
  runId: z.string(),
  uri: z.string().startsWith('s3://'),
});

type Registered = z.infer<typeof registered>;

/** How far it came: what is done isn't done again, so that what people delete afterwards stays deleted. */
const progress = z.object({ model: registered, isServed: z.boolean() });

export const seed: Component = {
  name: 'seed',
  version: '1',
  dependsOn: [CONNECTIONS, MLFLOW, 'serving-runtimes'],
  isNeeded: false,
  start: { kind: 'task', run },
};

async function run(report: Report, signal: AbortSignal): Promise<void> {
  const path = join(slipwayHome(), 'embedded', 'seed.json');
  const done = await readStateFile(path, progress);
  if (done?.isServed === true) return;
  const model = done?.model ?? (await trainModel(report, signal));
  await writePrivateFile(path, JSON.stringify({ model, isServed: false }));
  report('Serving the demo’s model');
  const api = KubernetesApi.fromFile(await adminKubeconfig(signal));
  await serve(model, api, signal);
  await untilReady(api, signal);
  await writePrivateFile(path, JSON.stringify({ model, isServed: true }));
}

async function trainModel(report: Report, signal: AbortSignal): Promise<Registered> {
  const { python } = await new PythonEnvironments({ onProgress: report }).service('feast', signal);
  const folder = resourcePath('dev-cluster', 'seed');
  const own = toolEnvironment({
    version: 1,
    supervisorPid: process.pid,
    mlflow: await mlflowEndpoint(signal),
  });
  const env = {
    ...process.env,
    ...(await feastEnvironment(signal)),
    ...own,
    MLFLOW_DISABLE_TELEMETRY: 'true',
  };
  const step = async (message: string, args: readonly string[]): Promise<string> => {
    report(message);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
    const result = await runTool(python, args, { env, background: true }, limit);
    if (result.code === 0) return result.stdout;
    throw new SlipwayError('seed', `${message} failed: ${result.stderrTail.at(-1) ?? 'no reason given'}`, {
      cause: new Error(result.stderrTail.join('\n')),
    });
  };
  const feast = ['-m', 'feast.cli.cli', '-c', join(folder, 'features')];
  await step('Making the demo’s customers', [join(folder, 'training', 'make_data.py')]);
  await step('Registering their features', [...feast, 'apply']);
  const now = new Date().toISOString().slice(0, -1);
  await step('Materializing their features', [...feast, 'materialize-incremental', now]);
  const output = await step('Training the demo’s model', [join(folder, 'training', 'train.py')]);
  return registered.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
}

/** One that is there already is somebody's. */
async function serve(model: Registered, api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const service = {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name: SERVICE,
      annotations: {
        'slipway.dev/model-name': model.name,
        'slipway.dev/model-version': model.version,
        'slipway.dev/model-run': model.runId,
      },
    },
    spec: {
      predictor: {
        model: {
          modelFormat: { name: 'sklearn' },
          runtime: 'kserve-sklearnserver',
          storageUri: model.uri,
          resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '1', memory: '1Gi' } },
        },
      },
    },
  };
  try {
    await api.create(SERVICES, service, signal, { fieldManager: 'slipway-seed' });
  } catch (error) {
    if (!isSlipwayError(error) || error.reason !== 'conflict') throw error;
  }
}

const inferenceService = z.object({
  status: z
    .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional() })
    .optional(),
});

async function untilReady(api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(STEP_TIMEOUT_MS)]);
  for (;;) {
    const { status } = inferenceService.parse(await api.get(`${SERVICES}/${SERVICE}`, limit));
    if (status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true) return;
    await delay(READY_INTERVAL_MS, limit);
  }
}
