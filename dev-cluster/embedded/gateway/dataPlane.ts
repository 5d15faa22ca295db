/** From a request to the rule, the backend and the exchange with it. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Exchange } from './exchange.ts';
import { modifyHeaders, requestHeaders, rewriteHost, rewritePath, type HeaderList } from './headers.ts';
import { GatewayMetrics } from './metrics.ts';
import type { Redirect } from './resources.ts';
import { isGrpc, respond, writeHead, type Incoming, type Outgoing } from './respond.ts';
import type { CompiledBackend, CompiledFilters, CompiledRule } from './rules.ts';
import type { RequestFacts } from './routing.ts';
import type { ServicePort } from './services.ts';
import type { RouteTable } from './table.ts';
import { upgrade } from './upgrade.ts';
import { UpstreamPool } from './upstream.ts';
import { buildView, type View } from './view.ts';

export interface Source {
  readonly workload: string;
  readonly namespace: string;
}

/** A decision: where a request goes and with what. */
interface Routed {
  readonly rule: CompiledRule;
  readonly prefix: string;
  readonly servicePort: ServicePort;
  readonly backendFilters: CompiledFilters;
}

type Decision =
  | ({ readonly kind: 'forward' } & Routed)
  | {
      readonly kind: 'redirect';
      readonly redirect: Redirect;
      readonly rule: CompiledRule;
      readonly prefix: string;
    }
  | { readonly kind: 'answer'; readonly code: number; readonly message: string };

const EMPTY_VIEW = buildView({
  services: [],
  endpointSlices: [],
  pods: [],
  nodes: [],
  namespaces: [],
  classes: [],
  gateways: [],
  routes: [],
  grants: [],
});

export class DataPlane {
  readonly pool = new UpstreamPool();
  readonly metrics = new GatewayMetrics();
  /** Replaced whole when the cluster changes. */
  view: View = EMPTY_VIEW;

  /** A request that came to the listeners of `table`. */
  route(table: RouteTable, request: Incoming, response: Outgoing, source?: Source): void {
    const facts = factsOf(request);
    const host = hostOf(request);
    const decision = decide(table, withoutPort(host).toLowerCase(), facts);
    switch (decision.kind) {
      case 'answer':
        respond(request, response, decision.code, decision.message);
        this.#countUnrouted(request, decision.code, source);
        break;
      case 'redirect':
        redirectTo(response, decision.redirect, host, facts, decision.prefix, decision.rule);
        break;
      case 'forward':
        this.#forward(decision, request, response, host, facts, source);
        break;
    }
  }

