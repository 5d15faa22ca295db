/** Header lists as they go over the wire: names and values in turn, as in `rawHeaders`. */
import type { HeaderModifier, PathModifier, Rewrite } from './resources.ts';
import { hasPathPrefix } from './routing.ts';

/** `[name, value, name, value, …]`. */
export type HeaderList = string[];

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const HTTP1_ONLY = new Set(['connection', 'host', 'keep-alive']);

export interface ForwardedRequest {
  readonly rawHeaders: readonly string[];
  /** The `Connection` header: it names more headers that end here. */
  readonly connection: string | undefined;
  readonly host: string;
  readonly clientAddress: string;
}

/**
 * The request's headers for the backend: hop-by-hop ones left out, `X-Forwarded-*` added, `Host` as the client said.
 * gRPC's `te: trailers` stays.
 */
export function requestHeaders({
  rawHeaders,
  connection,
  host,
  clientAddress,
}: ForwardedRequest): HeaderList {
  const named = connectionNames(connection);
  const headers: HeaderList = ['Host', host];
  let forwardedFor = clientAddress;
  let hasProto = false;
  let cookies = '';
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    if (name.charCodeAt(0) === COLON) continue;
    const lower = name.toLowerCase();
    if (lower === 'te') {
      if (value.includes('trailers')) headers.push(name, 'trailers');
    } else if (lower === 'x-forwarded-for') forwardedFor = `${value}, ${clientAddress}`;
    // HTTP/2 may send cookies one by one; HTTP/1 must not.
    else if (lower === 'cookie') cookies = cookies === '' ? value : `${cookies}; ${value}`;
    else if (lower !== 'host' && lower !== 'expect' && !HOP_BY_HOP.has(lower) && !named.has(lower)) {
      if (lower === 'x-forwarded-proto') hasProto = true;
      headers.push(name, value);
    }
  }
  if (cookies !== '') headers.push('Cookie', cookies);
  headers.push('X-Forwarded-For', forwardedFor);
  if (!hasProto) headers.push('X-Forwarded-Proto', 'http');
  return headers;
}

const COLON = 58;
const NO_NAMES: ReadonlySet<string> = new Set();

function connectionNames(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NO_NAMES;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

/** The backend's headers for the client. */
export function responseHeaders(rawHeaders: readonly string[]): HeaderList {
  let named = NO_NAMES;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === 'connection') named = connectionNames(rawHeaders[index + 1]);
  const headers: HeaderList = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.charCodeAt(0) === COLON) continue;
    const lower = name.toLowerCase();
    // The trailers that follow are announced by this one, which is why it stays.
    if ((lower === 'trailer' || !HOP_BY_HOP.has(lower)) && !named.has(lower))
      headers.push(name, rawHeaders[index + 1] ?? '');
  }
  return headers;
}

export function modifyHeaders(headers: HeaderList, modifiers: readonly HeaderModifier[]): HeaderList {
  let result = headers;
  for (const { set, add, remove } of modifiers) {
    const replaced = new Set([...set.map(({ name }) => name.toLowerCase()), ...remove.map(lowerCase)]);
    if (replaced.size > 0) result = withoutHeaders(result, replaced);
    for (const { name, value } of [...set, ...add]) result.push(name, value);
  }
  return result;
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}

function withoutHeaders(headers: HeaderList, names: ReadonlySet<string>): HeaderList {
  const result: HeaderList = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (!names.has(name.toLowerCase())) result.push(name, headers[index + 1] ?? '');
  }
  return result;
}

export function rewriteHost(headers: HeaderList, rewrite: Rewrite | undefined): HeaderList {
  if (rewrite?.hostname === undefined) return headers;
  const result = withoutHeaders(headers, new Set(['host']));
  result.unshift('Host', rewrite.hostname);
  return result;
}

/** The path, without a query, after the modifier; `prefix` is what the rule's path match has matched. */
export function rewritePath(path: string, modifier: PathModifier | undefined, prefix: string): string {
  if (modifier === undefined) return path;
  if (modifier.type === 'ReplaceFullPath') return modifier.replaceFullPath || '/';
  if (!hasPathPrefix(path, prefix)) return path;
  const rest = path.slice(prefix.endsWith('/') ? prefix.length - 1 : prefix.length);
  const replacement = modifier.replacePrefixMatch;
  const joined = (replacement.endsWith('/') ? replacement.slice(0, -1) : replacement) + rest;
  return joined.startsWith('/') ? joined : `/${joined}`;
}

/** As HTTP/2 wants them: an object, values of one name in a list, without what only HTTP/1 connections have. */
export function headerObject(headers: readonly string[]): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] ?? '').toLowerCase();
    if (HTTP1_ONLY.has(name)) continue;
    const value = headers[index + 1] ?? '';
    const known = result[name];
    if (known === undefined) result[name] = value;
    else if (typeof known === 'string') result[name] = [known, value];
    else known.push(value);
  }
  return result;
}
