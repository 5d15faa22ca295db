/**
 * `metrics.k8s.io` as an aggregated API: `kubectl top` and the horizontal pod autoscaler ask the API server, which asks here.
 * It has already checked who asks and whether they may; so only it is let in, by its front-proxy certificate.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { slipwayHome } from '../../../../src/clients/embedded.ts';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { ConfigMap } from '../../../../src/clients/kubernetes/model.ts';
import { issueCertificate } from '../../control-plane/pki.ts';
import { stablePort } from '../../ports.ts';
import type { UsageMeter } from '../usageMeter.ts';
import {
  GROUP,
  GROUP_VERSION,
  nodeMetrics,
  podMetrics,
  VERSION,
  type MeteredNode,
  type NodeMetrics,
  type PodMetrics,
} from './metrics.ts';
import { register, SERVICE_HOST } from './register.ts';
import { labelSelector } from './selector.ts';

export interface MetricsApiOptions {
  readonly nodes: () => Iterable<MeteredNode>;
  readonly meter: UsageMeter;
  /** Must be allowed to read `kube-system/extension-apiserver-authentication` and to apply the registration. */
  readonly api: KubernetesApi;
  readonly signal: AbortSignal;
  readonly home?: string;
}

const PORT_NAME = 'metrics-api';
const allowedNames = z.array(z.string());

/** Listens on 127.0.0.1 until the signal aborts, and is registered with the API server, which must be up. */
export async function startMetricsApi(options: MetricsApiOptions): Promise<{ readonly port: number }> {
  const { api, signal, home = slipwayHome() } = options;
  const files = await issueCertificate(
    { name: PORT_NAME, commonName: PORT_NAME, hosts: [SERVICE_HOST, 'localhost', '127.0.0.1'], signal },
    home,
  );
  const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
  const { data = {} } = await api.get<ConfigMap>(
    '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
    signal,
  );
  const ca = data['requestheader-client-ca-file'];
  if (ca === undefined) throw new Error('The API server names no authority of its front proxy.');
  const names = allowedNames.parse(JSON.parse(data['requestheader-allowed-names'] ?? '[]'));
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false });
  server.on('request', (request, response) => {
    if (isFrontProxy(request, names)) answer(request, response, options);
    else sendStatus(response, 401, 'Unauthorized', 'Unauthorized');
  });
  const port = await stablePort(PORT_NAME, signal, { home });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening', { signal });
  signal.addEventListener('abort', () => {
    server.close();
    server.closeAllConnections();
  });
  await register(api, port, await readFile(files.ca), signal);
  return { port };
}

/** Without names, every certificate of the authority is the front proxy's. */
function isFrontProxy({ socket }: IncomingMessage, names: readonly string[]): boolean {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
  const { CN } = socket.getPeerCertificate().subject as { CN?: string | string[] };
  return names.length === 0 || [CN ?? []].flat().some((name) => names.includes(name));
}

function answer(request: IncomingMessage, response: ServerResponse, options: MetricsApiOptions): void {
  const url = new URL(request.url ?? '/', 'https://metrics');
  const path = url.pathname.replace(/\/$/, '');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendStatus(response, 405, 'MethodNotAllowed', 'Metrics can only be read.');
    return;
  }
  const document = DISCOVERY[path];
  if (document !== undefined) {
    sendJson(response, 200, document);
    return;
  }
  if (['/healthz', '/livez', '/readyz'].includes(path)) {
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok');
    return;
  }
  const [nodes, node] = match(/^\/nodes(?:\/([^/]+))?$/, path);
  if (nodes !== undefined) {
    sendNodes(response, url, node, options);
    return;
  }
  const [pods, namespace, pod] = match(/^(?:\/namespaces\/([^/]+))?\/pods(?:\/([^/]+))?$/, path);
  if (pods !== undefined && (namespace !== undefined || pod === undefined))
    sendPods(response, url, { namespace, name: pod }, options);
  else sendStatus(response, 404, 'NotFound', 'the server could not find the requested resource');
}

function match(form: RegExp, path: string): readonly (string | undefined)[] {
  const prefix = `/apis/${GROUP_VERSION}`;
  const found = path.startsWith(prefix) ? form.exec(path.slice(prefix.length)) : null;
  return (found ?? []).map((part: string | undefined) =>
    part === undefined ? undefined : decodeURIComponent(part),
  );
}

function sendNodes(
  response: ServerResponse,
  url: URL,
  name: string | undefined,
  { nodes, meter }: MetricsApiOptions,
): void {
  const all = Array.from(nodes(), (node) => nodeMetrics(node, meter));
  if (name === undefined) sendList(response, url, 'NodeMetricsList', all);
  else
    sendOne(
      response,
      `nodemetrics.${GROUP} "${name}"`,
      all.find(({ metadata }) => metadata.name === name),
    );
}

function sendPods(
  response: ServerResponse,
  url: URL,
  { namespace, name }: { readonly namespace: string | undefined; readonly name: string | undefined },
  { nodes, meter }: MetricsApiOptions,
): void {
  const all = Array.from(nodes()).flatMap(({ pods }) =>
    Array.from(pods.all()).flatMap((pod) => {
      const { metadata } = pod.pod;
      if (namespace !== undefined && metadata?.namespace !== namespace) return [];
      if (name !== undefined && metadata?.name !== name) return [];
      return podMetrics(pod, meter) ?? [];
    }),
  );
  if (name === undefined) sendList(response, url, 'PodMetricsList', all);
  else sendOne(response, `podmetrics.${GROUP} "${namespace ?? ''}/${name}"`, all[0]);
}

function sendList(
  response: ServerResponse,
  url: URL,
  kind: string,
  all: readonly (NodeMetrics | PodMetrics)[],
): void {
  const selects = labelSelector(url.searchParams.get('labelSelector') ?? '');
  if (selects === undefined) {
    sendStatus(response, 400, 'BadRequest', 'unable to parse the labelSelector');
    return;
  }
  const fields = (url.searchParams.get('fieldSelector') ?? '').split(',').filter((field) => field !== '');
  const items = all.filter(
    ({ metadata }) =>
      selects(metadata.labels ?? {}) &&
      fields.every((field) => {
        const [, path = '', value = ''] = /^metadata\.(name|namespace)==?(.*)$/.exec(field) ?? [];
        return metadata[path as 'name' | 'namespace'] === value;
      }),
  );
  sendJson(response, 200, { kind, apiVersion: GROUP_VERSION, metadata: {}, items });
}

function sendOne(response: ServerResponse, what: string, found: NodeMetrics | PodMetrics | undefined): void {
  if (found === undefined) sendStatus(response, 404, 'NotFound', `${what} not found`);
  else sendJson(response, 200, found);
}

function sendStatus(response: ServerResponse, code: number, reason: string, message: string): void {
  sendJson(response, code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

const version = { groupVersion: GROUP_VERSION, version: VERSION };
const group = { name: GROUP, versions: [version], preferredVersion: version };
const verbs = ['get', 'list'];

const DISCOVERY: Readonly<Record<string, unknown>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] },
  [`/apis/${GROUP}`]: { kind: 'APIGroup', apiVersion: 'v1', ...group },
  [`/apis/${GROUP_VERSION}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: GROUP_VERSION,
    resources: [
      { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs },
      { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs },
    ],
  },
};
