/** What a request for logs asks for. */
import type { PodRuntime } from '../contract.ts';
import { readLogs, type LogOptions } from './logs.ts';
import { RefusedRequest } from './upgrade.ts';

/** Of the query, as PodLogOptions has it; throws when it isn't one. */
export function logOptions(query: URLSearchParams, now = Date.now()): LogOptions {
  const isSet = (name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '');
  const seconds = wholeNumber(query, 'sinceSeconds', 1);
  const text = query.get('sinceTime');
  const sinceTime = text === null ? undefined : Date.parse(text);
  if (Number.isNaN(sinceTime)) throw invalid('sinceTime');
  if (seconds !== undefined && sinceTime !== undefined) throw invalid('sinceSeconds');
  return {
    follow: isSet('follow'),
    previous: isSet('previous'),
    timestamps: isSet('timestamps'),
    tailLines: wholeNumber(query, 'tailLines', 0),
    limitBytes: wholeNumber(query, 'limitBytes', 1),
    since: sinceTime ?? (seconds === undefined ? undefined : now - seconds * 1000),
  };
}

/** The container's output; throws when there is none to show, in the kubelet's words. */
export function logSource(
  pod: PodRuntime,
  name: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  const { metadata, status, spec } = pod.pod;
  const known = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some(
    (one) => one.name === name,
  );
  const container = pod.containers.get(name);
  const where = `container "${name}" in pod "${metadata?.name ?? ''}"`;
  if (!known && container === undefined)
    throw new RefusedRequest(404, `container "${name}" not found in pod "${metadata?.name ?? ''}"`);
  if (options.previous && (container?.previousLogFiles.length ?? 0) === 0)
    throw new RefusedRequest(400, `previous terminated ${where} not found`);
  if (container === undefined || container.logFiles.length === 0) {
    const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    const waiting = statuses.find((one) => one.name === name)?.state?.waiting?.reason;
    throw new RefusedRequest(400, `${where} is waiting to start: ${waiting ?? 'ContainerCreating'}`);
  }
  return readLogs(container, options, signal);
}

function wholeNumber(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value) || value < least) throw invalid(name);
  return value;
}

function invalid(name: string): RefusedRequest {
  return new RefusedRequest(422, `Invalid request: ${name}.`);
}
