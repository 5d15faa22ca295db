/** One request to a Service's endpoints and its response back: attempts, limits, mirrors, trailers, counting. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { PodIdentity, Target } from './addresses.ts';
import { headerObject, modifyHeaders, responseHeaders, type HeaderList } from './headers.ts';
import type { GatewayMetrics, Observation, ResponseFlags } from './metrics.ts';
import type { HeaderModifier } from './resources.ts';
import type { CompiledRetry } from './rules.ts';
import type { ServicePort } from './services.ts';
import type { UpstreamCall, UpstreamPool, UpstreamResponse } from './upstream.ts';

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

export interface ExchangePlan {
  readonly servicePort: ServicePort;
  readonly path: string;
  readonly headers: HeaderList;
  readonly responseModifiers: readonly HeaderModifier[];
  readonly requestTimeoutMs: number | undefined;
  readonly backendTimeoutMs: number | undefined;
  readonly retry: CompiledRetry | undefined;
  readonly mirrors: readonly { readonly servicePort: ServicePort; readonly headers: HeaderList }[];
  readonly source: Observation['source'];
}

/** Bodies up to this many bytes are kept for a retry or a mirror; larger ones get neither. */
const MOST_KEPT_BYTES = 4 * 1024 * 1024;
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

export function isGrpc(request: Incoming): boolean {
  return request.headers['content-type']?.startsWith('application/grpc') === true;
}

export class Exchange {
  readonly #request: Incoming;
  readonly #response: Outgoing;
  readonly #plan: ExchangePlan;
  readonly #pool: UpstreamPool;
  readonly #metrics: GatewayMetrics | undefined;
  readonly #started = performance.now();
  readonly #body: RequestBody;
  readonly #endpoints: readonly Target[];
  #next = 0;
  #retriesLeft: number;
  #hasTriedAgain = false;
  #call: UpstreamCall | undefined;
  #pod: PodIdentity | undefined;
  #isDone = false;
  #requestTimer: NodeJS.Timeout | undefined;
  #attemptTimer: NodeJS.Timeout | undefined;
  #responseBytes = 0;

  constructor(
    request: Incoming,
    response: Outgoing,
    plan: ExchangePlan,
    pool: UpstreamPool,
    metrics: GatewayMetrics | undefined,
  ) {
    this.#request = request;
    this.#response = response;
    this.#plan = plan;
    this.#pool = pool;
    this.#metrics = metrics;
    this.#retriesLeft = plan.retry?.attempts ?? 0;
    this.#body = new RequestBody(request, plan.retry !== undefined || plan.mirrors.length > 0);
    this.#endpoints = pool.order(plan.servicePort.endpoints, plan.servicePort.cursor());
  }

  start(): void {
    const { requestTimeoutMs, mirrors } = this.#plan;
    this.#response.once('close', () => this.#onClientClosed());
    if (requestTimeoutMs !== undefined)
      this.#requestTimer = setTimeout(() => this.#fail(504, 'UT', this.#lateMessage()), requestTimeoutMs);
    for (const { servicePort, headers } of mirrors)
      this.#body.onKept((chunks) => this.#mirror(servicePort, headers, chunks));
    this.#attempt();
  }

