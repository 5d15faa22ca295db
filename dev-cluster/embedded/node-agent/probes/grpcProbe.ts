/** grpc.health.v1.Health/Check over plain HTTP/2: one message each way, so its framing by hand. */
import { connect, constants, type IncomingHttpHeaders } from 'node:http2';
import type { ProbeResult } from '../contract.ts';

/** Of grpc.health.v1.HealthCheckResponse. */
const STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const UNIMPLEMENTED = 12;
const LENGTH_PREFIX = 5;

export async function grpcProbe(
  port: number,
  service: string,
  limit: AbortSignal,
  timeoutMs: number,
): Promise<ProbeResult> {
  const session = connect(`http://127.0.0.1:${port}`);
  const close = (): void => session.destroy();
  limit.addEventListener('abort', close, { once: true });
  try {
    const { status, message, body } = await check(session, service);
    if (status === UNIMPLEMENTED)
      return failed(
        'this server does not implement the grpc health protocol (grpc.health.v1.Health): ' + message,
      );
    if (status !== 0) return failed(`rpc error: code = ${status} desc = ${message}`);
    // An empty message is status 0.
    const serving =
      body.length >= LENGTH_PREFIX + 2 && body[LENGTH_PREFIX] === 0x08 ? (body[LENGTH_PREFIX + 1] ?? 0) : 0;
    const name = STATUS[serving] ?? String(serving);
    return name === 'SERVING'
      ? { passed: true, message: '' }
      : failed(`service unhealthy (responded with "${name}")`);
  } catch (error) {
    if (limit.aborted)
      return failed(
        `timeout: failed to connect service "127.0.0.1:${port}" within ${timeoutMs / 1000}s: context deadline exceeded`,
      );
    throw error;
  } finally {
    limit.removeEventListener('abort', close);
    session.destroy();
  }
}

function failed(message: string): ProbeResult {
  return { passed: false, message };
}

async function check(
  session: ReturnType<typeof connect>,
  service: string,
): Promise<{ readonly status: number; readonly message: string; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    session.once('error', reject);
    session.once('close', () => reject(new Error('the connection was closed')));
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.34',
    });
    const chunks: Buffer[] = [];
    let status: string | undefined;
    let message = '';
    const onHeaders = (headers: IncomingHttpHeaders): void => {
      // In the headers when there is no message.
      const { 'grpc-status': code, 'grpc-message': text } = headers;
      if (typeof code !== 'string') return;
      status = code;
      message = typeof text === 'string' ? decodeURIComponent(text) : '';
    };
    stream.once('error', reject);
    stream.once('response', onHeaders);
    stream.once('trailers', onHeaders);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      if (status === undefined) reject(new Error('the server speaks no gRPC'));
      else resolve({ status: Number(status), message, body: Buffer.concat(chunks) });
    });
    stream.end(request(service));
  });
}

/** Uncompressed, its length, then field 1 as a string. */
function request(service: string): Buffer {
  const name = Buffer.from(service);
  const field =
    name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(LENGTH_PREFIX);
  prefix.writeUInt32BE(field.length, 1);
  return Buffer.concat([prefix, field]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
