/** The mark of IR text that is made from a Python file: it is written when that file is saved, and not edited itself. */

const mark = /^# Compiled from ([^\r\n]+?) by Slipway: edit that file\.$/m;
/** The SDK's own comment may be long. */
const HEAD = 16_384;

/** The Python file's name, beside the text's. */
export function compiledFrom(text: string): string | undefined {
  return mark.exec(text.slice(0, HEAD))?.[1];
}

/** Below the comment at the top, whose lines the SDK counts. */
export function withCompiledFrom(text: string, file: string): string {
  const [comment = ''] = /^(?:#.*\n)*/.exec(text) ?? [];
  return `${comment}# Compiled from ${file} by Slipway: edit that file.\n${text.slice(comment.length)}`;
}

/** `compiler.Compiler().compile(pipeline, "pipeline.yaml")` */
const compiling = /\.compile\(\s*([\p{L}_][\p{L}\p{N}_]*)\s*,\s*["']([^"'\n]+)["']\s*\)/gu;

/** The functions that a Python text compiles, and to which files. */
export function compileTargets(
  text: string,
): readonly { readonly function: string; readonly path: string }[] {
  return [...text.matchAll(compiling)].map(([, name = '', path = '']) => ({ function: name, path }));
}
