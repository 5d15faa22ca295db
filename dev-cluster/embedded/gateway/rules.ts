/** A route's rules, ready for requests: backends resolved, filters and limits worked out. */
import { SlipwayError } from '../../../src/core/base/errors.ts';
import {
  GATEWAY_API_GROUP,
  type BackendRef,
  type Filter,
  type HeaderModifier,
  type ObjectReference,
  type Redirect,
  type ReferenceGrant,
  type Rewrite,
  type Route,
  type RouteRule,
} from './resources.ts';
import { compileMatch, durationMs, weightedPicker, type CompiledMatch } from './routing.ts';
import type { ServiceDirectory, ServicePort } from './services.ts';

export type RefProblem = 'InvalidKind' | 'RefNotPermitted' | 'BackendNotFound' | 'UnsupportedProtocol';

/** Where requests go, or why those meant for it get a 500. */
export type CompiledBackend =
  | { readonly kind: 'service'; readonly servicePort: ServicePort; readonly filters: CompiledFilters }
  | { readonly kind: 'invalid'; readonly reason: RefProblem; readonly message: string };

export interface CompiledFilters {
  readonly requestHeaders: readonly HeaderModifier[];
  readonly responseHeaders: readonly HeaderModifier[];
  readonly rewrite: Rewrite | undefined;
  readonly redirect: Redirect | undefined;
  readonly mirrors: readonly { readonly backend: CompiledBackend; readonly share: number }[];
}

export interface CompiledRetry {
  readonly codes: ReadonlySet<number>;
  readonly attempts: number;
  readonly backoffMs: number;
}

export interface CompiledRule {
  readonly routeName: string;
  readonly matches: readonly CompiledMatch[];
  readonly filters: CompiledFilters;
  readonly backends: readonly CompiledBackend[];
  /** `undefined`: all weights are 0, or there are no backends. */
  readonly pick: () => CompiledBackend | undefined;
  /** Until the last byte of the response, over all attempts. */
  readonly requestTimeoutMs: number | undefined;
  /** Of one attempt. */
  readonly backendTimeoutMs: number | undefined;
  readonly retry: CompiledRetry | undefined;
  /** Set: the rule asks for something the gateway hasn't; requests get a 500 that says so. */
  readonly unsupported: string | undefined;
}

/** What references are resolved against. */
export interface References {
  readonly directory: ServiceDirectory;
  readonly grants: readonly ReferenceGrant[];
}

const MATCH_ALL = compileMatch({ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] });
const NO_FILTERS: readonly Filter[] = [];
const DEFAULT_BACKOFF_MS = 25;

export function compileRules(route: Route, references: References): readonly CompiledRule[] {
  return route.spec.rules.map((rule) => compileRule(route, rule, references));
}

function compileRule(route: Route, rule: RouteRule, references: References): CompiledRule {
  let unsupported: string | undefined;
  let filters: CompiledFilters = compileFilters(route, NO_FILTERS, references);
  let matches: readonly CompiledMatch[] = [MATCH_ALL];
  let backends: readonly CompiledBackend[] = [];
  try {
    if (rule.matches.length > 0) matches = rule.matches.map(compileMatch);
    filters = compileFilters(route, rule.filters, references);
    backends = rule.backendRefs.map((ref) => compileBackend(route, ref, references));
  } catch (error) {
    // A regular expression that isn't one, or a filter that the gateway hasn't.
    if (!(error instanceof SyntaxError || error instanceof SlipwayError)) throw error;
    unsupported = error.message;
  }
  const pick = weightedPicker(rule.backendRefs.map(({ weight }) => weight));
  const [only] = backends;
  const isSingle = backends.length === 1 && (rule.backendRefs[0]?.weight ?? 0) > 0;
  return {
    routeName: `${route.metadata.namespace}/${route.metadata.name}`,
    matches,
    filters,
    backends,
    pick: isSingle ? () => only : () => backends[pick()],
    requestTimeoutMs: durationMs(rule.timeouts.request),
    backendTimeoutMs: durationMs(rule.timeouts.backendRequest),
    retry:
      rule.retry === undefined
        ? undefined
        : {
            codes: new Set(rule.retry.codes),
            attempts: rule.retry.attempts,
            backoffMs: durationMs(rule.retry.backoff) ?? DEFAULT_BACKOFF_MS,
          },
    unsupported,
  };
}

