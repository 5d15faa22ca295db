/** A difference as people count it; the CLI and the difference view say the same. */
import type { DiffChanges, DiffMark, EdgeDiff } from '../../protocol/graphDiff.ts';

/** Without edges that the compiler makes to pass values through groups: they show at who reads them. */
export function shownEdges(edges: readonly EdgeDiff[]): readonly EdgeDiff[] {
  return edges.filter(({ from, to }) => !isPassage(from) && !isPassage(to));
}

/** Of the pipeline itself as one, its steps and groups, and its edges. */
export function countMarks({ pipeline, nodes, edges }: DiffChanges): Readonly<Record<DiffMark, number>> {
  const counts = { added: 0, removed: 0, changed: pipeline.length > 0 ? 1 : 0 };
  for (const { mark } of [...nodes, ...shownEdges(edges)]) counts[mark]++;
  return counts;
}

/** Of two long texts, e.g. code, how many lines only one of them has: `3 lines gone, 5 new`. */
export function describeLines(before: string, after: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const [inA, inB] = [new Set(a), new Set(b)];
  const gone = a.filter((line) => !inB.has(line)).length;
  const fresh = b.filter((line) => !inA.has(line)).length;
  return `${gone} line${gone === 1 ? '' : 's'} gone, ${fresh} new`;
}

function isPassage(nodeId: string): boolean {
  return /(?:^|\/)(?:in|out):pipelinechannel--/.test(nodeId);
}
