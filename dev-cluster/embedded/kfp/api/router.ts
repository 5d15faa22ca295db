/** The HTTP side of the service: who may call, which handler answers, and KFP's shapes for bodies and errors. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { asError, SlipwayError } from '../../../../src/core/base/errors.ts';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import { invalid, KFP_CODES, KfpError, type KfpReason } from '../errors.ts';
import { StoreError, storeError } from '../store/database.ts';

/** A spec of 32 MiB still fits, with the rest of its request around it. */
const MAX_BODY_BYTES = 33 * 1024 * 1024;
/** As protobuf's readers have it; what is checked and written by recursion later is then safe. */
const MAX_BODY_DEPTH = 100;

export interface Call {
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** The body, checked; unknown fields are refused with 400 as KFP does. */
  body<T>(schema: z.ZodType<T>): Promise<T>;
}

/** Answers with the returned object; `undefined` when it has written the response itself. */
export type Handler = (call: Call) => Promise<JsonObject | undefined> | JsonObject | undefined;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As the swagger has it, e.g. `/apis/v2beta1/runs/{run_id}:archive`. */
  readonly path: string;
  readonly handler: Handler;
  /** The endpoints outside the gateway answer errors in a shape of their own. */
  readonly errorShape?: 'upload';
  readonly isPublic?: boolean;
}

interface CompiledRoute extends Route {
  readonly pattern: RegExp;
}

export interface RouterOptions {
  readonly token: string;
  /** Asked at every request: the port is known only when the server listens. */
  readonly hosts: () => readonly string[];
  readonly onError: (error: Error, request: IncomingMessage) => void;
}

export function router(
  routes: readonly Route[],
  options: RouterOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const compiled = routes.map((route): CompiledRoute => ({ ...route, pattern: compile(route.path) }));
  return (request, response) => {
    void handle(compiled, options, request, response);
  };
}

/** `{run_id}` matches one path segment. */
function compile(path: string): RegExp {
  const source = path
    .replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+?)');
  return new RegExp(`^${source}$`, 'u');
}

async function handle(
  routes: readonly CompiledRoute[],
  options: RouterOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let route: CompiledRoute | undefined;
  try {
    // A page of a browser that was led here under another name must not get in, token or not.
    if (!options.hosts().includes(request.headers.host ?? ''))
      throw new KfpError('permissionDenied', 'The Host header does not name this service');
    // Other forms would name a host of their own, or be no URL at all.
    if (!/^\/(?!\/)/.test(request.url ?? '')) throw new KfpError('notFound', 'Not Found');
    const url = new URL(request.url ?? '', 'http://service');
    const matching = routes.filter(({ pattern }) => pattern.test(url.pathname));
    route = matching.find(({ method }) => method === request.method);
    if (route?.isPublic !== true && !isAuthorized(request, options.token))
      throw new KfpError('unauthenticated', 'The request has no valid bearer token');
    if (route === undefined) {
      throw matching.length > 0
        ? new KfpError('unimplemented', 'Method Not Allowed')
        : new KfpError('notFound', 'Not Found');
    }
    const answer = await route.handler({
      path: pathParameters(route.pattern, url.pathname),
      query: url.searchParams,
      request,
      response,
      signal: gone.signal,
      body: (schema) => readJson(request, schema),
    });
    if (answer !== undefined) send(response, 200, answer);
  } catch (error) {
    if (gone.signal.aborted) return;
    const known = toKfpError(error);
    if (known.reason === 'internal' || known.reason === 'unavailable')
      options.onError(asError(error), request);
    sendError(response, known, route?.errorShape);
  } finally {
    // What the handler did not read must not be taken for the next request of this connection.
    if (!request.complete) request.resume();
  }
}

function pathParameters(pattern: RegExp, pathname: string): Record<string, string> {
  const groups = pattern.exec(pathname)?.groups ?? {};
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decode(value)]));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid(`The path has a malformed escape: ${segment}`);
  }
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined) return false;
  // Hashes have one length, so the comparison takes one time.
  return timingSafeEqual(sha256(given), sha256(token));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) throw invalid(`The request body is larger than ${MAX_BODY_BYTES} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw invalid('The request body is not JSON');
  }
  if (isDeeper(json, MAX_BODY_DEPTH))
    throw invalid(`The request body is nested more than ${MAX_BODY_DEPTH} levels deep`);
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw invalid(explain(result.error));
}

/** Level by level, so that depth needs no stack. */
function isDeeper(json: unknown, limit: number): boolean {
  let level = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : [],
    );
  }
  return false;
}

function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'The request body is not valid';
  if (issue.code === 'unrecognized_keys')
    return `unknown field "${[...issue.path, issue.keys[0] ?? ''].join('.')}"`;
  return `invalid value for field ${issue.path.join('.')}: ${issue.message}`;
}

/** Store errors and bugs alike become one sentence; only what the service itself refused is the client's fault. */
function toKfpError(error: unknown): KfpError {
  if (error instanceof KfpError) return error;
  const known = storeError(error);
  if (known instanceof StoreError)
    return new KfpError('unavailable', `${known.message} ${known.action ?? ''}`.trim(), { cause: error });
  const said = known instanceof SlipwayError ? known.message : `Internal Server Error: ${known.message}`;
  return new KfpError('internal', said, { cause: error });
}

function send(response: ServerResponse, status: number, body: JsonObject): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text, 'utf8'),
  });
  response.end(text, 'utf8');
}

function sendError(response: ServerResponse, error: KfpError, shape: 'upload' | undefined): void {
  if (response.headersSent) {
    response.destroy(error);
    return;
  }
  const [code, status] = KFP_CODES[error.reason satisfies KfpReason];
  const { message } = error;
  send(
    response,
    status,
    shape === 'upload'
      ? { error_message: message, error_details: message }
      : {
          code,
          message,
          details: [{ '@type': 'type.googleapis.com/google.rpc.Status', code, message }],
        },
  );
}
