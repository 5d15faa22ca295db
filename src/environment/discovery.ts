/** Looks for Kubeflow's parts in a cluster that somebody else runs, by the names and labels that upstream gives them. */
import type { KubernetesApi } from '../clients/kubernetes/api.ts';
import type { Service } from '../clients/kubernetes/model.ts';
import { HttpError, type HttpEndpoint } from '../clients/http.ts';
import type { Part, ServicePort } from './environment.ts';

interface Known {
  readonly name: string;
  /** Of Services, the likeliest first. */
  readonly services: readonly string[];
  readonly labels: readonly (readonly [string, string | undefined])[];
  readonly ports: readonly (string | number)[];
}

const knownServices: readonly Known[] = [
  { name: 'kfp', services: ['ml-pipeline'], labels: [], ports: ['http', 8888] },
  {
    name: 'mlflow',
    services: ['mlflow', 'mlflow-tracking', 'mlflow-server', 'mlflow-tracking-server'],
    labels: [['app.kubernetes.io/name', 'mlflow']],
    ports: ['http', 5000, 80],
  },
  {
    name: 'gateway',
    services: ['kserve-ingress-gateway', 'istio-ingressgateway', 'kubeflow-gateway-istio'],
    labels: [
      ['istio', 'ingressgateway'],
      ['gateway.networking.k8s.io/gateway-name', undefined],
    ],
    ports: ['http2', 'http', 80],
  },
  {
    name: 's3',
    services: ['minio-service', 'seaweedfs', 'seaweedfs-s3', 'minio'],
    labels: [],
    ports: ['http', 's3', 9000, 8333],
  },
  {
    name: 'feast',
    services: ['feast-feature-server', 'feast-online'],
    labels: [['app.kubernetes.io/name', 'feast-feature-server']],
    ports: ['http', 6566, 80],
  },
  {
    name: 'prometheus',
    services: ['prometheus-server', 'prometheus-k8s', 'prometheus-operated', 'prometheus'],
    labels: [['app.kubernetes.io/name', 'prometheus']],
    ports: ['http', 'web', 'http-web', 9090, 80],
  },
];

/** Parts that have no address of their own: their API group says that they are installed. */
const knownGroups: readonly { readonly name: string; readonly group: string }[] = [
  { name: 'kserve', group: 'serving.kserve.io' },
  { name: 'trainer', group: 'trainer.kubeflow.org' },
  { name: 'jobset', group: 'jobset.x-k8s.io' },
];

export interface Discovery {
  readonly parts: readonly Part[];
  readonly kfp: ServicePort | undefined;
}

/**
 * `namespaces` are asked one by one where Services may not be listed everywhere. Rejects when the API server can't be
 * reached; a part that isn't there is no failure.
 */
export async function discover(
  api: KubernetesApi,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Discovery> {
  const [groups, { services, searched }] = await Promise.all([
    apiGroups(api, signal),
    listServices(api, namespaces, signal),
  ]);
  const parts = [
    ...knownServices.map((known) => partOf(known, services, searched)),
    ...knownGroups.map(({ name, group }) => ({
      name,
      isFound: groups.has(group),
      where: groups.has(group) ? `API group ${group}` : `The cluster has no API group ${group}.`,
      service: undefined,
    })),
  ];
  return { parts, kfp: parts.find(({ name }) => name === 'kfp')?.service };
}

/** The service by the API server's own proxy: no tunnel, and the credential is the cluster's. */
export function proxiedEndpoint(
  api: KubernetesApi,
  target: ServicePort,
  label: string,
  server: string,
): HttpEndpoint {
  const { namespace, service, port } = target;
  return {
    url: `${server}/api/v1/namespaces/${namespace}/services/http:${service}:${port}/proxy`,
    token: undefined,
    label,
    authenticate: () => api.endpoint(),
  };
}

async function apiGroups(api: KubernetesApi, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const list = await api.get<{ readonly groups?: readonly { readonly name: string }[] }>('/apis', signal);
  return new Set((list.groups ?? []).map(({ name }) => name));
}

async function listServices(
  api: KubernetesApi,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly services: readonly Service[]; readonly searched: string }> {
  try {
    const { items } = await api.list<Service>('/api/v1/services', signal);
    return { services: items, searched: 'any namespace' };
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 403) throw error;
  }
  const lists = await Promise.allSettled(
    namespaces.map((namespace) => api.list<Service>(`/api/v1/namespaces/${namespace}/services`, signal)),
  );
  return {
    services: lists.flatMap((list) => (list.status === 'fulfilled' ? list.value.items : [])),
    searched: `the namespaces you may read (${namespaces.join(', ')})`,
  };
}

function partOf(known: Known, services: readonly Service[], searched: string): Part {
  const found =
    known.services
      .map((name) => preferKubeflow(services.filter(({ metadata }) => metadata?.name === name)))
      .find((service) => service !== undefined) ??
    preferKubeflow(
      services.filter(({ metadata }) =>
        known.labels.some(([key, value]) => {
          const label = metadata?.labels?.[key];
          return label !== undefined && (value === undefined || label === value);
        }),
      ),
    );
  const port = found?.spec?.ports === undefined ? undefined : choosePort(found.spec.ports, known.ports);
  const name = found?.metadata?.name;
  const namespace = found?.metadata?.namespace;
  if (port === undefined || name === undefined || namespace === undefined)
    return {
      name: known.name,
      isFound: false,
      where: `No Service ${known.services.slice(0, 2).join(' or ')} in ${searched}.`,
      service: undefined,
    };
  return {
    name: known.name,
    isFound: true,
    where: `Service ${name} in namespace ${namespace}, through the API server`,
    service: { namespace, service: name, port },
  };
}

function preferKubeflow(services: readonly Service[]): Service | undefined {
  return services.find(({ metadata }) => metadata?.namespace === 'kubeflow') ?? services[0];
}

function choosePort(
  ports: readonly { readonly name?: string; readonly port: number }[],
  wanted: readonly (string | number)[],
): number | undefined {
  for (const one of wanted) {
    const match = ports.find(({ name, port }) => name === one || port === one);
    if (match !== undefined) return match.port;
  }
  return ports[0]?.port;
}
