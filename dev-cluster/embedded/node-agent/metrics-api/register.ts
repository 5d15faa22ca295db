/** Tells the API server where `metrics.k8s.io` is, and who may read it. */
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import { GROUP, VERSION } from './metrics.ts';

const NAMESPACE = 'kube-system';
const SERVICE = 'slipway-metrics';

/** The name that the API server expects in the certificate. */
export const SERVICE_HOST = `${SERVICE}.${NAMESPACE}.svc`;

const FIELD_MANAGER = 'slipway-node-agent';

/** Server-side apply: as often as one likes. */
export async function register(
  api: KubernetesApi,
  port: number,
  authority: Buffer,
  signal: AbortSignal,
): Promise<void> {
  await api.apply(
    `/apis/rbac.authorization.k8s.io/v1/clusterroles/system:aggregated-metrics-reader`,
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: {
        name: 'system:aggregated-metrics-reader',
        labels: {
          'rbac.authorization.k8s.io/aggregate-to-view': 'true',
          'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
          'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
        },
      },
      rules: [{ apiGroups: [GROUP], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
    FIELD_MANAGER,
    signal,
  );
  // A Service of this type needs no endpoints, and EndpointSlices take no loopback address.
  await api.apply(
    `/api/v1/namespaces/${NAMESPACE}/services/${SERVICE}`,
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: SERVICE, namespace: NAMESPACE },
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ name: 'https', port }] },
    },
    FIELD_MANAGER,
    signal,
  );
  await api.apply(
    `/apis/apiregistration.k8s.io/v1/apiservices/${VERSION}.${GROUP}`,
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${VERSION}.${GROUP}` },
      spec: {
        group: GROUP,
        version: VERSION,
        service: { namespace: NAMESPACE, name: SERVICE, port },
        caBundle: authority.toString('base64'),
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
    FIELD_MANAGER,
    signal,
  );
}
