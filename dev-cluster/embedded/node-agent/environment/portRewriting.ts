/**
 * Pods share the host's ports, so a declared container port is served at another one. It is changed where it is written
 * in command, args and env, and only where it can be nothing else: other services' ports stay what they are.
 */

/** Hosts that mean the pod itself. Binding all interfaces would show the container to the network. */
const OWN_HOST = String.raw`0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\]|\*`;
const PORT_NAME = String.raw`[\w.-]*(?:port|listen|addr|bind)[\w.-]*`;
const PORT_NAME_ONLY = new RegExp(`(?:port|listen|addr|bind)`, 'i');

export class PortRewriter {
  readonly #ports: ReadonlyMap<number, number>;
  readonly #alternatives: string;

  /** Container port → host port. */
  constructor(ports: ReadonlyMap<number, number>) {
    this.#ports = ports;
    this.#alternatives = [...ports.keys()].toSorted((a, b) => b - a).join('|');
  }

  /** The words of a command with args; a word's meaning may depend on the flag before it. */
  rewriteWords(words: readonly string[]): string[] {
    return words.map((word, index) => {
      const before = words[index - 1];
      if (/^\d+$/.test(word)) return isOtherFlag(before) ? word : this.#number(word);
      return this.#inCode(this.#inText(word));
    });
  }

  /** An environment variable's value. */
  rewriteVariable(name: string, value: string): string {
    if (/^\d+$/.test(value)) return /port/i.test(name) ? this.#number(value) : value;
    return this.#inText(value);
  }

  #number(text: string): string {
    return String(this.#ports.get(Number(text)) ?? text);
  }

  /** Where a port stands beside its name or the pod's own host. */
  #inText(text: string): string {
    let result = text.replaceAll(/(?<![\w.])0\.0\.0\.0(?![\w.]|\/\d)/g, '127.0.0.1');
    if (this.#alternatives === '') return result;
    const port = `(${this.#alternatives})(?![\\w.%-]*\\w)`;
    // 0.0.0.0:8080, localhost:8080, :8080, but not other:8080 and not "key":8080.
    const ownHost = new RegExp(
      `(?<=(?:^|[\\s=,;("'\\[|@]|://)(?:${OWN_HOST}):|(?:^|[\\s=,;(|]|(?<!\\w)["']):)${port}`,
      'gi',
    );
    result = result.replaceAll(ownHost, (number) => this.#number(number));
    // --port=8080, --http_port 8080, PORT=8080, "port": 8080, -p 8080.
    const named = new RegExp(
      `(?<=(?:${PORT_NAME}\\\\*["']?\\s*[=:]\\s*|--?${PORT_NAME}\\s+|(?:^|\\s)-p[\\s=]?)\\\\*["']?)${port}`,
      'gi',
    );
    return result.replaceAll(named, (number) => this.#number(number));
  }

  /** Shell and Python text: a number of its own, unless it belongs to a flag with another name. */
  #inCode(text: string): string {
    if (this.#alternatives === '' || !/[\s(]/.test(text)) return text;
    const number = new RegExp(`(?<=[\\s(,\\[])(${this.#alternatives})(?=$|[\\s),\\];&|])`, 'g');
    return text.replaceAll(number, (whole, _port: string, offset: number) =>
      isOtherFlag(/(\S+)\s+$/.exec(text.slice(0, offset))?.[1]) ? whole : this.#number(whole),
    );
  }
}

function isOtherFlag(word: string | undefined): boolean {
  return (
    word !== undefined &&
    word.startsWith('-') &&
    word !== '-p' &&
    !word.includes('=') &&
    !PORT_NAME_ONLY.test(word)
  );
}
