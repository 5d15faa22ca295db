/** Writes the statuses of our GatewayClasses, Gateways and their routes: the only writer, and only what changed. */
import { HttpError } from '../../../src/clients/http.ts';
import type { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type { ConditionReport, GatewayReport, ListenerReport } from './attach.ts';
import {
  CONTROLLER_NAME,
  GATEWAY_API_GROUP,
  type Condition,
  type Gateway,
  type GatewayClass,
  type ListenerStatus,
  type ParentRef,
  type ParentStatus,
  type Route,
} from './resources.ts';
import { keyOf, type View } from './view.ts';

const CONFLICT = 409;
const NOT_FOUND = 404;

/** Features of the Gateway API's conformance suite that the data plane has, in alphabetical order as asked. */
const SUPPORTED_FEATURES = [
  'GRPCRoute',
  'Gateway',
  'GatewayHTTPListenerIsolation',
  'GatewayPort8080',
  'HTTPRoute',
  'HTTPRoute303RedirectStatusCode',
  'HTTPRoute307RedirectStatusCode',
  'HTTPRoute308RedirectStatusCode',
  'HTTPRouteBackendProtocolH2C',
  'HTTPRouteBackendProtocolWebSocket',
  'HTTPRouteBackendRequestHeaderModification',
  'HTTPRouteBackendTimeout',
  'HTTPRouteHostRewrite',
  'HTTPRouteMethodMatching',
  'HTTPRouteParentRefPort',
  'HTTPRoutePathRedirect',
  'HTTPRoutePathRewrite',
  'HTTPRoutePortRedirect',
  'HTTPRouteQueryParamMatching',
  'HTTPRouteRequestMirror',
  'HTTPRouteRequestMultipleMirrors',
  'HTTPRouteRequestPercentageMirror',
  'HTTPRouteRequestTimeout',
  'HTTPRouteResponseHeaderModification',
  'HTTPRouteSchemeRedirect',
  'ReferenceGrant',
];

interface Update {
  readonly path: string;
  readonly resourceVersion: string;
  readonly status: unknown;
}

/** Brings the objects' statuses to what the view says. A conflict is left to the next view: the object has changed. */
export async function writeStatuses(
  api: KubernetesApi,
  view: View,
  classes: readonly GatewayClass[],
  signal: AbortSignal,
  now = new Date(),
): Promise<void> {
  for (const update of statusUpdates(view, classes, now)) {
    const body = JSON.stringify({
      metadata: { resourceVersion: update.resourceVersion },
      status: update.status,
    });
    try {
      await api.patch(`${update.path}/status`, body, 'application/merge-patch+json', signal);
    } catch (error) {
      if (!(error instanceof HttpError && (error.status === CONFLICT || error.status === NOT_FOUND)))
        throw error;
    }
  }
}

/** What has to be written: nothing for an object whose status says it already. */
function statusUpdates(view: View, classes: readonly GatewayClass[], now: Date): readonly Update[] {
  const time = now.toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    ...classes.flatMap((one) => classUpdate(one, time) ?? []),
    ...view.attachment.gateways.flatMap(
      (report) => gatewayUpdate(report, view.addresses.get(keyOf(report)), time) ?? [],
    ),
    ...view.attachment.routes.flatMap(({ route, parents }) => routeUpdate(route, parents, time) ?? []),
  ];
}

function classUpdate({ metadata, spec, status }: GatewayClass, time: string): Update | undefined {
  if (spec.controllerName !== CONTROLLER_NAME) return undefined;
  const report = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Slipway’s gateway serves this class.',
  } as const;
  const wanted = {
    conditions: merge(status.conditions, [report], metadata.generation, time),
    supportedFeatures: SUPPORTED_FEATURES.map((name) => ({ name })),
  };
  return isSame(wanted, status)
    ? undefined
    : {
        path: `/apis/${GATEWAY_API_GROUP}/v1/gatewayclasses/${metadata.name}`,
        resourceVersion: metadata.resourceVersion,
        status: wanted,
      };
}

function gatewayUpdate(
  { gateway, conditions, listeners }: GatewayReport,
  address: string | undefined,
  time: string,
): Update | undefined {
  const { metadata, status } = gateway;
  const isUsable = conditions.some(({ type, status: value }) => type === 'Programmed' && value === 'True');
  const wanted: Gateway['status'] = {
    addresses: address === undefined || !isUsable ? [] : [{ type: 'IPAddress', value: address }],
    conditions: merge(status.conditions, conditions, metadata.generation, time),
    listeners: listeners.map((report) => listenerStatus(report, status.listeners, metadata.generation, time)),
  };
  return isSame(wanted, status)
    ? undefined
    : { path: objectPath('gateways', metadata), resourceVersion: metadata.resourceVersion, status: wanted };
}

function listenerStatus(
  { listener, supportedKinds, conditions, attachedRoutes }: ListenerReport,
  known: readonly ListenerStatus[],
  generation: number,
  time: string,
): ListenerStatus {
  const before = known.find(({ name }) => name === listener.name)?.conditions ?? [];
  return {
    name: listener.name,
    attachedRoutes,
    supportedKinds: [...supportedKinds],
    conditions: merge(before, conditions, generation, time),
  };
}

function routeUpdate(
  { kind, metadata, status }: Route,
  parents: readonly { readonly ref: ParentRef; readonly conditions: readonly ConditionReport[] }[],
  time: string,
): Update | undefined {
  const others = status.parents.filter(({ controllerName }) => controllerName !== CONTROLLER_NAME);
  const ours = parents.map(({ ref, conditions }): ParentStatus => {
    const before = status.parents.find(
      ({ parentRef, controllerName }) => controllerName === CONTROLLER_NAME && isSame(parentRef, ref),
    );
    return {
      parentRef: ref,
      controllerName: CONTROLLER_NAME,
      conditions: merge(before?.conditions ?? [], conditions, metadata.generation, time),
    };
  });
  const wanted = { parents: [...others, ...ours] };
  if (isSame(wanted, status)) return undefined;
  const plural = kind === 'HTTPRoute' ? 'httproutes' : 'grpcroutes';
  return { path: objectPath(plural, metadata), resourceVersion: metadata.resourceVersion, status: wanted };
}

function objectPath(plural: string, { namespace, name }: { namespace: string; name: string }): string {
  return `/apis/${GATEWAY_API_GROUP}/v1/namespaces/${namespace}/${plural}/${name}`;
}

/** A condition keeps the time of its last change; those of other types are others' and stay. */
function merge(
  before: readonly Condition[],
  reports: readonly ConditionReport[],
  observedGeneration: number,
  time: string,
): Condition[] {
  const types = new Set(reports.map(({ type }) => type));
  const others = before.filter(({ type, reason }) => !types.has(type) && reason !== 'Pending');
  const ours = reports.map((report): Condition => {
    const known = before.find(({ type }) => type === report.type);
    const lastTransitionTime = known?.status === report.status ? known.lastTransitionTime : time;
    return { ...report, observedGeneration, lastTransitionTime };
  });
  return [...ours, ...others];
}

/** As JSON with sorted names: the API server gives them in an order of its own. */
function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
