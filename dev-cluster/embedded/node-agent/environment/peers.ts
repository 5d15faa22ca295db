/**
 * Pods that are called by name over plain TCP: torchrun's and JAX's coordinator, XGBoost's tracker. There is no DNS and
 * nobody routes pod IPs, so the name becomes 127.0.0.1 and the port the one that is reserved for that pod.
 */
import type { Container, EnvVar } from './podSpec.ts';
import type { PeerPort } from './podNetwork.ts';

/** Variables that carry a host alone, their port beside them: MASTER_ADDR and MASTER_PORT. */
const HOST_SUFFIX = /(ADDR|ADDRESS|HOST|URI)$/;
const LOOPBACK = '127.0.0.1';

export interface PeerContext {
  readonly namespace: string;
  /** Names of headless Services of the namespace, the pod's own subdomain among them. */
  readonly subdomains: readonly string[];
}

export class PeerRewriter {
  readonly #pattern: RegExp | undefined;
  readonly #namespace: string;
  readonly #ports: ReadonlyMap<string, number>;

  /** `ports`: `name:port` → host port, of all that `peersIn` found. */
  constructor({ namespace, subdomains }: PeerContext, ports: ReadonlyMap<string, number>) {
    this.#pattern = peerPattern(namespace, subdomains);
    this.#namespace = namespace;
    this.#ports = ports;
  }

  /** Values of the environment, all of it: a host's port is in the variable beside it. */
  rewriteVariables(variables: ReadonlyMap<string, string>): Map<string, string> {
    const result = new Map(variables);
    for (const [name, value] of variables) {
      const host = this.#hostAlone(value);
      const portName = name.replace(HOST_SUFFIX, 'PORT');
      const port = portName === name ? undefined : variables.get(portName);
      const hostPort = host === undefined ? undefined : this.#ports.get(`${host}:${port ?? ''}`);
      if (hostPort === undefined) continue;
      result.set(name, LOOPBACK);
      result.set(portName, String(hostPort));
    }
    for (const [name, value] of result) result.set(name, this.rewriteText(value));
    return result;
  }

  /** Where name and port stand together. */
  rewriteText(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replaceAll(
      this.#pattern,
      (whole, host: string, subdomain: string, port: string | undefined) => {
        const hostPort = this.#ports.get(`${host}.${subdomain}:${port ?? ''}`);
        return hostPort === undefined ? whole : `${LOOPBACK}:${hostPort}`;
      },
    );
  }

  /** Words: as text, and a host's flag followed by its port's flag (`--master_addr A --master_port P`). */
  rewriteWords(words: readonly string[]): string[] {
    let hostOnly: string | undefined;
    return words.map((word) => {
      const value = /^--?[\w-]+=(.*)$/s.exec(word)?.[1] ?? word;
      const host = this.#hostAlone(value);
      if (host !== undefined && this.#hasPorts(host)) {
        hostOnly = host;
        return word.slice(0, word.length - value.length) + LOOPBACK;
      }
      const hostPort = hostOnly === undefined ? undefined : this.#ports.get(`${hostOnly}:${value}`);
      if (hostPort !== undefined) return word.slice(0, word.length - value.length) + String(hostPort);
      return this.rewriteText(word);
    });
  }

  #hasPorts(host: string): boolean {
    return [...this.#ports.keys()].some((key) => key.startsWith(`${host}:`));
  }

  #hostAlone(value: string): string | undefined {
    const [peer] = this.#pattern === undefined ? [] : find(value, this.#pattern);
    if (peer?.port !== undefined || peer?.whole !== value) return undefined;
    return this.#namespace === '' ? undefined : peer.name;
  }
}

/** Everything in a container that names a pod of one of the subdomains, with its port. Expanded and literal values only. */
export function peersIn(container: Container, context: PeerContext): PeerPort[] {
  const pattern = peerPattern(context.namespace, context.subdomains);
  if (pattern === undefined) return [];
  const { namespace } = context;
  const env: readonly EnvVar[] = container.env ?? [];
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  const found: PeerPort[] = [];
  for (const text of [...words, ...env.map(({ value }) => value ?? '')])
    for (const { name, port } of find(text, pattern))
      if (port !== undefined) found.push({ namespace, name, port });
  for (const { name: variable, value } of env) {
    const port = Number(env.find(({ name }) => name === variable.replace(HOST_SUFFIX, 'PORT'))?.value);
    const [peer] = find(value ?? '', pattern);
    if (
      HOST_SUFFIX.test(variable) &&
      peer?.whole === value &&
      peer?.port === undefined &&
      port > 0 &&
      peer !== undefined
    )
      found.push({ namespace, name: peer.name, port });
  }
  for (const { name, port } of found.length > 0 ? [] : pairsInWords(words, pattern))
    found.push({ namespace, name, port });
  return found;
}

function pairsInWords(
  words: readonly string[],
  pattern: RegExp,
): { readonly name: string; readonly port: number }[] {
  const hosts = words.flatMap((word) => find(word, pattern)).filter(({ port }) => port === undefined);
  const [host] = hosts;
  if (host === undefined) return [];
  return words.flatMap((word, index) => {
    const flag = /^--?([\w-]*port)(?:=(\d+))?$/i.exec(word);
    const port = Number(flag?.[2] ?? (flag === null ? Number.NaN : words[index + 1]));
    return port > 0 ? [{ name: host.name, port }] : [];
  });
}

interface Found {
  readonly whole: string;
  readonly name: string;
  readonly port: number | undefined;
}

function find(text: string, pattern: RegExp): Found[] {
  return [...text.matchAll(pattern)].map(([whole, host, subdomain, port]) => ({
    whole,
    name: `${host}.${subdomain}`,
    port: port === undefined ? undefined : Number(port),
  }));
}

function peerPattern(namespace: string, subdomains: readonly string[]): RegExp | undefined {
  if (subdomains.length === 0) return undefined;
  const names = subdomains.map((name) => name.replaceAll(/[^a-z0-9-]/g, '')).join('|');
  return new RegExp(
    `(?<![\\w.-])([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\\.(${names})(?:\\.${namespace}(?:\\.svc(?:\\.cluster\\.local)?)?)?(?::(\\d+))?(?![\\w.-])`,
    'g',
  );
}
