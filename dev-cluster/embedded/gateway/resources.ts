/** The Gateway API's resources as far as the data plane reads them. The API server has filled their defaults in. */
import { z } from 'zod';

export const GATEWAY_API_GROUP = 'gateway.networking.k8s.io';
/** Of the GatewayClasses that are ours. */
export const CONTROLLER_NAME = 'slipway.dev/gateway';

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  generation: z.int().default(0),
  resourceVersion: z.string().default(''),
  creationTimestamp: z.string().default(''),
  annotations: z.record(z.string(), z.string()).default({}),
});

/** metav1.Condition, of which others may leave parts out. */
const condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().default(''),
  message: z.string().default(''),
  observedGeneration: z.int().default(0),
  lastTransitionTime: z.string().default(''),
});
export type Condition = z.infer<typeof condition>;

export const gatewayClass = z.object({
  metadata,
  spec: z.object({ controllerName: z.string() }),
  status: z
    .object({
      conditions: z.array(condition).default([]),
      supportedFeatures: z.array(z.object({ name: z.string() })).default([]),
    })
    .default({ conditions: [], supportedFeatures: [] }),
});
export type GatewayClass = z.infer<typeof gatewayClass>;

const kind = z.object({ group: z.string().default(GATEWAY_API_GROUP), kind: z.string() });

const labelSelector = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});
export type LabelSelector = z.infer<typeof labelSelector>;

const listener = z.object({
  name: z.string(),
  port: z.int(),
  protocol: z.string(),
  hostname: z.string().default(''),
  allowedRoutes: z
    .object({
      namespaces: z
        .object({ from: z.string().default('Same'), selector: labelSelector.optional() })
        .default({ from: 'Same' }),
      kinds: z.array(kind).default([]),
    })
    .default({ namespaces: { from: 'Same' }, kinds: [] }),
});
export type Listener = z.infer<typeof listener>;

const address = z.object({ type: z.string().default('IPAddress'), value: z.string().default('') });

const listenerStatus = z.object({
  name: z.string(),
  attachedRoutes: z.int().default(0),
  supportedKinds: z.array(kind).default([]),
  conditions: z.array(condition).default([]),
});
export type ListenerStatus = z.infer<typeof listenerStatus>;

export const gateway = z.object({
  metadata,
  spec: z.object({
    gatewayClassName: z.string(),
    listeners: z.array(listener),
    addresses: z.array(address).default([]),
  }),
  status: z
    .object({
      addresses: z.array(address).default([]),
      conditions: z.array(condition).default([]),
      listeners: z.array(listenerStatus).default([]),
    })
    .default({ addresses: [], conditions: [], listeners: [] }),
});
export type Gateway = z.infer<typeof gateway>;

const parentRef = z.object({
  group: z.string().optional(),
  kind: z.string().optional(),
  namespace: z.string().optional(),
  name: z.string(),
  sectionName: z.string().optional(),
  port: z.int().optional(),
});
export type ParentRef = z.infer<typeof parentRef>;

const parentStatus = z.object({
  parentRef,
  controllerName: z.string(),
  conditions: z.array(condition).default([]),
});
export type ParentStatus = z.infer<typeof parentStatus>;

const header = z.object({ name: z.string(), value: z.string() });
const headerModifier = z.object({
  set: z.array(header).default([]),
  add: z.array(header).default([]),
  remove: z.array(z.string()).default([]),
});
export type HeaderModifier = z.infer<typeof headerModifier>;

const pathModifier = z.object({
  type: z.enum(['ReplaceFullPath', 'ReplacePrefixMatch']),
  replaceFullPath: z.string().default(''),
  replacePrefixMatch: z.string().default(''),
});
export type PathModifier = z.infer<typeof pathModifier>;

const objectReference = z.object({
  group: z.string().default(''),
  kind: z.string().default('Service'),
  namespace: z.string().optional(),
  name: z.string(),
  port: z.int().optional(),
});
export type ObjectReference = z.infer<typeof objectReference>;

const redirect = z.object({
  scheme: z.string().optional(),
  hostname: z.string().optional(),
  path: pathModifier.optional(),
  port: z.int().optional(),
  statusCode: z.int().default(302),
});
export type Redirect = z.infer<typeof redirect>;

const rewrite = z.object({ hostname: z.string().optional(), path: pathModifier.optional() });
export type Rewrite = z.infer<typeof rewrite>;

const mirror = z.object({
  backendRef: objectReference,
  percent: z.int().optional(),
  fraction: z.object({ numerator: z.int(), denominator: z.int().default(100) }).optional(),
});