  #attempt(): void {
    const target = this.#endpoints[this.#next];
    const { servicePort, path, headers, backendTimeoutMs } = this.#plan;
    if (target === undefined) {
      this.#fail(503, 'UH', noEndpoints(servicePort));
      return;
    }
    const { method = 'GET' } = this.#request;
    if (backendTimeoutMs !== undefined)
      this.#attemptTimer = setTimeout(() => this.#onAttemptTimeout(), backendTimeoutMs);
    const protocol = isGrpc(this.#request) ? 'h2c' : servicePort.protocol;
    let isCurrent = true;
    try {
      this.#call = this.#pool.send(
        target,
        protocol,
        { method, path, headers },
        {
          onReady: (body) => {
            if (this.#isDone || !isCurrent) return;
            this.#pod = target.pod;
            this.#body.sendTo(body);
          },
          onResponse: (response) => {
            if (this.#isDone || !isCurrent) response.body.destroy();
            else this.#onResponse(response);
          },
          onError: (error, isUnsent) => {
            if (this.#isDone || !isCurrent) return;
            isCurrent = false;
            this.#onError(target, error, isUnsent);
          },
        },
      );
    } catch (error) {
      // Node refuses what can't go over the wire, e.g. a path with a line break.
      this.#fail(400, '-', `The request can't be passed on: ${error instanceof Error ? error.message : ''}`);
    }
  }

  #onError(target: Target, error: Error, isUnsent: boolean): void {
    clearTimeout(this.#attemptTimer);
    const { servicePort } = this.#plan;
    if (isUnsent) {
      this.#pool.markRefused(target);
      this.#next += 1;
      if (this.#next < this.#endpoints.length) {
        this.#attempt();
        return;
      }
      this.#next = 0;
      if (this.#retry()) return;
      this.#fail(503, 'UF', refused(servicePort, target, error));
      return;
    }
    if (this.#retry()) return;
    // The kept connection may have been closed by the server just as the request went out.
    const { method = 'GET' } = this.#request;
    if (isReset(error) && IDEMPOTENT.has(method) && !this.#body.exists && !this.#hasTriedAgain) {
      this.#hasTriedAgain = true;
      this.#attempt();
      return;
    }
    this.#fail(
      502,
      'UC',
      `${label(servicePort)} closed the connection without a response (${error.message}).`,
    );
  }

  /** False when none is left. */
  #retry(): boolean {
    const { retry } = this.#plan;
    if (retry === undefined || this.#retriesLeft <= 0 || !this.#body.canReplay) return false;
    const tried = retry.attempts - this.#retriesLeft;
    this.#retriesLeft -= 1;
    this.#next = this.#endpoints.length === 0 ? 0 : (this.#next + 1) % this.#endpoints.length;
    this.#attemptTimer = setTimeout(
      () => {
        if (!this.#isDone) this.#attempt();
      },
      retry.backoffMs * 2 ** tried,
    );
    return true;
  }

  #onAttemptTimeout(): void {
    this.#call?.abort();
    if (this.#response.headersSent || !this.#retry()) this.#fail(504, 'UT', this.#lateMessage());
  }

  #onResponse(upstream: UpstreamResponse): void {
    const { retry, responseModifiers } = this.#plan;
    if (retry?.codes.has(upstream.status) === true && this.#retriesLeft > 0 && this.#body.canReplay) {
      clearTimeout(this.#attemptTimer);
      upstream.body.on('error', () => undefined).resume();
      this.#retry();
      return;
    }
    const headers = modifyHeaders(responseHeaders(upstream.rawHeaders), responseModifiers);
    if (upstream.isHeadersOnly) {
      endWithHead(this.#response, upstream.status, headers);
      upstream.body.on('error', () => undefined).resume();
      this.#finish(upstream.status, '-');
      return;
    }
    writeHead(this.#response, upstream.status, headers);
    this.#relay(upstream);
  }

  #relay({ body, trailers, status }: UpstreamResponse): void {
    const response = this.#response as ServerResponse;
    body.on('data', (chunk: Buffer) => {
      this.#responseBytes += chunk.length;
      if (!response.write(chunk)) body.pause();
    });
    response.on('drain', () => body.resume());
    body.once('end', () => {
      if (this.#isDone) return;
      const ended = trailers();
      if (ended.length > 0) response.addTrailers(headerObject(ended));
      response.end();
      this.#finish(status, '-');
    });
    const broken = (): void => {
      if (!this.#isDone) this.#fail(502, 'UC', '');
    };
    body.once('error', broken);
    body.once('close', broken);
  }

  #onClientClosed(): void {
    if (!this.#isDone) this.#finish(0, 'DC');
  }

  #lateMessage(): string {
    return `${label(this.#plan.servicePort)} didn't answer within the route's time limit.`;
  }

  /** A response of the gateway's own; when the backend's has begun, the connection breaks instead. */
  #fail(code: number, flags: ResponseFlags, message: string): void {
    if (this.#isDone) return;
    if (this.#response.headersSent) breakOff(this.#response);
    else respond(this.#request, this.#response, code, message);
    this.#finish(code, flags);
  }

  #finish(code: number, flags: ResponseFlags): void {
    this.#isDone = true;
    clearTimeout(this.#requestTimer);
    clearTimeout(this.#attemptTimer);
    if (flags !== '-') this.#call?.abort();
    this.#body.stop();
    const { servicePort, source } = this.#plan;
    this.#metrics?.observe({
      source,
      servicePort,
      pod: this.#pod,
      code,
      flags,
      protocol: isGrpc(this.#request) ? 'grpc' : 'http',
      durationMs: performance.now() - this.#started,
      requestBytes: this.#body.bytes,
      responseBytes: this.#responseBytes,
    });
  }

  /** Sent when the request's body is whole; nobody waits for the answer. */
  #mirror(servicePort: ServicePort, headers: HeaderList, chunks: readonly Buffer[]): void {
    const [target] = this.#pool.order(servicePort.endpoints, servicePort.cursor());
    if (target === undefined) return;
    const message = { method: this.#request.method ?? 'GET', path: this.#plan.path, headers };
    this.#pool.send(target, servicePort.protocol, message, {
      onReady: (body) => {
        for (const chunk of chunks) body.write(chunk);
        body.end();
      },
      onResponse: ({ body }) => body.on('error', () => undefined).resume(),
      onError: () => undefined,
    });
  }
}

function label({ service, port }: ServicePort): string {
  return `The Service ${service.namespace}/${service.name} (port ${port})`;
}

function noEndpoints(servicePort: ServicePort): string {
  const { namespace, name } = servicePort.service;
  return `${label(servicePort)} has no ready endpoint: see "kubectl -n ${namespace} get pods,endpointslices" for what ${name} waits for, or start it.`;
}

function refused(servicePort: ServicePort, target: Target, error: Error): string {
  const pod = target.pod === undefined ? `${target.host}:${target.port}` : `its pod ${target.pod.name}`;
  return `${label(servicePort)} can't be reached: ${pod} takes no connections (${error.message}). See "kubectl -n ${servicePort.service.namespace} get pods".`;
}

function isReset(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

export function writeHead(response: Outgoing, status: number, headers: HeaderList): void {
  if ('stream' in response) response.writeHead(status, headerObject(headers));
  else response.writeHead(status, headers);
}

/** A response without a body, and in HTTP/2 without the empty frame that `end` would send for one. */
function endWithHead(response: Outgoing, status: number, headers: HeaderList): void {
  if ('stream' in response)
    response.stream.respond({ ':status': status, ...headerObject(headers) }, { endStream: true });
  else response.writeHead(status, headers).end();
}

const GRPC_STATUS: Readonly<Record<number, number>> = { 400: 13, 404: 12, 502: 14, 503: 14, 504: 14 };
const GRPC_UNKNOWN = 2;

/** A response of the gateway's own: a sentence; for gRPC a status. */
export function respond(request: Incoming, response: Outgoing, code: number, message: string): void {
  if (isGrpc(request)) {
    const status = String(GRPC_STATUS[code] ?? GRPC_UNKNOWN);
    const text = encodeURIComponent(message);
    const grpc = ['content-type', 'application/grpc', 'grpc-status', status, 'grpc-message', text];
    endWithHead(response, 200, grpc);
    return;
  }
  const text = message === '' ? '' : `${message}\n`;
  writeHead(response, code, [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(text)),
  ]);
  response.end(text);
}

function breakOff(response: Outgoing): void {
  if ('stream' in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** The request's body, sent as it comes; kept as well when it may have to be sent again. */
class RequestBody {
  readonly exists: boolean;
  bytes = 0;
  readonly #request: Incoming;
  readonly #kept: Buffer[] = [];
  readonly #listeners: ((chunks: readonly Buffer[]) => void)[] = [];
  #isKept: boolean;
  #isReading = false;
  #hasEnded = false;
  #sink: Writable | undefined;

  constructor(request: Incoming, isKept: boolean) {
    this.#request = request;
    this.#isKept = isKept;
    this.exists = hasBody(request);
  }

  get canReplay(): boolean {
    return !this.exists || this.#isKept;
  }

  /** Called with the whole body when it has come; never when it is too large to keep. */
  onKept(listener: (chunks: readonly Buffer[]) => void): void {
    this.#listeners.push(listener);
  }

  sendTo(sink: Writable): void {
    this.#sink = sink;
    if (!this.exists) {
      sink.end();
      this.#announce();
      return;
    }
    for (const chunk of this.#kept) sink.write(chunk);
    if (this.#hasEnded) sink.end();
    sink.on('drain', () => {
      if (this.#sink === sink) this.#request.resume();
    });
    if (this.#isReading) this.#request.resume();
    else this.#read(this.#request);
  }

  /** Nobody wants the rest: it is read and dropped, so that the connection can go on. */
  stop(): void {
    this.#sink = undefined;
    if (this.exists && !this.#hasEnded) this.#request.resume();
  }

  #read(request: Readable): void {
    this.#isReading = true;
    request.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (this.bytes > MOST_KEPT_BYTES) {
        this.#isKept = false;
        this.#kept.length = 0;
      }
      if (this.#isKept) this.#kept.push(chunk);
      if (this.#sink?.destroyed === false && !this.#sink.write(chunk)) request.pause();
    });
    request.once('end', () => {
      this.#hasEnded = true;
      this.#sink?.end();
      this.#announce();
    });
  }

  #announce(): void {
    if (this.canReplay) for (const listener of this.#listeners.splice(0)) listener(this.#kept);
  }
}

function hasBody(request: Incoming): boolean {
  if ('stream' in request) return !request.stream.endAfterHeaders;
  const { headers } = request;
  return (
    headers['transfer-encoding'] !== undefined ||
    (headers['content-length'] !== undefined && headers['content-length'] !== '0')
  );
}
