/** Which routes belong to which listeners of our Gateways, and what their statuses have to say. Pure. */
import {
  CONTROLLER_NAME,
  GATEWAY_API_GROUP,
  type Gateway,
  type GatewayClass,
  type LabelSelector,
  type Listener,
  type ParentRef,
  type Route,
} from './resources.ts';
import { compileRules, type CompiledRule, type References } from './rules.ts';
import { intersectHostnames, type CompiledMatch, type RouteOrder } from './routing.ts';

/** A condition without its time. */
export interface ConditionReport {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** One match of a rule at one listener. */
export interface RouteEntry {
  /** Of the listener and the route both; empty for every host. */
  readonly hostname: string;
  readonly match: CompiledMatch;
  readonly rule: CompiledRule;
  readonly order: RouteOrder;
}

export interface ListenerReport {
  readonly listener: Listener;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  readonly conditions: readonly ConditionReport[];
  readonly isUsable: boolean;
  readonly entries: readonly RouteEntry[];
  readonly attachedRoutes: number;
}

export interface GatewayReport {
  readonly gateway: Gateway;
  readonly conditions: readonly ConditionReport[];
  readonly listeners: readonly ListenerReport[];
}

export interface RouteReport {
  readonly route: Route;
  /** Parents that are our Gateways. */
  readonly parents: readonly { readonly ref: ParentRef; readonly conditions: readonly ConditionReport[] }[];
}

export interface Attachment {
  readonly gateways: readonly GatewayReport[];
  readonly routes: readonly RouteReport[];
}

export interface GatewayObjects {
  readonly classes: readonly GatewayClass[];
  readonly gateways: readonly Gateway[];
  readonly routes: readonly Route[];
  readonly namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

const KINDS = ['HTTPRoute', 'GRPCRoute'] as const;
const NONE: readonly string[] = [''];

interface OpenListener {
  readonly report: Omit<ListenerReport, 'entries' | 'attachedRoutes'>;
  readonly entries: RouteEntry[];
  attachedRoutes: number;
}

export function attach(objects: GatewayObjects, references: References): Attachment {
  const ours = new Set(
    objects.classes
      .filter(({ spec }) => spec.controllerName === CONTROLLER_NAME)
      .map(({ metadata }) => metadata.name),
  );
  const gateways = objects.gateways.filter(({ spec }) => ours.has(spec.gatewayClassName));
  const open = new Map(
    gateways.map((gateway) => [keyOf(gateway), { gateway, listeners: openListeners(gateway) }] as const),
  );
  const routes = objects.routes.map((route): RouteReport => {
    const rules = compileRules(route, references);
    const parents = route.spec.parentRefs.flatMap((ref) => {
      if ((ref.group ?? GATEWAY_API_GROUP) !== GATEWAY_API_GROUP || (ref.kind ?? 'Gateway') !== 'Gateway')
        return [];
      const parent = open.get(`${ref.namespace ?? route.metadata.namespace}/${ref.name}`);
      if (parent === undefined) return [];
      const accepted = attachTo(route, rules, ref, parent.gateway, parent.listeners, objects);
      return [{ ref, conditions: [accepted, resolvedRefs(rules)] }];
    });
    return { route, parents };
  });
  return {
    routes,
    gateways: [...open.values()].map(({ gateway, listeners }) => ({
      gateway,
      conditions: gatewayConditions(gateway, listeners),
      listeners: listeners.map(({ report, entries, attachedRoutes }) => ({
        ...report,
        entries,
        attachedRoutes,
      })),
    })),
  };
}

function keyOf({ metadata }: Gateway | Route): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function condition(type: string, isTrue: boolean, reason: string, message: string): ConditionReport {
  return { type, status: isTrue ? 'True' : 'False', reason, message };
}

function openListeners({ spec }: Gateway): OpenListener[] {
  return spec.listeners.map((listener) => {
    const asked = listener.allowedRoutes.kinds;
    const isKnown = ({ group, kind }: { group: string; kind: string }): boolean =>
      group === GATEWAY_API_GROUP && KINDS.some((known) => known === kind);
    const isHttp = listener.protocol === 'HTTP';
    const all = asked.length === 0 ? KINDS.map((kind) => ({ group: GATEWAY_API_GROUP, kind })) : asked;
    const supportedKinds = isHttp ? all.filter(isKnown) : [];
    const refs = asked.every(isKnown)
      ? condition('ResolvedRefs', true, 'ResolvedRefs', 'All references are resolved.')
      : condition('ResolvedRefs', false, 'InvalidRouteKinds', 'Only HTTPRoute and GRPCRoute are supported.');
    const rivals = spec.listeners.filter(
      ({ port, name }) => port === listener.port && name !== listener.name,
    );
    const protocolConflict = rivals.some(({ protocol }) => protocol !== listener.protocol);
    const hostnameConflict = rivals.some(({ hostname }) => hostname === listener.hostname);
    const conflict = protocolConflict
      ? 'ProtocolConflict'
      : hostnameConflict
        ? 'HostnameConflict'
        : undefined;
    const accepted = !isHttp
      ? condition('Accepted', false, 'UnsupportedProtocol', 'Slipway’s gateway serves the protocol HTTP.')
      : condition('Accepted', conflict === undefined, conflict === undefined ? 'Accepted' : 'PortUnavailable',
          conflict === undefined ? 'The listener is accepted.' : 'Another listener has this port.'); // prettier-ignore
    const isUsable = isHttp && conflict === undefined && supportedKinds.length > 0;
    const programmed = condition('Programmed', isUsable, isUsable ? 'Programmed' : 'Invalid',
      isUsable ? 'The listener is served.' : 'The listener is not served.'); // prettier-ignore
    const conflicted = condition('Conflicted', conflict !== undefined, conflict ?? 'NoConflicts',
      conflict === undefined ? 'No conflicts.' : 'Two listeners have one port and host name.'); // prettier-ignore
    const conditions = [accepted, programmed, refs, conflicted];
    return { report: { listener, supportedKinds, conditions, isUsable }, entries: [], attachedRoutes: 0 };
  });
}

function gatewayConditions({ spec }: Gateway, listeners: readonly OpenListener[]): ConditionReport[] {
  const isAccepted = listeners.some(({ report }) => report.isUsable);
  const isWhole = listeners.every(({ report }) => report.isUsable);
  // Addresses are the gateway's own to give.
  if (spec.addresses.some(({ value, type }) => value !== '' || type !== 'IPAddress'))
    return [
      condition('Accepted', false, 'UnsupportedAddress', 'Slipway’s gateway chooses its address itself.'),
      condition('Programmed', false, 'AddressNotUsable', 'Slipway’s gateway chooses its address itself.'),
    ];
  return [
    condition('Accepted', isAccepted, isWhole ? 'Accepted' : 'ListenersNotValid',
      isWhole ? 'The Gateway is accepted.' : 'A listener is not valid: see its conditions.'), // prettier-ignore
    condition('Programmed', isAccepted, isAccepted ? 'Programmed' : 'Invalid',
      isAccepted ? 'The Gateway is served.' : 'No listener is valid.'), // prettier-ignore
  ];
}

/** Adds the route to the listeners that take it; the condition says whether one did. */
function attachTo(
  route: Route,
  rules: readonly CompiledRule[],
  ref: ParentRef,
  gateway: Gateway,
  listeners: readonly OpenListener[],
  { namespaceLabels }: GatewayObjects,
): ConditionReport {
  const refused = (reason: string, message: string): ConditionReport =>
    condition('Accepted', false, reason, message);
  const asked = listeners.filter(
    ({ report: { listener } }) =>
      (ref.sectionName === undefined || ref.sectionName === listener.name) &&
      (ref.port === undefined || ref.port === listener.port),
  );
  if (asked.length === 0)
    return refused('NoMatchingParent', `The Gateway ${ref.name} has no listener that the parentRef names.`);
  const allowing = asked.filter(
    ({ report }) =>
      report.supportedKinds.some(({ kind }) => kind === route.kind) &&
      allowsNamespace(report.listener, gateway, route.metadata.namespace, namespaceLabels),
  );
  if (allowing.length === 0)
    return refused(
      'NotAllowedByListeners',
      `No listener of the Gateway ${ref.name} allows ${route.kind}s of the namespace ${route.metadata.namespace}.`,
    );
  let isAttached = false;
  for (const open of allowing) {
    const hostnames = hostnamesAt(route, open.report.listener);
    if (hostnames.length === 0) continue;
    isAttached = true;
    open.attachedRoutes += 1;
    open.entries.push(...entriesOf(route, rules, hostnames));
  }
  if (!isAttached)
    return refused(
      'NoMatchingListenerHostname',
      `No listener of the Gateway ${ref.name} has a host name of the route.`,
    );
  const unsupported = rules.find((rule) => rule.unsupported !== undefined)?.unsupported;
  if (unsupported !== undefined) return refused('UnsupportedValue', unsupported);
  return condition('Accepted', true, 'Accepted', 'The route is served.');
}

function hostnamesAt(route: Route, listener: Listener): readonly string[] {
  const own = route.spec.hostnames.length === 0 ? NONE : route.spec.hostnames;
  return own.flatMap((hostname) => intersectHostnames(listener.hostname, hostname) ?? []);
}

function entriesOf(route: Route, rules: readonly CompiledRule[], hostnames: readonly string[]): RouteEntry[] {
  const { creationTimestamp } = route.metadata;
  const namespacedName = keyOf(route);
  return hostnames.flatMap((hostname) =>
    rules.flatMap((rule, ruleIndex) =>
      rule.matches.map((match, matchIndex) => ({
        hostname,
        match,
        rule,
        order: { creationTimestamp, namespacedName, rule: ruleIndex, match: matchIndex },
      })),
    ),
  );
}

function allowsNamespace(
  { allowedRoutes: { namespaces } }: Listener,
  gateway: Gateway,
  namespace: string,
  labels: GatewayObjects['namespaceLabels'],
): boolean {
  switch (namespaces.from) {
    case 'All':
      return true;
    case 'Same':
      return namespace === gateway.metadata.namespace;
    case 'Selector':
      return namespaces.selector !== undefined && selects(namespaces.selector, labels.get(namespace) ?? {});
    default:
      return false;
  }
}

function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value) &&
    selector.matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}

function resolvedRefs(rules: readonly CompiledRule[]): ConditionReport {
  for (const { backends, filters } of rules)
    for (const backend of [...backends, ...filters.mirrors.map(({ backend: mirrored }) => mirrored)])
      if (backend.kind === 'invalid')
        return condition('ResolvedRefs', false, backend.reason, backend.message);
  return condition('ResolvedRefs', true, 'ResolvedRefs', 'All references are resolved.');
}
