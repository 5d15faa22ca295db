import { describe, expect, it } from 'vitest';
import type { TaskRow } from '../../../src/core/protocol/runGraph.ts';
import { TaskIndex } from '../../../webviews/pipelines/runGraph/fold.ts';
import { outline, type OutlineItem } from '../../../webviews/pipelines/runGraph/outline.ts';
import { churnGraph, loopRows, rootRow, row } from '../../browser/harness/builders.ts';

function items(
  rows: readonly TaskRow[] | undefined,
  change: { toggled?: readonly string[]; unfolded?: readonly string[] } = {},
): readonly OutlineItem[] {
  return outline({
    nodes: churnGraph.nodes,
    edges: churnGraph.edges,
    index: rows === undefined ? undefined : new TaskIndex(rows, {}),
    toggled: new Set(change.toggled),
    unfolded: new Set(change.unfolded),
    fallback: () => undefined,
  });
}

const text = (list: readonly OutlineItem[]): readonly string[] =>
  list.map((item) => `${'  '.repeat(item.level - 1)}${item.label}`);

describe('outline', () => {
  it('without a run is the document, nested', () => {
    expect(text(items(undefined)).slice(0, 6)).toEqual([
      'make-data',
      'split',
      'For each max_depth',
      '  train',
      '  score',
      'pick-best',
    ]);
  });

  it('lists producers before consumers, whatever order the document has', () => {
    const shuffled = outline({
      nodes: churnGraph.nodes.toReversed(),
      edges: churnGraph.edges,
      index: undefined,
      toggled: new Set(),
      unfolded: new Set(),
      fallback: () => undefined,
    });
    const place = new Map(shuffled.map((item, at) => [item.nodeId, at]));
    for (const { from, to } of churnGraph.edges)
      expect(place.get(from)).toBeLessThan(place.get(to) ?? Number.NaN);
    expect(shuffled).toHaveLength(churnGraph.nodes.length);
  });

  it('lists every step of a circle once', () => {
    const [a, b] = churnGraph.nodes;
    if (a === undefined || b === undefined) throw new Error('The fixture has two nodes.');
    const edges = [
      { id: '1', from: a.id, to: b.id, kind: 'order' as const, bindings: [] },
      { id: '2', from: b.id, to: a.id, kind: 'order' as const, bindings: [] },
    ];
    const none = new Set<string>();
    const circle = outline({
      nodes: [a, b],
      edges,
      index: undefined,
      toggled: none,
      unfolded: none,
      fallback: () => undefined,
    });
    expect(text(circle)).toEqual(['make-data', 'split']);
  });

  it('in a run shows iterations closed, their steps under each', () => {
    const rows = [rootRow, ...loopRows('for-loop-1', ['train', 'score'], 2)];
    expect(text(items(rows)).slice(2, 5)).toEqual(['For each max_depth', '  Iteration 0', '  Iteration 1']);
    const opened = items(rows, { toggled: ['for-loop-1#1'] });
    expect(text(opened).slice(2, 8)).toEqual([
      'For each max_depth',
      '  Iteration 0',
      '  Iteration 1',
      '    train',
      '    score',
      'pick-best',
    ]);
    expect(opened[5]?.task?.id).toBe('for-loop-1#1/train');
  });

  it('folds more than twenty iterations, keeps failed ones in sight, and unfolds on request', () => {
    const rows = [rootRow, ...loopRows('for-loop-1', [], 300, (at) => (at === 57 ? 'FAILED' : 'SUCCEEDED'))];
    const folded = items(rows).filter((item) => item.kind !== 'node');
    expect(folded).toHaveLength(22);
    expect(folded.at(-2)).toMatchObject({ label: 'Iteration 57', state: 'FAILED' });
    expect(folded.at(-1)).toMatchObject({ kind: 'more', label: 'Show 279 more iterations' });
    const unfolded = items(rows, { unfolded: ['for-loop-1'] }).filter((item) => item.kind !== 'node');
    expect(unfolded).toHaveLength(300);
  });

  it('twenty iterations are not folded', () => {
    const rows = [rootRow, ...loopRows('for-loop-1', [], 20)];
    expect(items(rows).some((item) => item.kind === 'more')).toBe(false);
  });

  it('keys are unique, and positions count among siblings', () => {
    const rows = [rootRow, row('make-data'), ...loopRows('for-loop-1', ['train', 'score'], 3)];
    const all = items(rows, { toggled: ['for-loop-1#0', 'for-loop-1#1'] });
    expect(new Set(all.map((item) => item.key)).size).toBe(all.length);
    for (const item of all) {
      const siblings = all.filter((one) => one.parentKey === item.parentKey);
      expect(item.siblings).toBe(siblings.length);
      expect(siblings[item.position - 1]).toBe(item);
    }
  });

  it('closing a group hides what is in it', () => {
    const closed = items(undefined, { toggled: ['condition-branches-1'] });
    expect(text(closed)).not.toContain('  If');
    expect(closed.find((item) => item.key === 'condition-branches-1')?.isExpanded).toBe(false);
  });
});
