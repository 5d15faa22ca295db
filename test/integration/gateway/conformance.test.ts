/**
 * Cases of the Gateway API's own conformance suite (v1.5.1), by its names. The suite itself is Go; what it asks is asked
 * here of a gateway with pods of its own, so that each change is checked in a second.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayCluster, type Call } from './gatewayCluster.ts';

const INFRA = 'gateway-conformance-infra';
const parent = (name: string, part: object = {}) => ({ parentRefs: [{ name, namespace: INFRA, ...part }] });
const to = (name: string, part: object = {}) => ({ name, port: 8080, ...part });
const prefix = (value: string) => ({ path: { type: 'PathPrefix' as const, value } });
const exact = (value: string) => ({ path: { type: 'Exact' as const, value } });

let cluster: GatewayCluster;

beforeEach(async () => {
  cluster = await GatewayCluster.start();
  cluster.gateway(`${INFRA}/same-namespace`);
  for (const version of ['v1', 'v2', 'v3']) await cluster.backend(`${INFRA}/infra-backend-${version}`);
  cluster.namespaces.set('gateway-conformance-web-backend', { 'gateway-conformance': 'backend' });
  await cluster.backend('gateway-conformance-web-backend/web-backend');
});

afterEach(() => cluster.stop());

/** Each call goes to the backend whose name begins so, or gets that status. */
async function expectEach(rows: readonly (readonly [Call, string | number])[]): Promise<void> {
  cluster.apply();
  for (const [call, expected] of rows) {
    const answer = await cluster.call(call);
    const got =
      typeof expected === 'number' ? answer.status : answer.echo?.pod.replace(/^infra-backend-|-0$/g, '');
    expect([JSON.stringify(call), got ?? answer.status]).toEqual([JSON.stringify(call), expected]);
  }
}

const accepted = 'Accepted=True:Accepted';
const resolved = 'ResolvedRefs=True:ResolvedRefs';

