/** A node's kubelet API, as the API server asks it: logs, exec, attach, port-forward, statistics. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asError, isAbort } from '../../../../src/core/base/errors.ts';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import { slipwayHome } from '../../../../src/clients/embedded.ts';
import { issueCertificate } from '../../control-plane/pki.ts';
import { stablePort } from '../../ports.ts';
import type { ContainerRuntime, PodDirectory, PodRuntime } from '../contract.ts';
import type { UsageMeter } from '../usageMeter.ts';
import { attachToContainer } from './attach.ts';
import { refusal } from './authorize.ts';
import { execInContainer } from './exec.ts';
import { logOptions, logSource } from './logRequest.ts';
import { forwardPorts } from './portForward.ts';
import { openRemoteStreams, streamOptions } from './remoteStreams.ts';
import { cadvisorMetrics, resourceMetrics, summary, type NodeStatistics } from './statistics.ts';
import { RefusedRequest, refuseUpgrade } from './upgrade.ts';

export interface KubeletApiOptions {
  readonly nodeName: string;
  /** The node's InternalIP. */
  readonly ip: string;
  /** Of this node only. */
  readonly pods: PodDirectory;
  readonly meter: UsageMeter;
  /** Asked who may use this API, when it isn't the API server itself. */
  readonly api: KubernetesApi;
  readonly signal: AbortSignal;
  /** For what goes wrong after the answer has begun. */
  readonly onError: (error: unknown) => void;
  readonly home?: string;
}

/** As the kubelet's `streaming-connection-idle-timeout`. */
const IDLE_MS = 4 * 60 * 60 * 1000;

/** Listens on 127.0.0.1, at the same port at each start, until the signal aborts. */
export async function startKubeletApi(options: KubeletApiOptions): Promise<{ readonly port: number }> {
  const { nodeName, ip, signal, home = slipwayHome() } = options;
  const name = `kubelet-${nodeName}`;
  const files = await issueCertificate(
    { name, commonName: name, hosts: [nodeName, ip, '127.0.0.1'], signal },
    home,
  );
  const [cert, key, ca] = await Promise.all([files.cert, files.key, files.ca].map((path) => readFile(path)));
  const node = new KubeletServer(options, home);
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false });
  server.on('request', (request, response) => void node.answer(request, response));
  server.on('upgrade', (request, socket, head) => void node.upgrade(request, socket, head));
  const port = await stablePort(name, signal, { home });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening', { signal });
  server.on('error', options.onError);
  signal.addEventListener('abort', () => {
    server.close();
    server.closeAllConnections();
  });
  return { port };
}

class KubeletServer {
  readonly #options: KubeletApiOptions;
  readonly #statistics: NodeStatistics;

  constructor(options: KubeletApiOptions, folder: string) {
    this.#options = options;
    const { nodeName, pods, meter } = options;
    this.#statistics = { nodeName, startedAt: Date.now(), pods, meter, folder };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#options.signal]);
    try {
      const url = new URL(request.url ?? '/', 'https://node');
      const status = await this.#refusal(request, url.pathname, signal);
      if (status !== undefined) send(response, status, status === 401 ? 'Unauthorized' : 'Forbidden');
      else await this.#route(request, response, url, signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) response.destroy();
      else if (response.headersSent) {
        this.#options.onError(error);
        response.destroy();
      } else if (error instanceof RefusedRequest) send(response, error.status, error.message);
      else {
        this.#options.onError(error);
        send(response, 500, asError(error).message);
      }
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => undefined); // It closes, which is all there is to know.
    const { signal } = this.#options;
    try {
      const url = new URL(request.url ?? '/', 'https://node');
      const status = await this.#refusal(request, url.pathname, signal);
      if (status !== undefined)
        throw new RefusedRequest(status, status === 401 ? 'Unauthorized' : 'Forbidden');
      request.socket.setTimeout(IDLE_MS, () => socket.destroy());
      await this.#stream(request, socket, head, url);
    } catch (error) {
      if (error instanceof RefusedRequest) refuseUpgrade(socket, error.status, error.message);
      else {
        if (!isAbort(error) && !socket.destroyed) this.#options.onError(error);
        socket.destroy();
      }
    }
  }

