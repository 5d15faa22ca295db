/** Objects in an S3 bucket: what artifacts and demo data need, signed with Signature Version 4. */
import { Readable } from 'node:stream';
import { AwsV4Signer } from 'aws4fetch';
import { http, HttpError, type HttpRequest } from './http.ts';

export interface S3Endpoint {
  /** Without a trailing slash; buckets are the first part of the path. */
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

export interface S3Object {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

export interface S3Uri {
  readonly bucket: string;
  readonly key: string;
}

/** S3 takes no more in one request. */
const MAX_PUT_BYTES = 5 * 1024 ** 3;
const TIMEOUT_MS = 30_000;
/** For a body, which may be gigabytes. */
const TRANSFER_TIMEOUT_MS = 3_600_000;

/** `undefined` for what isn't `s3://bucket/key`. */
export function parseS3Uri(uri: string): S3Uri | undefined {
  const match = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri);
  return match?.[1] === undefined ? undefined : { bucket: match[1], key: match[2] ?? '' };
}

export class S3 {
  readonly #endpoint: S3Endpoint;

  constructor(endpoint: S3Endpoint) {
    this.#endpoint = endpoint;
  }

  /** Rejects with HttpError `notFound`. */
  async get({ bucket, key }: S3Uri, signal: AbortSignal): Promise<Readable> {
    const request = { method: 'GET', responseType: 'stream', timeoutMs: TRANSFER_TIMEOUT_MS } as const;
    const body = await this.#send(request, path(bucket, key), {}, signal).catch((error: unknown) => {
      if (!(error instanceof HttpError && error.reason === 'notFound')) throw error;
      // Its answer is XML for programs.
      throw new HttpError('notFound', `s3://${bucket}/${key} is not there.`, error.status, error);
    });
    if (!(body instanceof Readable)) throw new Error('A streamed response is a Readable.');
    return body;
  }

  /** Bytes from `start` up to `end`, exclusive; fewer at the object's end. */
  async read({ bucket, key }: S3Uri, start: number, end: number, signal: AbortSignal): Promise<Buffer> {
    const request = { method: 'GET', responseType: 'stream' } as const;
    const range = { Range: `bytes=${start}-${end - 1}` };
    const body = await this.#send(request, path(bucket, key), {}, signal, range);
    if (!(body instanceof Readable)) throw new Error('A streamed response is a Readable.');
    const chunks: Buffer[] = [];
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** `size` in bytes, at most 5 GiB. */
  async put(
    { bucket, key }: S3Uri,
    body: Readable | Buffer,
    size: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (size > MAX_PUT_BYTES)
      throw new HttpError('refused', `s3://${bucket}/${key} would be over 5 GiB.`, undefined, undefined);
    const request = { method: 'PUT', body, timeoutMs: TRANSFER_TIMEOUT_MS } as const;
    await this.#send(request, path(bucket, key), {}, signal, { 'Content-Length': String(size) });
  }

  async delete({ bucket, key }: S3Uri, signal: AbortSignal): Promise<void> {
    await this.#send({ method: 'DELETE' }, path(bucket, key), {}, signal);
  }

  /** All objects whose key begins with `prefix`, in the order of their keys. */
  async *list({ bucket, key: prefix }: S3Uri, signal: AbortSignal): AsyncGenerator<S3Object> {
    let token: string | undefined;
    do {
      const query = {
        'list-type': '2',
        prefix,
        ...(token === undefined ? {} : { 'continuation-token': token }),
      };
      const xml = String(
        await this.#send({ method: 'GET', responseType: 'text' }, `/${bucket}`, query, signal),
      );
      for (const [, entry = ''] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const key = element(entry, 'Key') ?? '';
        yield { key, size: Number(element(entry, 'Size') ?? 0) };
      }
      token = element(xml, 'NextContinuationToken');
    } while (token !== undefined && token !== '');
  }

  async #send(
    request: Omit<HttpRequest, 'path'>,
    pathname: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const { url, accessKey, secretKey, region } = this.#endpoint;
    const target = new URL(url + pathname);
    for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
    const signed = await new AwsV4Signer({
      method: request.method,
      url: target.href,
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      service: 's3',
      region,
    }).sign();
    const endpoint = {
      url,
      token: undefined,
      label: 'The object store',
      headers: { ...Object.fromEntries(signed.headers), ...headers },
    };
    const full = { timeoutMs: TIMEOUT_MS, ...request, path: signed.url.pathname + signed.url.search };
    return http(endpoint, full, signal);
  }
}

function path(bucket: string, key: string): string {
  return `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** The text of the first element with this name; S3 nests none of those asked for here. */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.replaceAll(/&(#x?)?(\w+);/g, decode);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(whole: string, number: string | undefined, name: string): string {
  if (number === undefined) return ENTITIES[name] ?? whole;
  return String.fromCodePoint(Number.parseInt(name, number === '#x' ? 16 : 10));
}
