import { describe, expect, it } from 'vitest';
import type { Service } from '../../../src/clients/kubernetes/model.ts';
import { NameRewriter } from '../../../dev-cluster/embedded/node-agent/environment/nameRewriting.ts';
import {
  rawTcpPorts,
  serviceFinder,
} from '../../../dev-cluster/embedded/node-agent/environment/serviceNames.ts';
import { serviceVariables } from '../../../dev-cluster/embedded/node-agent/environment/serviceVariables.ts';

type Ports = NonNullable<NonNullable<Service['spec']>['ports']>;

const service = (namespace: string, name: string, clusterIP: string, ports: Ports): Service => ({
  metadata: { namespace, name },
  spec: { clusterIP, ports },
});
const redis = service('ml', 'redis', '10.43.0.7', [{ name: 'tcp-redis', port: 6379, protocol: 'TCP' }]);
const database = service('data', 'pg', '10.43.0.8', [{ port: 5432 }]);
const web = service('ml', 'web', '10.43.0.9', [{ name: 'http', port: 8888 }]);
const services = [redis, database, web];
const rewriter = new NameRewriter(
  serviceFinder('ml', services),
  new Map([
    ['ml/redis:6379', 21_000],
    ['data/pg:5432', 21_001],
  ]),
);

describe('Services by name over TCP', () => {
  it.each([
    ['redis:6379', '127.0.0.1:21000'],
    ['redis.ml:6379', '127.0.0.1:21000'],
    ['redis.ml.svc:6379', '127.0.0.1:21000'],
    ['redis://:secret@redis.ml.svc.cluster.local:6379/0', 'redis://:secret@127.0.0.1:21000/0'],
    ['10.43.0.7:6379', '127.0.0.1:21000'],
    ['postgresql://u:p@pg.data.svc:5432/db?host=a', 'postgresql://u:p@127.0.0.1:21001/db?host=a'],
    ['a=redis:6379,pg.data:5432;', 'a=127.0.0.1:21000,127.0.0.1:21001;'],
    ['socket.create_connection(("redis", 6379))', 'socket.create_connection(("127.0.0.1", 21000))'],
    ['nc redis 6379 < x', 'nc 127.0.0.1 21000 < x'],
  ])('%s is %s', (text, expected) => {
    expect(rewriter.rewriteText(text)).toBe(expected);
  });

  it.each([
    // Of another namespace, another name, another port.
    ...['pg:5432', 'redis.data.svc:6379', 'my-redis:6379', 'redis-0:6379', 'redis.io:6379', 'redis:6380'],
    ...['redis:63790', 'x.redis:6379', '110.43.0.7:6379', 'import redis', 'redis 7'],
    // The proxy's.
    ...['http://redis:6379/x', 'http://u:p@redis.ml.svc:6379', 'web:8888', 'http://web.ml.svc:8888/'],
  ])('%s stays', (text) => {
    expect(rewriter.rewriteText(text)).toBe(text);
  });

  it('knows flags and arguments that stand beside each other', () => {
    expect(rewriter.rewriteWords(['redis-cli', '-h', 'redis', '-p', '6379', 'get', 'redis'])).toEqual([
      ...['redis-cli', '-h', '127.0.0.1', '-p', '21000', 'get', 'redis'],
    ]);
    expect(rewriter.rewriteWords(['nc', 'pg.data.svc', '5432'])).toEqual(['nc', '127.0.0.1', '21001']);
    expect(rewriter.rewriteWords(['x', '--redis-port=6379', '--redis-host=redis'])).toEqual([
      ...['x', '--redis-port=21000', '--redis-host=127.0.0.1'],
    ]);
    // A word of its own may be anything.
    expect(rewriter.rewriteWords(['server', '--queue', 'redis'])).toEqual(['server', '--queue', 'redis']);
  });

  it('knows a host and its port in variables that belong together', () => {
    const variables = { CACHE_HOST: 'redis', CACHE_PORT: '6379', NAME: 'redis', DB_HOST: 'pg.data.svc' };
    expect(Object.fromEntries(rewriter.rewriteVariables(new Map(Object.entries(variables))))).toEqual({
      ...variables,
      CACHE_HOST: '127.0.0.1',
      CACHE_PORT: '21000',
    });
  });

  it('takes for HTTP what says so or has its port', () => {
    expect(rawTcpPorts(redis)).toEqual([6379]);
    expect(rawTcpPorts(web)).toEqual([]);
    expect(rawTcpPorts(service('a', 'b', '', [{ port: 80 }, { port: 9000, appProtocol: 'grpc' }]))).toEqual(
      [],
    );
    expect(rawTcpPorts(service('a', 'b', '', [{ port: 53, protocol: 'UDP' }, { port: 4222 }]))).toEqual([
      4222,
    ]);
  });

  it('gives the links of Services the same', () => {
    const variables = serviceVariables([redis, web], new Map([['ml/redis', new Map([[6379, 21_000]])]]));
    expect(Object.fromEntries(variables)).toMatchObject({
      REDIS_SERVICE_HOST: '127.0.0.1',
      REDIS_SERVICE_PORT: '21000',
      REDIS_SERVICE_PORT_TCP_REDIS: '21000',
      REDIS_PORT: 'tcp://127.0.0.1:21000',
      REDIS_PORT_6379_TCP_ADDR: '127.0.0.1',
      REDIS_PORT_6379_TCP_PORT: '21000',
      WEB_SERVICE_HOST: '10.43.0.9',
      WEB_SERVICE_PORT: '8888',
    });
  });
});
