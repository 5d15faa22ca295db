/** One request to a Service's endpoints and its response back: attempts, limits, mirrors, trailers, counting. */
import type { ServerResponse } from 'node:http';
import type { PodIdentity, Target } from './addresses.ts';
import { headerObject, modifyHeaders, responseHeaders, type HeaderList } from './headers.ts';
import type { GatewayMetrics, Observation, ResponseFlags } from './metrics.ts';
import { RequestBody } from './requestBody.ts';
import type { HeaderModifier } from './resources.ts';
import {
  breakOff,
  endWithHead,
  isGrpc,
  respond,
  writeHead,
  type Incoming,
  type Outgoing,
} from './respond.ts';
import type { CompiledRetry } from './rules.ts';
import type { BackendProtocol, ServicePort } from './services.ts';
import type { FailedAt, UpstreamCall, UpstreamHead, UpstreamPool, UpstreamReceiver } from './upstream.ts';

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

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

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
  readonly #isGrpc: boolean;
  #isDone = false;
  #requestTimer: NodeJS.Timeout | undefined;
  #attemptTimer: NodeJS.Timeout | undefined;
  #status = 0;
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
    this.#isGrpc = isGrpc(request);
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
      this.#body.onWhole((body) => this.#mirror(servicePort, headers, body));
    this.#attempt();
  }

  #attempt(): void {
    const target = this.#endpoints[this.#next];
    const { servicePort, backendTimeoutMs } = this.#plan;
    if (target === undefined) {
      this.#fail(503, 'UH', noEndpoints(servicePort));
      return;
    }
    if (backendTimeoutMs !== undefined)
      this.#attemptTimer = setTimeout(() => this.#onAttemptTimeout(), backendTimeoutMs);
    if (!this.#body.isSmall) this.#send(target, 'stream');
    else
      this.#body.onWhole((body) => {
        if (!this.#isDone) this.#send(target, body);
      });
  }

  #send(target: Target, body: Buffer | null | 'stream'): void {
    const { servicePort, path, headers } = this.#plan;
    const protocol: BackendProtocol = this.#isGrpc ? 'h2c' : servicePort.protocol;
    let isCurrent = true;
    const receiver: UpstreamReceiver = {
      onConnected: (sink) => {
        this.#pod = target.pod;
        if (sink !== undefined) this.#body.sendTo(sink);
      },
      onResponse: (head) => {
        isCurrent = this.#onResponse(head);
      },
      onData: (chunk) => {
        if (isCurrent && !this.#isDone) this.#onData(chunk);
      },
      onEnd: (trailers) => {
        if (isCurrent && !this.#isDone) this.#onEnd(trailers);
      },
      onError: (error, at) => this.#onError(target, error, at),
      onBroken: () => {
        if (isCurrent) this.#fail(502, 'UC', '');
      },
    };
    const { method = 'GET' } = this.#request;
    this.#call = this.#pool.send(target, protocol, { method, path, headers, body }, receiver);
  }

  #onError(target: Target, error: Error, at: FailedAt): void {
    if (this.#isDone) return;
    clearTimeout(this.#attemptTimer);
    const { servicePort } = this.#plan;
    if (at === 'invalid') {
      // E.g. a path with a line break.
      this.#fail(400, '-', `The request can't be passed on: ${error.message}`);
      return;
    }
    if (at === 'unsent') {
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

  /** False when the response is not the one to give to the client. */
  #onResponse({ status, rawHeaders, isHeadersOnly }: UpstreamHead): boolean {
    if (this.#isDone) return false;
    const { retry, responseModifiers } = this.#plan;
    if (retry?.codes.has(status) === true && this.#retriesLeft > 0 && this.#body.canReplay) {
      clearTimeout(this.#attemptTimer);
      this.#retry();
      return false;
    }
    const headers = modifyHeaders(responseHeaders(rawHeaders), responseModifiers);
    if (isHeadersOnly) {
      endWithHead(this.#response, status, headers);
      this.#finish(status, '-');
      return true;
    }
    this.#status = status;
    writeHead(this.#response, status, headers);
    return true;
  }

  #onData(chunk: Buffer): void {
    this.#responseBytes += chunk.length;
    const response = this.#response as ServerResponse;
    if (response.write(chunk)) return;
    const call = this.#call;
    call?.pause();
    response.once('drain', () => call?.resume());
  }

  #onEnd(trailers: readonly string[]): void {
    if (trailers.length > 0) this.#response.addTrailers(headerObject(trailers));
    this.#response.end();
    this.#finish(this.#status, '-');
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
      protocol: this.#isGrpc ? 'grpc' : 'http',
      durationMs: performance.now() - this.#started,
      requestBytes: this.#body.bytes,
      responseBytes: this.#responseBytes,
    });
  }

  /** Sent when the request's body is whole; nobody waits for the answer. */
  #mirror(servicePort: ServicePort, headers: HeaderList, body: Buffer | null): void {
    const [target] = this.#pool.order(servicePort.endpoints, servicePort.cursor());
    if (target === undefined) return;
    const { method = 'GET' } = this.#request;
    const request = { method, path: this.#plan.path, headers, body };
    this.#pool.send(target, servicePort.protocol, request, NOBODY);
  }
}

const NOBODY: UpstreamReceiver = {
  onConnected: () => undefined,
  onResponse: () => undefined,
  onData: () => undefined,
  onEnd: () => undefined,
  onError: () => undefined,
  onBroken: () => undefined,
};

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
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}
