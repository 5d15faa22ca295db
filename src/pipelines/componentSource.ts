/** From a line of a lightweight component's source to the file where a person wrote it. */
import type { PythonFunction } from '../core/ir/model.ts';

/**
 * Line (from 1) in a `.py` file of a line in a component's source. KFP puts imports before the function and takes its
 * decorators away, so lines are counted from `def`; `undefined` when the file says something else there.
 */
export function lineInPython(python: PythonFunction, line: number, fileText: string): number | undefined {
  const source = python.source.split('\n');
  const file = fileText.split(/\r?\n/);
  const definition = new RegExp(String.raw`^(\s*)(?:async\s+)?def\s+${python.functionName}\b`);
  const definedAt = source.findIndex((text) => definition.test(text));
  const wanted = source[line - 1]?.trim() ?? '';
  if (definedAt === -1 || wanted === '') return undefined;
  for (const [at, text] of file.entries()) {
    if (!definition.test(text)) continue;
    const there = at + (line - 1 - definedAt);
    if (file[there]?.trim() === wanted) return there + 1;
    // The file was edited since it was compiled: the same line, if there is only one.
    const same = file.flatMap((other, index) => (index > at && other.trim() === wanted ? [index] : []));
    const [only] = same;
    if (same.length === 1 && only !== undefined) return only + 1;
  }
  return undefined;
}

/** Offset in a pipeline's YAML of a line of a component's source; the scalar's start when it is folded beyond finding. */
export function offsetInYaml(python: PythonFunction, line: number, yaml: string): number {
  const { start, end } = python.sourceRange;
  const scalar = yaml.slice(start, end);
  const wanted = python.source.split('\n')[line - 1]?.trim() ?? '';
  // In a double-quoted scalar, quotes and backslashes are escaped, and long lines are folded: match a first part.
  const escaped = wanted.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  for (const text of [escaped, wanted, escaped.slice(0, 30)]) {
    const at = text.length < 3 ? -1 : scalar.indexOf(text);
    if (at !== -1) return start + at;
  }
  return start;
}
