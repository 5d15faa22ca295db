/** httpGet, as the kubelet's: redirects within the host are followed, others pass; certificates aren't looked at. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Container } from '../../../../src/clients/kubernetes/model.ts';
import type { ProbeResult } from '../contract.ts';

type HttpGet = NonNullable<NonNullable<Container['livenessProbe']>['httpGet']>;

const MOST_REDIRECTS = 10;

/** `port`: as the container knows it, for the `Host` header. */
export async function httpProbe(
  { path = '/', scheme = 'HTTP', host, httpHeaders = [] }: HttpGet,
  { port, hostPort }: { readonly port: number; readonly hostPort: number },
  limit: AbortSignal,
): Promise<ProbeResult> {
  const headers = headersOf(httpHeaders);
  // A host of its own is somewhere else: the container's ports aren't moved there.
  const target = host === undefined || host === '' ? `127.0.0.1:${hostPort}` : `${host}:${port}`;
  let url = new URL(`${scheme.toLowerCase()}://${target}${path.startsWith('/') ? path : `/${path}`}`);
  const { hostname } = url;
  headers['host'] ??= host === undefined || host === '' ? `127.0.0.1:${port}` : target;
  for (let redirects = 0; ; redirects += 1) {
    const response = await get(url, headers, limit);
    response.resume();
    const { statusCode = 0 } = response;
    const { location } = response.headers;
    if (statusCode >= 300 && statusCode < 400 && location !== undefined) {
      const next = new URL(location, url);
      if (next.hostname !== hostname)
        return { passed: true, message: `Probe terminated redirects, Response body: ` };
      if (redirects >= MOST_REDIRECTS)
        return { passed: false, message: `Get "${url.href}": stopped after ${MOST_REDIRECTS} redirects` };
      url = next;
      continue;
    }
    return statusCode >= 200 && statusCode < 400
      ? { passed: true, message: '' }
      : { passed: false, message: `HTTP probe failed with statuscode: ${statusCode}` };
  }
}

function headersOf(
  list: readonly { readonly name: string; readonly value: string }[],
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, value } of list) headers[name.toLowerCase()] = value;
  headers['user-agent'] ??= 'kube-probe/1.34';
  headers['accept'] ??= '*/*';
  // An empty value takes the header away.
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
}

async function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  limit: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { headers, agent: false as const, signal: limit };
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, rejectUnauthorized: false })
        : httpRequest(url, options);
    request.once('response', resolve);
    request.once('error', (error: NodeJS.ErrnoException) => {
      const why = limit.aborted
        ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        : error.code === 'ECONNREFUSED'
          ? `dial tcp ${url.host}: connect: connection refused`
          : error.message;
      reject(new Error(`Get "${url.href}": ${why}`, { cause: error }));
    });
    request.end();
  });
}