  /** A WebSocket, or anything else that takes the connection over. */
  routeUpgrade(table: RouteTable, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const facts = factsOf(request);
    const host = hostOf(request);
    const decision = decide(table, withoutPort(host).toLowerCase(), facts);
    if (decision.kind !== 'forward') {
      const code = decision.kind === 'answer' ? decision.code : 400;
      socket.end(`HTTP/1.1 ${code} Not upgraded\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const { headers, path } = this.#outgoing(decision, request, host, facts);
    upgrade({ request, socket, head, path, headers, servicePort: decision.servicePort, pool: this.pool });
  }

  /** Straight to a Service: what the proxy does for names of the cluster. */
  forwardTo(
    servicePort: ServicePort,
    request: Incoming,
    response: Outgoing,
    {
      host,
      path,
      source,
      isCounted,
    }: { host: string; path: string; source: Source | undefined; isCounted: boolean },
  ): void {
    const plan = {
      servicePort,
      path,
      headers: headersFor(request, host),
      responseModifiers: [],
      requestTimeoutMs: undefined,
      backendTimeoutMs: undefined,
      retry: undefined,
      mirrors: [],
      source,
    };
    new Exchange(request, response, plan, this.pool, isCounted ? this.metrics : undefined).start();
  }

  #forward(
    routed: Routed,
    request: Incoming,
    response: Outgoing,
    host: string,
    facts: RequestFacts,
    source: Source | undefined,
  ): void {
    const { rule, servicePort, backendFilters } = routed;
    const { headers, path } = this.#outgoing(routed, request, host, facts);
    const mirrors = [...rule.filters.mirrors, ...backendFilters.mirrors].flatMap(({ backend, share }) =>
      backend.kind === 'service' && (share >= 1 || Math.random() < share)
        ? [{ servicePort: backend.servicePort, headers }]
        : [],
    );
    const plan = {
      servicePort,
      path,
      headers,
      responseModifiers:
        backendFilters.responseHeaders.length === 0
          ? rule.filters.responseHeaders
          : [...rule.filters.responseHeaders, ...backendFilters.responseHeaders],
      requestTimeoutMs: rule.requestTimeoutMs,
      backendTimeoutMs: rule.backendTimeoutMs,
      retry: rule.retry,
      mirrors,
      source,
    };
    new Exchange(request, response, plan, this.pool, this.metrics).start();
  }

  #outgoing(
    { rule: { filters }, prefix, backendFilters }: Routed,
    request: Incoming,
    host: string,
    { path, query }: RequestFacts,
  ): { headers: HeaderList; path: string } {
    let headers = rewriteHost(headersFor(request, host), filters.rewrite ?? backendFilters.rewrite);
    headers = modifyHeaders(headers, filters.requestHeaders);
    headers = modifyHeaders(headers, backendFilters.requestHeaders);
    const modifier = filters.rewrite?.path ?? backendFilters.rewrite?.path;
    const rewritten = rewritePath(path, modifier, prefix);
    return { headers, path: query === '' ? rewritten : `${rewritten}?${query}` };
  }

  #countUnrouted(request: Incoming, code: number, source: Source | undefined): void {
    this.metrics.observe({
      source,
      servicePort: undefined,
      pod: undefined,
      code,
      flags: code === 404 ? 'NR' : 'UH',
      protocol: isGrpc(request) ? 'grpc' : 'http',
      durationMs: 0,
      requestBytes: 0,
      responseBytes: 0,
    });
  }
}

function decide(table: RouteTable, host: string, facts: RequestFacts): Decision {
  const entry = table.find(host, facts);
  if (entry === undefined)
    return {
      kind: 'answer',
      code: 404,
      message: `No route matches the host "${host}" and the path ${facts.path}: see "kubectl get httproutes -A" for the hosts there are.`,
    };
  const { rule, match } = entry;
  const prefix = match.path.type === 'PathPrefix' ? match.path.value : '/';
  if (rule.unsupported !== undefined) return answer500(rule, rule.unsupported);
  const { redirect } = rule.filters;
  if (redirect !== undefined) return { kind: 'redirect', redirect, rule, prefix };
  const backend: CompiledBackend | undefined = rule.pick();
  if (backend === undefined) return answer500(rule, 'it has no backend with a weight above 0.');
  if (backend.kind === 'invalid') return answer500(rule, backend.message);
  if (backend.filters.redirect !== undefined)
    return { kind: 'redirect', redirect: backend.filters.redirect, rule, prefix };
  return {
    kind: 'forward',
    rule,
    prefix,
    servicePort: backend.servicePort,
    backendFilters: backend.filters,
  };
}

function answer500({ routeName }: CompiledRule, message: string): Decision {
  return { kind: 'answer', code: 500, message: `The route ${routeName} can't be followed: ${message}` };
}

const WELL_KNOWN_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** The port of the client's own `Host` stands for the listener's: that is where the client came in. */
function redirectTo(
  response: Outgoing,
  redirect: Redirect,
  host: string,
  { path, query }: RequestFacts,
  prefix: string,
  { filters }: CompiledRule,
): void {
  const scheme = redirect.scheme ?? 'http';
  const clientPort = Number(/:(\d+)$/.exec(host)?.[1] ?? WELL_KNOWN_PORTS['http']);
  const port = redirect.port ?? (redirect.scheme === undefined ? clientPort : WELL_KNOWN_PORTS[scheme]);
  const name = redirect.hostname ?? withoutPort(host);
  const authority = port === undefined || port === WELL_KNOWN_PORTS[scheme] ? name : `${name}:${port}`;
  const target = rewritePath(path, redirect.path, prefix);
  const location = `${scheme}://${authority}${target}${query === '' ? '' : `?${query}`}`;
  const headers = modifyHeaders(['Location', location, 'Content-Length', '0'], filters.responseHeaders);
  writeHead(response, redirect.statusCode, headers);
  response.end();
}

function factsOf(request: Incoming): RequestFacts {
  let url = request.url ?? '/';
  // An absolute form, as proxies get it.
  if (!url.startsWith('/')) url = url.replace(/^[a-z]+:\/\/[^/?]*/i, '') || '/';
  const at = url.indexOf('?');
  return {
    method: request.method ?? 'GET',
    path: at < 0 ? url : url.slice(0, at),
    query: at < 0 ? '' : url.slice(at + 1),
    headers: request.headers,
  };
}

function headersFor(request: Incoming, host: string): HeaderList {
  return requestHeaders({
    rawHeaders: request.rawHeaders,
    connection: request.headers.connection,
    host,
    clientAddress: request.socket.remoteAddress ?? '127.0.0.1',
  });
}

function hostOf(request: Incoming): string {
  return ('authority' in request ? request.authority : undefined) ?? request.headers.host ?? '';
}

export function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}