function compileFilters(route: Route, filters: readonly Filter[], references: References): CompiledFilters {
  const requestHeaders: HeaderModifier[] = [];
  const responseHeaders: HeaderModifier[] = [];
  const mirrors: { backend: CompiledBackend; share: number }[] = [];
  let rewrite: Rewrite | undefined;
  let redirect: Redirect | undefined;
  for (const filter of filters) {
    const { requestHeaderModifier, responseHeaderModifier, requestMirror, requestRedirect, urlRewrite } =
      filter;
    if (requestHeaderModifier !== undefined) requestHeaders.push(requestHeaderModifier);
    else if (responseHeaderModifier !== undefined) responseHeaders.push(responseHeaderModifier);
    else if (requestRedirect !== undefined) redirect = requestRedirect;
    else if (urlRewrite !== undefined) rewrite = urlRewrite;
    else if (requestMirror !== undefined) {
      const { backendRef, percent, fraction } = requestMirror;
      const share =
        fraction === undefined ? (percent ?? 100) / 100 : fraction.numerator / fraction.denominator;
      mirrors.push({ backend: resolve(route, backendRef, references, NO_FILTERS), share });
    } else
      throw new SlipwayError('unsupportedFilter', `The filter ${filter.type} is not supported by Slipway.`);
  }
  return { requestHeaders, responseHeaders, rewrite, redirect, mirrors };
}

function compileBackend(route: Route, ref: BackendRef, references: References): CompiledBackend {
  return resolve(route, ref, references, ref.filters);
}

function resolve(
  route: Route,
  ref: ObjectReference,
  references: References,
  filters: readonly Filter[],
): CompiledBackend {
  const invalid = (reason: RefProblem, message: string): CompiledBackend => ({
    kind: 'invalid',
    reason,
    message,
  });
  if (ref.group !== '' || ref.kind !== 'Service')
    return invalid('InvalidKind', `A backend must be a Service; ${ref.name} is a ${ref.kind}.`);
  const namespace = ref.namespace ?? route.metadata.namespace;
  const label = `${namespace}/${ref.name}`;
  if (namespace !== route.metadata.namespace && !isGranted(route, ref, namespace, references.grants))
    return invalid(
      'RefNotPermitted',
      `No ReferenceGrant in ${namespace} lets routes of ${route.metadata.namespace} use ${label}.`,
    );
  const service = references.directory.find(namespace, ref.name);
  if (service === undefined) return invalid('BackendNotFound', `There is no Service ${label}.`);
  const servicePort = service.ports.get(ref.port ?? 0);
  if (servicePort === undefined)
    return invalid('BackendNotFound', `The Service ${label} has no port ${String(ref.port)}.`);
  if (servicePort.unsupportedProtocol !== undefined)
    return invalid(
      'UnsupportedProtocol',
      `Port ${servicePort.port} of the Service ${label} has the appProtocol ${servicePort.unsupportedProtocol}, which is not supported.`,
    );
  return { kind: 'service', servicePort, filters: compileFilters(route, filters, references) };
}

function isGranted(
  route: Route,
  ref: ObjectReference,
  namespace: string,
  grants: readonly ReferenceGrant[],
): boolean {
  return grants.some(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      spec.from.some(
        (from) =>
          from.group === GATEWAY_API_GROUP &&
          from.kind === route.kind &&
          from.namespace === route.metadata.namespace,
      ) &&
      spec.to.some(
        (to) => to.group === '' && to.kind === 'Service' && (to.name === undefined || to.name === ref.name),
      ),
  );
}
