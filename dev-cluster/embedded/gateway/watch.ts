/** Keeps the data plane's view up to date with the cluster, and the statuses with the view. */
import type { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type {
  EndpointSlice,
  KubernetesObject,
  Namespace,
  Node,
  Pod,
  Service,
} from '../../../src/clients/kubernetes/model.ts';
import { Reflector } from '../../../src/clients/kubernetes/reflector.ts';
import { delay } from '../../../src/core/base/abort.ts';
import { asError, isAbort } from '../../../src/core/base/errors.ts';
import type { z } from 'zod';
import {
  fromGrpcRoute,
  gateway,
  gatewayClass,
  GATEWAY_API_GROUP,
  grpcRoute,
  httpRoute,
  referenceGrant,
  type Route,
} from './resources.ts';
import type { RunningGateway } from './server.ts';
import { writeStatuses } from './status.ts';
import { buildView, type ClusterObjects } from './view.ts';

/** Changes that come together make one new view. */
const SETTLE_MS = 5;
const FIRST_TRY_MS = 250;

export interface WatchOptions {
  readonly api: KubernetesApi;
  readonly gateway: Pick<RunningGateway, 'dataPlane' | 'serviceListeners'>;
  readonly log: (line: string) => void;
}

/** Runs until the signal aborts. The API server and the Gateway API's resources may come later, and go for a while. */
export async function watchCluster(
  { api, gateway: { dataPlane, serviceListeners }, log }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  const running: Promise<void>[] = [];
  const reflectors: Reflector<KubernetesObject>[] = [];
  let changed = Promise.withResolvers<undefined>();
  const reflect = <T extends KubernetesObject>(path: string): Reflector<T> => {
    const reflector = new Reflector<T>({
      api,
      path,
      onError: (error) => log(`Watching ${path} failed: ${asError(error).message}`),
    });
    reflector.onDidChange(() => changed.resolve(undefined));
    reflectors.push(reflector as unknown as Reflector<KubernetesObject>);
    running.push(
      available(api, path, signal).then(
        () => reflector.run(signal),
        () => undefined,
      ),
    );
    return reflector;
  };
  const gatewayApi = `/apis/${GATEWAY_API_GROUP}`;
  const services = reflect<Service>('/api/v1/services');
  const endpointSlices = reflect<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices');
  const pods = reflect<Pod>('/api/v1/pods');
  const nodes = reflect<Node>('/api/v1/nodes');
  const namespaces = reflect<Namespace>('/api/v1/namespaces');
  const classes = reflect(`${gatewayApi}/v1/gatewayclasses`);
  const gateways = reflect(`${gatewayApi}/v1/gateways`);
  const httpRoutes = reflect(`${gatewayApi}/v1/httproutes`);
  const grpcRoutes = reflect(`${gatewayApi}/v1/grpcroutes`);
  const grants = reflect(`${gatewayApi}/v1beta1/referencegrants`);
  const parse = parser(log);
  const objects = (): ClusterObjects => ({
    services: services.items.values(),
    endpointSlices: endpointSlices.items.values(),
    pods: pods.items.values(),
    nodes: nodes.items.values(),
    namespaces: namespaces.items.values(),
    classes: parse(classes, gatewayClass),
    gateways: parse(gateways, gateway),
    routes: [
      ...parse(httpRoutes, httpRoute).map((route): Route => ({ ...route, kind: 'HTTPRoute' })),
      ...parse(grpcRoutes, grpcRoute).map(fromGrpcRoute),
    ],
    grants: parse(grants, referenceGrant),
  });
  const unseen = new Set(reflectors);
  for (const reflector of reflectors)
    void reflector.synced.then(
      () => {
        unseen.delete(reflector);
        if (unseen.size === 0) log('The cluster is known.');
        changed.resolve(undefined);
      },
      () => undefined,
    );
  const isStopping = (): boolean => signal.aborted;
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  while (!isStopping()) {
    await Promise.race([changed.promise, stopped]);
    await delay(SETTLE_MS, signal).catch(() => undefined);
    if (isStopping()) break;
    changed = Promise.withResolvers();
    const known = objects();
    dataPlane.view = buildView(known);
    serviceListeners.update();
    const uids = new Set([...pods.items.values()].map(({ metadata }) => metadata?.uid));
    dataPlane.metrics.retain((uid) => uids.has(uid), Date.now());
    // Before everything is known a status would say that things are missing which are only not seen yet.
    if (unseen.size > 0) continue;
    try {
      await writeStatuses(api, dataPlane.view, known.classes, signal);
    } catch (error) {
      if (isAbort(error)) break;
      log(`Writing a status failed: ${asError(error).message}`);
      // The API server is away: the statuses are written once it answers again.
      await delay(FIRST_TRY_MS, signal).catch(() => undefined);
      changed.resolve(undefined);
    }
  }
  await Promise.all(running);
}

/** Resolves once the API server has this collection: at first it starts still, and the resource is defined later. */
async function available(api: KubernetesApi, path: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await api.list(path, signal, { limit: 1 });
      return;
    } catch {
      await delay(FIRST_TRY_MS, signal);
    }
  }
}

/** Parsed once per version of an object; one that isn't as expected is left out and said in the log. */
function parser(
  log: (line: string) => void,
): <T>(reflector: Reflector<KubernetesObject>, schema: z.ZodType<T>) => readonly T[] {
  const parsed = new WeakMap<KubernetesObject, { readonly value: unknown }>();
  return <T>(reflector: Reflector<KubernetesObject>, schema: z.ZodType<T>) =>
    [...reflector.items].flatMap(([key, object]) => {
      const known = parsed.get(object);
      if (known !== undefined) return known.value === undefined ? [] : [known.value as T];
      const result = schema.safeParse(object);
      parsed.set(object, { value: result.data });
      if (result.success) return [result.data];
      log(`${object.kind ?? 'An object'} ${key} is left out: ${result.error.message}`);
      return [];
    });
}
