/** Pipeline packages named by URL: `package_url.pipeline_url` of the create calls. */
import { Readable } from 'node:stream';
import { http } from '../../../../src/clients/http.ts';
import { invalid } from '../errors.ts';
import { MAX_PACKAGE_BYTES, tooLarge, unpackPackage } from './package.ts';

const TIMEOUT_MS = 30_000;

/** The document's text. Only http and https; the size is limited while it streams. */
export async function fetchPackage(address: string, signal: AbortSignal): Promise<string> {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw invalid(`invalid pipeline spec URL: ${address}`);
  const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const body = await http(
      { url: url.origin, token: undefined, label: 'The pipeline package' },
      { method: 'GET', path: url.pathname + url.search, responseType: 'stream', timeoutMs: TIMEOUT_MS },
      within,
    );
    if (!(body instanceof Readable)) throw new TypeError('The HTTP client did not stream.');
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_PACKAGE_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw invalid(`error fetching pipeline spec from ${address}: ${said}`);
  }
  if (size > MAX_PACKAGE_BYTES) throw tooLarge();
  return unpackPackage(url.pathname, Buffer.concat(chunks));
}
