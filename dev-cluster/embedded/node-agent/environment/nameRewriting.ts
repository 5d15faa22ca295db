/**
 * Names of the cluster in texts, with their ports: there is no DNS and nobody routes the cluster's addresses, so a name
 * becomes 127.0.0.1 and its port the one of this machine where the same is served.
 */

/** A place in a text. */
export interface FoundName {
  readonly start: number;
  readonly whole: string;
  /** What is named: the same for all ways to write it. */
  readonly name: string;
  readonly port: number | undefined;
  /** Between name and port: a colon, or what separates arguments. */
  readonly separator: string;
  /** One word without a dot: by itself it may mean anything. */
  readonly isBare: boolean;
}

export type NameFinder = (text: string) => readonly FoundName[];

export interface NamedPort {
  readonly name: string;
  readonly port: number;
}

/** What a container is given: its words, and the values of its variables. */
export interface Texts {
  readonly words: readonly string[];
  readonly variables: Iterable<readonly [string, string]>;
}

export const LOOPBACK = '127.0.0.1';
/** Variables that carry a host alone, their port beside them: MASTER_ADDR and MASTER_PORT. */
const HOST_SUFFIX = /(ADDR|ADDRESS|HOST|HOSTNAME|URI)$/;
const HOST_FLAG = /^--?(?:[\w-]*(?:addr|address|host|hostname|server|uri)|h)$/i;
const PORT_FLAG = /^--?((?:[\w-]*port)|p)(?:=(\d+))?$/i;

/** Names that stand with their port, and those of variables whose port is in the variable beside it. */
export function namedPorts({ words, variables }: Texts, find: NameFinder): NamedPort[] {
  const values = new Map(variables);
  const result: NamedPort[] = [];
  for (const text of [...words, ...values.values()])
    for (const { name, port } of find(text)) if (port !== undefined) result.push({ name, port });
  for (const [variable, value] of values) {
    const host = HOST_SUFFIX.test(variable) ? hostAlone(value, find) : undefined;
    const port = Number(values.get(variable.replace(HOST_SUFFIX, 'PORT')));
    if (host !== undefined && port > 0) result.push({ name: host.name, port });
  }
  return result;
}

/** `--master_addr A --master_port P`, `-h A -p P`, `A P`: what may belong together. */
export function pairsInWords(words: readonly string[], find: NameFinder): NamedPort[] {
  let current = firstHost(words, find);
  if (current === undefined) return [];
  const result: NamedPort[] = [];
  for (const [index, word] of words.entries()) {
    const next = words[index + 1] ?? '';
    const host = hostAlone(valueOf(word), find);
    current = host ?? current;
    const flag = PORT_FLAG.exec(word);
    const port = flag?.[2] ?? (flag !== null || host !== undefined ? next : '');
    if (/^\d+$/.test(port)) result.push({ name: current.name, port: Number(port) });
  }
  return result;
}

function firstHost(words: readonly string[], find: NameFinder): FoundName | undefined {
  for (const word of words) {
    const host = hostAlone(valueOf(word), find);
    if (host !== undefined) return host;
  }
  return undefined;
}

function hostAlone(value: string, find: NameFinder): FoundName | undefined {
  const [found] = find(value);
  return found?.port === undefined && found?.whole === value ? found : undefined;
}

/** Of `--flag=value`. */
function valueOf(word: string): string {
  return /^--?[\w-]+=(.*)$/s.exec(word)?.[1] ?? word;
}

export class NameRewriter {
  readonly #find: NameFinder;
  readonly #ports: ReadonlyMap<string, number>;

  /** `ports`: `name:port` → the port of this machine; a name without one stays as it is. */
  constructor(find: NameFinder, ports: ReadonlyMap<string, number>) {
    this.#find = find;
    this.#ports = ports;
  }

  /** Values of the environment, all of it: a host's port is in the variable beside it. */
  rewriteVariables(variables: ReadonlyMap<string, string>): Map<string, string> {
    const result = new Map(variables);
    for (const [name, value] of variables) {
      const host = HOST_SUFFIX.test(name) ? hostAlone(value, this.#find) : undefined;
      const portName = name.replace(HOST_SUFFIX, 'PORT');
      const hostPort = this.#port(host?.name, variables.get(portName));
      if (hostPort === undefined) continue;
      result.set(name, LOOPBACK);
      result.set(portName, String(hostPort));
    }
    for (const [name, value] of result) result.set(name, this.rewriteText(value));
    return result;
  }

  /** Where name and port stand together. */
  rewriteText(text: string): string {
    let result = '';
    let end = 0;
    for (const { start, whole, name, port, separator } of this.#find(text)) {
      const hostPort = this.#port(name, port);
      if (hostPort === undefined) continue;
      result += `${text.slice(end, start)}${LOOPBACK}${separator}${hostPort}`;
      end = start + whole.length;
    }
    return result + text.slice(end);
  }

  /** Words: as text, and a host's flag followed by its port's flag (`--master_addr A --master_port P`). */
  rewriteWords(words: readonly string[]): string[] {
    let current = firstHost(words, this.#find)?.name;
    return words.map((word, index) => {
      const value = valueOf(word);
      const flag = word.slice(0, word.length - value.length);
      const host = hostAlone(value, this.#find);
      if (host !== undefined && this.#isHost(host, flag.slice(0, -1) || words[index - 1], words[index + 1])) {
        current = host.name;
        return flag + LOOPBACK;
      }
      const hostPort = this.#port(current, value);
      return hostPort === undefined ? this.rewriteText(word) : flag + String(hostPort);
    });
  }

  #isHost({ name, isBare }: FoundName, before: string | undefined, after: string | undefined): boolean {
    const hasPorts = [...this.#ports.keys()].some((key) => key.startsWith(`${name}:`));
    const isMeant = !isBare || HOST_FLAG.test(before ?? '') || this.#port(name, after) !== undefined;
    return hasPorts && isMeant;
  }

  #port(name: string | undefined, port: string | number | undefined): number | undefined {
    return name === undefined || port === undefined ? undefined : this.#ports.get(`${name}:${port}`);
  }
}
