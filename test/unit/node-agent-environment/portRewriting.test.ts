import { describe, expect, it } from 'vitest';
import { PortRewriter } from '../../../dev-cluster/embedded/node-agent/environment/portRewriting.ts';

const rewriter = new PortRewriter(
  new Map([
    [8080, 21_001],
    [8081, 21_002],
    [80, 21_003],
  ]),
);

describe('ports in words', () => {
  it.each<[string[], string[]]>([
    [
      ['--http_port=8080', '--grpc_port=8081'],
      ['--http_port=21001', '--grpc_port=21002'],
    ],
    [
      ['--port', '8080'],
      ['--port', '21001'],
    ],
    [
      ['-p', '8080'],
      ['-p', '21001'],
    ],
    [
      ['python', '-m', 'http.server', '8080'],
      ['python', '-m', 'http.server', '21001'],
    ],
    [['--listen=:8080'], ['--listen=:21001']],
    [
      ['--bind', '0.0.0.0:8080'],
      ['--bind', '127.0.0.1:21001'],
    ],
    [
      ['--host=0.0.0.0', '--port=80'],
      ['--host=127.0.0.1', '--port=21003'],
    ],
    [['http://localhost:8080/x'], ['http://localhost:21001/x']],
    [['uvicorn app:app --host 0.0.0.0 --port 8080'], ['uvicorn app:app --host 127.0.0.1 --port 21001']],
    [["HTTPServer(('', 8080), H)"], ["HTTPServer(('', 21001), H)"]],
    [['{"tcpSocket":{"port":8080,"host":"127.0.0.1"}}'], ['{"tcpSocket":{"port":21001,"host":"127.0.0.1"}}']],
    [['PORT=8080 ./serve'], ['PORT=21001 ./serve']],
  ])('%j', (words, expected) => {
    expect(rewriter.rewriteWords(words)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['other services', ['http://other:8080/x', 'redis.default:8080', '--upstream=db.ns.svc:80']],
    ['other flags', ['--batch_size', '8080', '--timeout=80', 'train --steps 8080']],
    ['longer numbers and versions', ['18080', '8080.5', '--port=80801', 'v1.80', 'x:8080:9']],
    ['times and networks', ['12:80', '0.0.0.0/0', '10.0.0.0']],
  ])('leaves %s alone', (_, words) => {
    expect(rewriter.rewriteWords(words)).toEqual(words);
  });
});

describe('ports in variables', () => {
  it.each([
    ['PORT', '8080', '21001'],
    ['HTTP_PORT', '80', '21003'],
    ['ADDRESS', '0.0.0.0:8080', '127.0.0.1:21001'],
    ['SERVING_READINESS_PROBE', '{"tcpSocket":{"port":8080}}', '{"tcpSocket":{"port":21001}}'],
    ['GUNICORN_CMD_ARGS', '--bind=:8080', '--bind=:21001'],
  ])('%s=%s', (name, value, expected) => {
    expect(rewriter.rewriteVariable(name, value)).toBe(expected);
  });

  it.each([
    ['BATCH', '8080'],
    ['UPSTREAM', 'http://other:8080'],
    ['TEXT', 'about 8080 things'],
  ])('leaves %s=%s alone', (name, value) => {
    expect(rewriter.rewriteVariable(name, value)).toBe(value);
  });
});