  async #refusal(
    request: IncomingMessage,
    path: string,
    signal: AbortSignal,
  ): Promise<401 | 403 | undefined> {
    return refusal(request, path, this.#options.nodeName, this.#options.api, signal);
  }

  async #route(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    signal: AbortSignal,
  ): Promise<void> {
    const [first = '', ...rest] = pathSegments(url);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, 'Method Not Allowed');
      return;
    }
    switch ([first, ...(first === 'containerLogs' ? [] : rest)].join('/')) {
      case 'healthz':
      case 'healthz/ping':
        send(response, 200, 'ok');
        return;
      case 'containerLogs':
        return this.#logs(response, rest, url.searchParams, signal);
      case 'pods':
      case 'runningpods/':
      case 'runningpods':
        sendJson(response, {
          kind: 'PodList',
          apiVersion: 'v1',
          metadata: {},
          items: Array.from(this.#options.pods.all(), ({ pod }) => pod),
        });
        return;
      case 'stats/summary':
      case 'stats/summary/':
        sendJson(response, await summary(this.#statistics));
        return;
      case 'metrics/resource':
        sendMetrics(response, resourceMetrics(this.#statistics));
        return;
      case 'metrics/cadvisor':
        sendMetrics(response, cadvisorMetrics(this.#statistics));
        return;
      default:
        send(response, 404, `There is no ${url.pathname} here.`);
        return;
    }
  }

  async #logs(
    response: ServerResponse,
    segments: readonly string[],
    query: URLSearchParams,
    signal: AbortSignal,
  ): Promise<void> {
    const [namespace = '', name = '', containerName = ''] = segments;
    const options = logOptions(query);
    const pod = this.#pod(namespace, name);
    const output = logSource(pod, containerName, options, signal);
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    response.flushHeaders();
    await pipeline(Readable.from(output), response);
  }

  async #stream(request: IncomingMessage, socket: Duplex, head: Buffer, url: URL): Promise<void> {
    const { signal } = this.#options;
    const [action, namespace = '', name = '', ...rest] = pathSegments(url);
    const query = url.searchParams;
    if (action === 'portForward') {
      const pod = this.#pod(namespace, name, rest[0]);
      return forwardPorts(pod, request, socket, head, { query, signal });
    }
    if (action !== 'exec' && action !== 'attach')
      throw new RefusedRequest(404, `There is no ${url.pathname} here.`);
    const containerName = rest.at(-1) ?? '';
    const container = runningContainer(this.#pod(namespace, name, rest.at(-2)), containerName);
    const options = streamOptions(query);
    const words = query.getAll('command');
    if (action === 'exec' && words.length === 0) throw new RefusedRequest(400, 'you must specify a command');
    const streams = await openRemoteStreams(request, socket, head, options);
    return action === 'exec'
      ? execInContainer(container, words, streams, options, signal)
      : attachToContainer(container, streams, signal);
  }

  #pod(namespace: string, name: string, uid?: string): PodRuntime {
    const pod = this.#options.pods.find(namespace, name);
    if (pod === undefined || (uid !== undefined && pod.pod.metadata?.uid !== uid))
      throw new RefusedRequest(404, `pod "${name}" does not exist`);
    return pod;
  }
}

function runningContainer(pod: PodRuntime, name: string): ContainerRuntime {
  const container = pod.containers.get(name);
  if (container === undefined) throw new RefusedRequest(404, `container not found ("${name}")`);
  if (!container.isRunning) throw new RefusedRequest(400, `container "${name}" is not running`);
  return container;
}

function pathSegments(url: URL): readonly string[] {
  return url.pathname.split('/').slice(1).map(decodeURIComponent);
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function sendMetrics(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
}
