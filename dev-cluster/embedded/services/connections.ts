/** What pods need to reach the services: Secrets in the namespaces where people work. */
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type { Secret, ServiceAccount } from '../../../src/clients/kubernetes/model.ts';
import { toolEnvironment } from '../../../src/clients/toolEnvironment.ts';
import { KUBE_APISERVER } from '../control-plane/apiServer.ts';
import { CRDS } from '../control-plane/crds.ts';
import { adminKubeconfig } from '../control-plane/kubeconfig.ts';
import type { Component } from '../supervisor/component.ts';
import { POSTGRES } from './addresses.ts';
import { feastEndpoints } from './feastEndpoints.ts';
import { MLFLOW, mlflowEndpoint } from './mlflow.ts';
import { REDIS, redisEndpoint } from './redis.ts';
import { OBJECT_STORE, objectStoreEndpoint } from './s3.ts';

export const CONNECTIONS = 'connections';
const NAMESPACES = ['default', 'kubeflow'];
const S3_SECRET = 'slipway-s3';
const FIELD_MANAGER = 'slipway-connections';

export const connections: Component = {
  name: CONNECTIONS,
  version: '1',
  dependsOn: [KUBE_APISERVER, CRDS, OBJECT_STORE, MLFLOW, POSTGRES, REDIS],
  isNeeded: false,
  start: {
    kind: 'task',
    run: async (report, signal) => {
      report('Handing the services’ addresses to pods');
      const api = KubernetesApi.fromFile(await adminKubeconfig(signal));
      for (const namespace of NAMESPACES) await applyIn(namespace, api, signal);
    },
  },
};

async function applyIn(namespace: string, api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const s3 = await objectStoreEndpoint(signal);
  const { host } = new URL(s3.url);
  const variables = toolEnvironment({
    version: 1,
    supervisorPid: process.pid,
    s3,
    mlflow: await mlflowEndpoint(signal),
    redis: await redisEndpoint(signal),
    feast: await feastEndpoints(signal),
  });
  const secrets: readonly Secret[] = [
    // For `envFrom`.
    secret('slipway-connections', variables),
    // As KServe's storage-initializer wants it.
    secret(
      S3_SECRET,
      { AWS_ACCESS_KEY_ID: s3.accessKey, AWS_SECRET_ACCESS_KEY: s3.secretKey },
      {
        'serving.kserve.io/s3-endpoint': host,
        'serving.kserve.io/s3-usehttps': '0',
        'serving.kserve.io/s3-region': s3.region,
        'serving.kserve.io/s3-usevirtualbucket': '0',
        'serving.kserve.io/s3-useanoncredential': 'false',
      },
    ),
    // As KFP's own manifests name it.
    secret('mlpipeline-minio-artifact', { accesskey: s3.accessKey, secretkey: s3.secretKey }),
  ];
  const path = `/api/v1/namespaces/${namespace}`;
  for (const object of secrets)
    await api.apply(`${path}/secrets/${object.metadata?.name ?? ''}`, object, FIELD_MANAGER, signal);
  // KServe looks for credentials there.
  const account: ServiceAccount = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
    secrets: [{ name: S3_SECRET }],
  };
  await api.apply(`${path}/serviceaccounts/default`, account, FIELD_MANAGER, signal);
}

function secret(
  name: string,
  stringData: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>> = {},
): Secret {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, annotations }, stringData };
}
