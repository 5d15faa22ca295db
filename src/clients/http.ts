/** The one HTTP client. Every call takes a signal and has a timeout; failures become a SlipwayError with a reason. */
import type { Agent } from 'node:https';
import axios, { isAxiosError, type AxiosRequestConfig } from 'axios';
import { isAbort, SlipwayError } from '../core/base/errors.ts';

export type HttpReason =
  'unreachable' | 'timeout' | 'unauthorized' | 'notFound' | 'conflict' | 'refused' | 'server' | 'notJson';

export class HttpError extends SlipwayError<HttpReason> {
  readonly status: number | undefined;
  constructor(
    reason: HttpReason,
    message: string,
    status: number | undefined,
    cause: unknown,
    action?: string,
  ) {
    super(reason, message, { cause, ...(action === undefined ? {} : { action }) });
    this.status = status;
  }
}

export interface HttpEndpoint {
  /** Without a trailing slash. */
  readonly url: string;
  /** Sent as a bearer token to this origin only: redirects are not followed. */
  readonly token: string | undefined;
  /** For people, e.g. `the pipeline service`. */
  readonly label: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For https: trusted authorities, client certificate. */
  readonly agent?: Agent;
  /** Asked before each call for credentials that expire; what it answers is added to the above. */
  readonly authenticate?: () => Promise<Pick<HttpEndpoint, 'headers' | 'agent'>>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** An object goes as JSON; a string as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
  readonly responseType?: 'json' | 'text' | 'stream';
  /** A public file: redirects are followed, and the proxies of the environment used. */
  readonly isDownload?: boolean;
}

/** The response body, untyped: the caller parses it with a schema. */
export async function http(
  endpoint: HttpEndpoint,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const credentials = await endpoint.authenticate?.();
  const config: AxiosRequestConfig = {
    method: request.method,
    url: endpoint.url + request.path,
    params: request.query,
    data: request.body,
    headers: {
      ...endpoint.headers,
      ...credentials?.headers,
      ...(endpoint.token === undefined ? {} : { Authorization: `Bearer ${endpoint.token}` }),
      ...(request.contentType === undefined ? {} : { 'Content-Type': request.contentType }),
    },
    httpsAgent: credentials?.agent ?? endpoint.agent,
    timeout: request.timeoutMs ?? 15_000,
    maxRedirects: request.isDownload === true ? 5 : 0,
    // No limit. Any other number, infinity too, makes axios wrap streams so that destroying one leaves its connection open.
    maxContentLength: -1,
    maxBodyLength: -1,
    responseType: request.responseType ?? 'json',
    signal,
    ...(request.isDownload === true ? {} : { proxy: false }),
  };
  try {
    const response = await axios.request<unknown>(config);
    const contentType = String(response.headers['content-type'] ?? '');
    if (config.responseType === 'json' && contentType.includes('text/html')) {
      throw new HttpError(
        'unauthorized',
        `${endpoint.label} answered with a login page.`,
        response.status,
        undefined,
        'Sign in again',
      );
    }
    return response.data;
  } catch (error) {
    if (isAbort(error) || error instanceof SlipwayError) throw error;
    throw toHttpError(endpoint, error);
  }
}

function toHttpError(endpoint: HttpEndpoint, error: unknown): HttpError {
  if (!isAxiosError(error))
    return new HttpError('server', `Calling ${endpoint.label} failed.`, undefined, error);
  const status = error.response?.status;
  if (status === undefined) {
    return error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT'
      ? new HttpError('timeout', `${endpoint.label} did not answer in time.`, undefined, error, 'Try again')
      : new HttpError(
          'unreachable',
          `${endpoint.label} is not running at ${endpoint.url}.`,
          undefined,
          error,
          'Start it',
        );
  }
  const said = serverMessage(error.response?.data) ?? error.message;
  if (status === 401 || status === 403)
    return new HttpError(
      'unauthorized',
      `${endpoint.label} refused the credential.`,
      status,
      error,
      'Sign in again',
    );
  if (status >= 300 && status < 400)
    return new HttpError(
      'unauthorized',
      `${endpoint.label} redirected to a login page.`,
      status,
      error,
      'Sign in again',
    );
  if (status === 404) return new HttpError('notFound', said, status, error);
  if (status === 409) return new HttpError('conflict', said, status, error);
  return new HttpError(status >= 500 ? 'server' : 'refused', said, status, error);
}

function serverMessage(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { message, error_message: uploadMessage } = data as { message?: unknown; error_message?: unknown };
  return typeof message === 'string'
    ? message
    : typeof uploadMessage === 'string'
      ? uploadMessage
      : undefined;
}
