import type { CompiledPipeline, PythonPlace } from '../../clients/pythonCompiler.ts';
import type { KfpFunction } from './outline.ts';

export interface PythonPosition {
  /** From 1, as the compiler counts. */
  readonly line: number;
  readonly column: number;
  /** From the start of the text. */
  readonly offset: number;
}

/**
 * The node that a place in the text is about: the innermost call around it, else what its line makes, else the first
 * step that runs the function it is in.
 */
export function nodeAt(
  { nodes }: Pick<CompiledPipeline, 'nodes'>,
  file: { readonly path: string; readonly functions: readonly KfpFunction[] },
  at: PythonPosition,
): string | undefined {
  const calls = Object.entries(nodes).flatMap(([id, { call }]) => (call === null ? [] : [{ id, call }]));
  const around = calls.filter(({ call }) => contains(call, at));
  if (around.length > 0) return around.reduce((best, one) => (isInside(one.call, best.call) ? one : best)).id;
  const onLine = calls.filter(({ call: [line, , endLine] }) => line <= at.line && at.line <= endLine);
  if (onLine.length > 0) return onLine.reduce((best, one) => (isInside(one.call, best.call) ? best : one)).id;
  const inside = file.functions.find(({ start, end }) => start <= at.offset && at.offset <= end);
  if (inside === undefined || inside.kind === 'pipeline') return undefined;
  return Object.entries(nodes).find(
    ([, { component }]) => component?.file === file.path && component.function === inside.name,
  )?.[0];
}

/** Before Python 3.11 a call's columns are not known, and it is its lines. */
function contains([line, column, endLine, endColumn]: PythonPlace, at: PythonPosition): boolean {
  if (column === null || endColumn === null) return false;
  const isAfter = at.line > line || (at.line === line && at.column >= column);
  const isBefore = at.line < endLine || (at.line === endLine && at.column <= endColumn);
  return isAfter && isBefore;
}

function isInside(inner: PythonPlace, outer: PythonPlace): boolean {
  const [line, column, endLine, endColumn] = inner;
  const [outerLine, outerColumn, outerEndLine, outerEndColumn] = outer;
  const startsLater = line > outerLine || (line === outerLine && (column ?? 0) >= (outerColumn ?? 0));
  const endsEarlier =
    endLine < outerEndLine || (endLine === outerEndLine && (endColumn ?? 0) <= (outerEndColumn ?? 0));
  return startsLater && endsEarlier;
}