describe('HTTPRoute', () => {
  it('HTTPRouteSimpleSameNamespace', async () => {
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [{ backendRefs: [to('infra-backend-v1')] }],
    });
    await expectEach([[{ path: '/' }, 'v1']]);
    expect(cluster.conditions(`${INFRA}/r`)).toEqual([accepted, resolved]);
  });

  it('HTTPRouteMatching', async () => {
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        {
          matches: [prefix('/'), { headers: [{ name: 'version', value: 'one' }] }],
          backendRefs: [to('infra-backend-v1')],
        },
        {
          matches: [prefix('/v2'), { headers: [{ name: 'version', value: 'two' }] }],
          backendRefs: [to('infra-backend-v2')],
        },
      ],
    });
    await expectEach([
      [{ path: '/' }, 'v1'],
      [{ path: '/example' }, 'v1'],
      [{ path: '/', headers: { Version: 'one' } }, 'v1'],
      [{ path: '/v2' }, 'v2'],
      [{ path: '/v2/' }, 'v2'],
      [{ path: '/v2/example' }, 'v2'],
      [{ path: '/', headers: { Version: 'two' } }, 'v2'],
      [{ path: '/v2example' }, 'v1'],
      [{ path: '/foo/v2/example' }, 'v1'],
    ]);
  });

  it('HTTPRouteMatchingAcrossRoutes', async () => {
    cluster.route(`${INFRA}/part1`, {
      ...parent('same-namespace'),
      hostnames: ['example.com', 'example.net'],
      rules: [
        {
          matches: [prefix('/'), { headers: [{ name: 'version', value: 'one' }] }],
          backendRefs: [to('infra-backend-v1')],
        },
      ],
    });
    cluster.route(`${INFRA}/part2`, {
      ...parent('same-namespace'),
      hostnames: ['example.com'],
      rules: [
        {
          matches: [prefix('/v2'), { headers: [{ name: 'version', value: 'two' }] }],
          backendRefs: [to('infra-backend-v2')],
        },
      ],
    });
    await expectEach([
      [{ host: 'example.com', path: '/' }, 'v1'],
      [{ host: 'example.com', path: '/', headers: { Version: 'one' } }, 'v1'],
      [{ host: 'example.net', path: '/example', headers: { Version: 'two' } }, 'v1'],
      [{ host: 'example.com', path: '/v2' }, 'v2'],
      [{ host: 'example.com', path: '/v2/example' }, 'v2'],
      [{ host: 'example.com', path: '/', headers: { Version: 'two' } }, 'v2'],
      [{ host: 'example.com', path: '/v2', headers: { Version: 'two' } }, 'v2'],
      [{ host: 'other.com', path: '/' }, 404],
    ]);
  });

  it('HTTPRouteExactPathMatching', async () => {
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        { matches: [exact('/one')], backendRefs: [to('infra-backend-v1')] },
        { matches: [exact('/two')], backendRefs: [to('infra-backend-v2')] },
      ],
    });
    await expectEach([
      [{ path: '/one' }, 'v1'],
      [{ path: '/two' }, 'v2'],
      [{ path: '/' }, 404],
      [{ path: '/one/example' }, 404],
      [{ path: '/two/' }, 404],
      [{ path: '/Two' }, 404],
    ]);
  });

  it('HTTPRoutePathMatchOrder', async () => {
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        { matches: [prefix('/match')], backendRefs: [to('infra-backend-v1')] },
        { matches: [prefix('/match/prefix')], backendRefs: [to('infra-backend-v2')] },
        { matches: [exact('/match/exact')], backendRefs: [to('infra-backend-v3')] },
      ],
    });
    await expectEach([
      [{ path: '/match/exact' }, 'v3'],
      [{ path: '/match/exact/one' }, 'v1'],
      [{ path: '/match/prefix/one' }, 'v2'],
      [{ path: '/match/any' }, 'v1'],
    ]);
  });

  it('HTTPRouteHeaderMatching', async () => {
    const header = (name: string, value: string) => ({ name, value });
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        { matches: [{ headers: [header('version', 'one')] }], backendRefs: [to('infra-backend-v1')] },
        { matches: [{ headers: [header('version', 'two')] }], backendRefs: [to('infra-backend-v2')] },
        {
          matches: [{ headers: [header('version', 'two'), header('color', 'orange')] }],
          backendRefs: [to('infra-backend-v1')],
        },
      ],
    });
    await expectEach([
      [{ headers: { Version: 'one' } }, 'v1'],
      [{ headers: { Version: 'two' } }, 'v2'],
      [{ headers: { Version: 'two', Color: 'orange' } }, 'v1'],
      [{ headers: { Version: 'two', Color: 'blue' } }, 'v2'],
      [{ headers: { Color: 'orange' } }, 404],
      [{ headers: { 'Some-Other-Header': 'one' } }, 404],
    ]);
  });

  it('HTTPRouteMethodMatching, HTTPRouteQueryParamMatching', async () => {
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        { matches: [{ ...prefix('/m'), method: 'POST' }], backendRefs: [to('infra-backend-v1')] },
        { matches: [{ ...prefix('/m'), method: 'GET' }], backendRefs: [to('infra-backend-v2')] },
        {
          matches: [{ queryParams: [{ name: 'animal', value: 'whale' }] }],
          backendRefs: [to('infra-backend-v1')],
        },
        {
          matches: [
            {
              queryParams: [
                { name: 'animal', value: 'whale' },
                { name: 'color', value: 'blue' },
              ],
            },
          ],
          backendRefs: [to('infra-backend-v3')],
        },
      ],
    });
    await expectEach([
      [{ path: '/m', method: 'POST' }, 'v1'],
      [{ path: '/m', method: 'GET' }, 'v2'],
      [{ path: '/m', method: 'HEAD' }, 404],
      [{ path: '/?animal=whale' }, 'v1'],
      [{ path: '/?color=blue&animal=whale' }, 'v3'],
      [{ path: '/?animal=dolphin' }, 404],
    ]);
  });

  it('HTTPRouteWeight', async () => {
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        {
          backendRefs: [
            to('infra-backend-v1', { weight: 70 }),
            to('infra-backend-v2', { weight: 30 }),
            to('infra-backend-v3', { weight: 0 }),
          ],
        },
      ],
    });
    cluster.apply();
    const counts: Record<string, number> = {};
    for (let index = 0; index < 200; index++) {
      const { echo } = await cluster.call({});
      counts[echo?.pod ?? ''] = (counts[echo?.pod ?? ''] ?? 0) + 1;
    }
    // The suite allows 5 % of 500; the picks are evener than that.
    expect(Math.abs((counts['infra-backend-v1-0'] ?? 0) - 140)).toBeLessThan(5);
    expect(Object.keys(counts).sort()).toEqual(['infra-backend-v1-0', 'infra-backend-v2-0']);
  });

  it('HTTPRouteRequestMirror', async () => {
    const mirrored = Promise.withResolvers<{ path: string; body: string }>();
    await cluster.backend(`${INFRA}/mirror`, (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        mirrored.resolve({ path: request.url ?? '', body });
        response.writeHead(500).end();
      });
    });
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        {
          filters: [{ type: 'RequestMirror', requestMirror: { backendRef: to('mirror') } }],
          backendRefs: [to('infra-backend-v1')],
        },
      ],
    });
    cluster.apply();
    const answer = await cluster.call({ path: '/mirror?x=1', method: 'POST', body: 'hello' });
    expect(answer.echo).toMatchObject({ pod: 'infra-backend-v1-0', body: 'hello' });
    expect(await mirrored.promise).toEqual({ path: '/mirror?x=1', body: 'hello' });
  });

  it('HTTPRouteRequestHeaderModifier, HTTPRouteBackendRequestHeaderModifier, HTTPRouteResponseHeaderModifier', async () => {
    const modifier = {
      set: [{ name: 'X-Header-Set', value: 'set-overwrites-values' }],
      add: [{ name: 'X-Header-Add', value: 'add-appends-values' }],
      remove: ['X-Header-Remove'],
    };
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        {
          matches: [prefix('/rule')],
          filters: [
            { type: 'RequestHeaderModifier', requestHeaderModifier: modifier },
            {
              type: 'ResponseHeaderModifier',
              responseHeaderModifier: { ...modifier, remove: ['X-Echo-Not'] },
            },
          ],
          backendRefs: [to('infra-backend-v1')],
        },
        {
          matches: [prefix('/backend')],
          backendRefs: [
            to('infra-backend-v1', {
              filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: modifier }],
            }),
          ],
        },
      ],
    });
    cluster.apply();
    for (const path of ['/rule', '/backend']) {
      const headers = { 'x-header-set': 'old', 'X-Header-Add': 'some-other-value', 'x-header-REMOVE': 'bye' };
      const { echo, headers: received } = await cluster.call({ path, headers });
      expect(echo?.headers).toMatchObject({
        'x-header-set': 'set-overwrites-values',
        'x-header-add': 'some-other-value, add-appends-values',
      });
      expect(echo?.headers).not.toHaveProperty('x-header-remove');
      expect(received['x-header-set']).toBe(path === '/rule' ? 'set-overwrites-values' : undefined);
    }
  });

  it('HTTPRouteRewritePath, HTTPRouteRewriteHost', async () => {
    const rewrite = (part: object) => [{ type: 'URLRewrite', urlRewrite: part }];
    const replacePrefix = (value: string) =>
      rewrite({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: value } });
    const backendRefs = [to('infra-backend-v1')];
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        { matches: [prefix('/prefix/one')], filters: replacePrefix('/one'), backendRefs },
        { matches: [prefix('/strip-prefix')], filters: replacePrefix('/'), backendRefs },
        {
          matches: [prefix('/full/one')],
          filters: rewrite({ path: { type: 'ReplaceFullPath', replaceFullPath: '/one' } }),
          backendRefs,
        },
        { matches: [prefix('/host')], filters: rewrite({ hostname: 'one.example.org' }), backendRefs },
      ],
    });
    cluster.apply();
    const seen = async (path: string) => (await cluster.call({ host: 'rewrite.example', path })).echo;
    expect((await seen('/prefix/one/two'))?.path).toBe('/one/two');
    expect((await seen('/strip-prefix/three?q=1'))?.path).toBe('/three?q=1');
    expect((await seen('/strip-prefix'))?.path).toBe('/');
    expect((await seen('/full/one/two'))?.path).toBe('/one');
    expect((await seen('/host'))?.host).toBe('one.example.org');
    expect((await seen('/prefix/one'))?.host).toBe('rewrite.example');
  });

  it('HTTPRouteRedirectHostAndStatus, -Path, -Port, -Scheme, 303, 307, 308', async () => {
    const redirects = {
      '/host': [{ hostname: 'example.org' }, 302, 'http://example.org/host'],
      '/status': [{ hostname: 'example.org', statusCode: 301 }, 301, 'http://example.org/status'],
      '/303': [{ statusCode: 303 }, 303, 'http://a.test/303'],
      '/307': [{ statusCode: 307 }, 307, 'http://a.test/307'],
      '/308': [{ statusCode: 308 }, 308, 'http://a.test/308'],
      '/scheme': [{ scheme: 'https' }, 302, 'https://a.test/scheme'],
      '/port': [{ port: 8083 }, 302, 'http://a.test:8083/port'],
      '/both': [{ scheme: 'https', port: 443 }, 302, 'https://a.test/both'],
      '/full': [{ path: { type: 'ReplaceFullPath', replaceFullPath: '/new' } }, 302, 'http://a.test/new'],
      '/old': [
        { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } },
        302,
        'http://a.test/new/rest?q=1',
      ],
    } as const;
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: Object.entries(redirects).map(([path, [requestRedirect]]) => ({
        matches: [prefix(path)],
        filters: [{ type: 'RequestRedirect', requestRedirect }],
      })),
    });
    cluster.apply();
    for (const [path, [, status, location]] of Object.entries(redirects)) {
      const asked = path === '/old' ? '/old/rest?q=1' : path;
      const answer = await cluster.call({ host: 'a.test', path: asked });
      expect([path, answer.status, answer.headers.location]).toEqual([path, status, location]);
    }
  });

  it('HTTPRouteTimeoutRequest, HTTPRouteTimeoutBackendRequest', async () => {
    await cluster.backend(`${INFRA}/slow`, () => undefined);
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        { matches: [prefix('/request')], timeouts: { request: '50ms' }, backendRefs: [to('slow')] },
        { matches: [prefix('/backend')], timeouts: { backendRequest: '50ms' }, backendRefs: [to('slow')] },
        { matches: [prefix('/none')], timeouts: { request: '0s' }, backendRefs: [to('infra-backend-v1')] },
      ],
    });
    await expectEach([
      [{ path: '/request' }, 504],
      [{ path: '/backend' }, 504],
      [{ path: '/none' }, 'v1'],
    ]);
  });

  it.each([
    [
      'HTTPRouteInvalidBackendRefUnknownKind',
      { name: 'x', kind: 'NonExistent', group: 'g.example' },
      'InvalidKind',
    ],
    ['HTTPRouteInvalidNonExistentBackendRef', { name: 'nope', port: 8080 }, 'BackendNotFound'],
    [
      'HTTPRouteInvalidCrossNamespaceBackendRef',
      { name: 'web-backend', namespace: 'gateway-conformance-web-backend', port: 8080 },
      'RefNotPermitted',
    ],
  ])('%s', async (_name, backendRef, reason) => {
    cluster.route(`${INFRA}/r`, { ...parent('same-namespace'), rules: [{ backendRefs: [backendRef] }] });
    await expectEach([[{ path: '/' }, 500]]);
    expect(cluster.conditions(`${INFRA}/r`)).toEqual([accepted, `ResolvedRefs=False:${reason}`]);
  });

  it('HTTPRouteReferenceGrant, HTTPRouteInvalidReferenceGrant', async () => {
    const backend = { name: 'web-backend', namespace: 'gateway-conformance-web-backend', port: 8080 };
    cluster.route(`${INFRA}/r`, { ...parent('same-namespace'), rules: [{ backendRefs: [backend] }] });
    cluster.grant('gateway-conformance-web-backend', 'another-namespace');
    cluster.grant('gateway-conformance-web-backend', INFRA, 'another-service');
    await expectEach([[{ path: '/' }, 500]]);
    cluster.grant('gateway-conformance-web-backend', INFRA, 'web-backend');
    await expectEach([[{ path: '/' }, 'web-backend']]);
    expect(cluster.conditions(`${INFRA}/r`)).toEqual([accepted, resolved]);
  });

  it('HTTPRouteHostnameIntersection, HTTPRouteListenerHostnameMatching, GatewayHTTPListenerIsolation', async () => {
    const all = { namespaces: { from: 'All' } };
    const listener = (name: string, hostname: string) => ({
      name,
      hostname,
      port: 80,
      protocol: 'HTTP',
      allowedRoutes: all,
    });
    cluster.gateway(`${INFRA}/hosts`, [
      listener('exact', 'very.specific.com'),
      listener('wild', '*.wildcard.io'),
      listener('other', '*.anotherwildcard.io'),
    ]);
    const rules = (backend: string) => [{ backendRefs: [to(backend)] }];
    cluster.route(`${INFRA}/specific`, {
      ...parent('hosts'),
      hostnames: ['non.matching.com', 'very.specific.com', '*.specific.com'],
      rules: rules('infra-backend-v1'),
    });
    cluster.route(`${INFRA}/wild`, {
      ...parent('hosts'),
      hostnames: ['*.anotherwildcard.io', 'foo.wildcard.io'],
      rules: rules('infra-backend-v2'),
    });
    cluster.route(`${INFRA}/none`, {
      ...parent('hosts'),
      hostnames: ['specific.but.wrong.com', 'wildcard.io'],
      rules: rules('infra-backend-v3'),
    });
    const gateway = `${INFRA}/hosts`;
    await expectEach([
      [{ gateway, host: 'very.specific.com' }, 'v1'],
      [{ gateway, host: 'VERY.specific.com:80' }, 'v1'],
      [{ gateway, host: 'non.matching.com' }, 404],
      [{ gateway, host: 'foo.specific.com' }, 404],
      [{ gateway, host: 'foo.wildcard.io' }, 'v2'],
      [{ gateway, host: 'bar.wildcard.io' }, 404],
      [{ gateway, host: 'one.two.anotherwildcard.io' }, 'v2'],
      [{ gateway, host: 'wildcard.io' }, 404],
    ]);
    expect(cluster.conditions(`${INFRA}/none`)).toEqual([
      'Accepted=False:NoMatchingListenerHostname',
      resolved,
    ]);
  });

  it('HTTPRouteCrossNamespace, HTTPRouteInvalidCrossNamespaceParentRef', async () => {
    const selector = { matchLabels: { 'gateway-conformance': 'backend' } };
    cluster.gateway(`${INFRA}/backend-namespaces`, [
      {
        name: 'http',
        port: 80,
        protocol: 'HTTP',
        allowedRoutes: { namespaces: { from: 'Selector', selector } },
      },
    ]);
    const rules = [{ backendRefs: [to('web-backend')] }];
    cluster.route('gateway-conformance-web-backend/good', { ...parent('backend-namespaces'), rules });
    cluster.route('gateway-conformance-web-backend/bad', { ...parent('same-namespace'), rules });
    await expectEach([
      [{ gateway: `${INFRA}/backend-namespaces` }, 'web-backend'],
      [{ gateway: `${INFRA}/same-namespace` }, 404],
    ]);
    expect(cluster.conditions('gateway-conformance-web-backend/bad')[0]).toBe(
      'Accepted=False:NotAllowedByListeners',
    );
  });

  it('HTTPRouteInvalidParentRefNotMatchingSectionName, -NotMatchingListenerPort', () => {
    const rules = [{ backendRefs: [to('infra-backend-v1')] }];
    cluster.route(`${INFRA}/section`, { ...parent('same-namespace', { sectionName: 'nope' }), rules });
    cluster.route(`${INFRA}/port`, { ...parent('same-namespace', { port: 81 }), rules });
    cluster.apply();
    for (const name of ['section', 'port'])
      expect(cluster.conditions(`${INFRA}/${name}`)[0]).toBe('Accepted=False:NoMatchingParent');
  });

  it('HTTPRouteServiceTypes: headless, without a selector, ExternalName', async () => {
    const podIp = cluster.pods[0]?.status?.podIP ?? '';
    cluster.service(`${INFRA}/headless`, [podIp], { clusterIP: 'None' });
    cluster.service(`${INFRA}/manual`, [podIp]);
    const hostPort = await cluster.listen(
      (await import('node:http')).createServer((_request, response) => response.end('outside')),
    );
    cluster.service(`${INFRA}/external`, [], {
      type: 'ExternalName',
      externalName: 'localhost',
      ports: [{ port: hostPort }],
    });
    cluster.route(`${INFRA}/r`, {
      ...parent('same-namespace'),
      rules: [
        { matches: [prefix('/headless')], backendRefs: [to('headless')] },
        { matches: [prefix('/manual')], backendRefs: [to('manual')] },
        { matches: [prefix('/external')], backendRefs: [{ name: 'external', port: hostPort }] },
      ],
    });
    await expectEach([
      [{ path: '/headless' }, 'v1'],
      [{ path: '/manual' }, 'v1'],
    ]);
    expect((await cluster.call({ path: '/external' })).body).toBe('outside');
  });

  it('HTTPRouteBackendProtocolH2C', async () => {
    await cluster.backend(`${INFRA}/h2c`, undefined, {
      http2: true,
      port: { appProtocol: 'kubernetes.io/h2c' },
    });
    cluster.route(`${INFRA}/r`, { ...parent('same-namespace'), rules: [{ backendRefs: [to('h2c')] }] });
    cluster.apply();
    const { echo } = await cluster.call({ path: '/x', method: 'POST', body: 'abc' });
    expect(echo).toMatchObject({ httpVersion: '2.0', body: 'abc', path: '/x' });
  });
});
