/**
 * The one way in which containers are kept apart on the host: absolute paths of the container, where they are written in
 * its command, args and env, become paths of the host. What a program has built in, or reads from a file, isn't seen.
 */

/** What a path may follow: a separator, an opening quote (bare, Python's f"…", JSON in JSON), `file://`, `-I`. */
const SEPARATOR = String.raw`[\s=:,;(\[{|&<>!@+]`;
const BEFORE = [
  '^',
  SEPARATOR,
  String.raw`(?:^|${SEPARATOR})(?:[frbuFRBU]{0,2})\\*["'` + '`]',
  String.raw`(?:^|\W)file://(?:localhost)?`,
  String.raw`(?:^|\s)-[A-Za-z]`,
].join('|');
/** What would make it another path: a longer name, or one that the shell makes longer. */
const NOT_AFTER = String.raw`[\p{L}\p{N}_.~%+*?$\[{-]`;

export class PathRewriter {
  readonly #pattern: RegExp | undefined;
  readonly #hostPaths: ReadonlyMap<string, string>;

  /** Container path → host path, both absolute; the longest container path wins. */
  constructor(paths: Iterable<readonly [string, string]>) {
    this.#hostPaths = new Map(
      [...paths]
        .map(([from, to]) => [withoutSlash(from), withoutSlash(to)] as const)
        .filter(([from]) => from !== ''),
    );
    const alternatives = [...this.#hostPaths.keys()].toSorted((a, b) => b.length - a.length).map(escape);
    this.#pattern =
      alternatives.length === 0
        ? undefined
        : new RegExp(`(?<=${BEFORE})(?:${alternatives.join('|')})(?!${NOT_AFTER})`, 'gu');
  }

  rewrite(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replaceAll(this.#pattern, (path) => this.#hostPaths.get(path) ?? path);
  }

  /** Where a path of the container is on the host, when it is under one that is known. */
  hostPath(path: string): string | undefined {
    const rewritten = this.rewrite(path);
    return rewritten !== path || this.#hostPaths.get(withoutSlash(path)) === withoutSlash(path)
      ? rewritten
      : undefined;
  }
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