/** A filter of a kind that isn't here makes its route invalid, as the specification asks. */
const filter = z.object({
  type: z.string(),
  requestHeaderModifier: headerModifier.optional(),
  responseHeaderModifier: headerModifier.optional(),
  requestMirror: mirror.optional(),
  requestRedirect: redirect.optional(),
  urlRewrite: rewrite.optional(),
});
export type Filter = z.infer<typeof filter>;

const backendRef = objectReference.extend({
  weight: z.int().default(1),
  filters: z.array(filter).default([]),
});
export type BackendRef = z.infer<typeof backendRef>;

const valueMatch = z.object({
  type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
  name: z.string(),
  value: z.string(),
});
export type ValueMatch = z.infer<typeof valueMatch>;

const pathMatch = z.object({
  type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
  value: z.string().default('/'),
});
export type PathMatch = z.infer<typeof pathMatch>;

const routeMatch = z.object({
  path: pathMatch.default({ type: 'PathPrefix', value: '/' }),
  headers: z.array(valueMatch).default([]),
  queryParams: z.array(valueMatch).default([]),
  method: z.string().optional(),
});
export type RouteMatch = z.infer<typeof routeMatch>;

/** Of the experimental channel (GEP-1731): an API server with the standard channel's CRDs drops it. */
const retry = z.object({
  codes: z.array(z.int()).default([]),
  attempts: z.int().default(1),
  backoff: z.string().default('25ms'),
});

const timeouts = z.object({ request: z.string().optional(), backendRequest: z.string().optional() });

const routeRule = z.object({
  name: z.string().optional(),
  matches: z.array(routeMatch).default([]),
  filters: z.array(filter).default([]),
  backendRefs: z.array(backendRef).default([]),
  timeouts: timeouts.default({}),
  retry: retry.optional(),
});
export type RouteRule = z.infer<typeof routeRule>;

const routeStatus = z.object({ parents: z.array(parentStatus).default([]) }).default({ parents: [] });

const routeSpec = {
  parentRefs: z.array(parentRef).default([]),
  hostnames: z.array(z.string()).default([]),
};

export const httpRoute = z.object({
  metadata,
  spec: z.object({ ...routeSpec, rules: z.array(routeRule).default([]) }),
  status: routeStatus,
});
/** GRPCRoutes become this too: a gRPC method is a path. */
export interface Route extends z.infer<typeof httpRoute> {
  readonly kind: 'HTTPRoute' | 'GRPCRoute';
}

const grpcMethod = z.object({
  type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
  service: z.string().optional(),
  method: z.string().optional(),
});

export const grpcRoute = z.object({
  metadata,
  spec: z.object({
    ...routeSpec,
    rules: z
      .array(
        routeRule.omit({ matches: true }).extend({
          matches: z
            .array(z.object({ method: grpcMethod.optional(), headers: z.array(valueMatch).default([]) }))
            .default([]),
        }),
      )
      .default([]),
  }),
  status: routeStatus,
});

export const referenceGrant = z.object({
  metadata,
  spec: z.object({
    from: z.array(z.object({ group: z.string(), kind: z.string(), namespace: z.string() })),
    to: z.array(z.object({ group: z.string(), kind: z.string(), name: z.string().optional() })),
  }),
});
export type ReferenceGrant = z.infer<typeof referenceGrant>;

/** The HTTPRoute with the same meaning: `/<service>/<method>` over HTTP/2. */
export function fromGrpcRoute(route: z.infer<typeof grpcRoute>): Route {
  const rules = route.spec.rules.map((rule) => ({
    ...rule,
    matches: rule.matches.map(({ method, headers }) => ({
      path: grpcPath(method),
      headers,
      queryParams: [],
    })),
  }));
  return { ...route, kind: 'GRPCRoute', spec: { ...route.spec, rules } };
}

function grpcPath(match: z.infer<typeof grpcMethod> | undefined): PathMatch {
  if (match?.service === undefined && match?.method === undefined) return { type: 'PathPrefix', value: '/' };
  const { type, service, method } = match;
  if (type === 'Exact' && service !== undefined && method !== undefined)
    return { type: 'Exact', value: `/${service}/${method}` };
  if (type === 'Exact' && service !== undefined) return { type: 'PathPrefix', value: `/${service}` };
  const escape = (text: string): string =>
    type === 'Exact' ? text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`) : text;
  const part = (text: string | undefined): string => (text === undefined ? '[^/]+' : escape(text));
  return { type: 'RegularExpression', value: `/${part(service)}/${part(method)}` };
}
