/**
 * `$(NAME)` in command, args, env and subPathExpr. `$$` is a dollar; a reference to nothing stays as it is written.
 * The same grammar as Kubernetes' `expansion` package.
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  // Alternatives in this order: an escaped dollar eats its neighbour, so that `$$(A)` is `$(A)`.
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (lookUp(name) ?? whole),
  );
}
