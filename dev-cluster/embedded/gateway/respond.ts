/** Responses over HTTP/1.1 and HTTP/2 alike, and the gateway's own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { headerObject, type HeaderList } from './headers.ts';

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

export function isGrpc(request: Incoming): boolean {
  return request.headers['content-type']?.startsWith('application/grpc') === true;
}

export function writeHead(response: Outgoing, status: number, headers: HeaderList): void {
  if ('stream' in response) response.writeHead(status, headerObject(headers));
  else response.writeHead(status, headers);
}

/** A response without a body, and in HTTP/2 without the empty frame that `end` would send for one. */
export function endWithHead(response: Outgoing, status: number, headers: HeaderList): void {
  if ('stream' in response)
    response.stream.respond({ ':status': status, ...headerObject(headers) }, { endStream: true });
  else response.writeHead(status, headers).end();
}

const GRPC_STATUS: Readonly<Record<number, number>> = { 400: 13, 404: 12, 502: 14, 503: 14, 504: 14 };
const GRPC_UNKNOWN = 2;

/** A response of the gateway's own: a sentence; for gRPC a status. */
export function respond(request: Incoming, response: Outgoing, code: number, message: string): void {
  if (isGrpc(request)) {
    const status = String(GRPC_STATUS[code] ?? GRPC_UNKNOWN);
    const text = encodeURIComponent(message);
    const grpc = ['content-type', 'application/grpc', 'grpc-status', status, 'grpc-message', text];
    endWithHead(response, 200, grpc);
    return;
  }
  const text = message === '' ? '' : `${message}\n`;
  writeHead(response, code, [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(text)),
  ]);
  response.end(text);
}

/** The client sees that the response is not whole. */
export function breakOff(response: Outgoing): void {
  if ('stream' in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}
