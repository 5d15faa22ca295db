import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GraphNode } from '../../../../src/core/ir/graphModel.ts';
import { hitTest, portPlace, type DrawnNode } from '../../../../webviews/pipelines/runGraph/edit/geometry.ts';
import {
  mayFit,
  portOffset,
  sourceOf,
  typeLabel,
} from '../../../../webviews/pipelines/runGraph/edit/ports.ts';
import { judge, type Wire } from '../../../../webviews/pipelines/runGraph/edit/wire.ts';
import { node } from '../../../browser/harness/builders.ts';

const port = (name: string, type = 'STRING'): GraphNode['inputs'][number] => ({
  name,
  kind: type.startsWith('system.') ? 'artifact' : 'parameter',
  type,
  isOptional: false,
});

describe('dots', () => {
  it('stay on the card and in order, however many there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 160, max: 900 }), (count, width) => {
        const places = Array.from({ length: count }, (_, at) => portOffset(width, count, at));
        for (const [at, x] of places.entries()) {
          expect(x).toBeGreaterThan(0);
          expect(x).toBeLessThan(width);
          if (at > 0) expect(x).toBeGreaterThan(places[at - 1] ?? 0);
        }
      }),
    );
  });

  it('are found where they are drawn', () => {
    const card = node('train', { inputs: [port('a'), port('b')], outputs: [port('c')] });
    const box = { x: 100, y: 50, width: 200, height: 56 };
    const drawn: DrawnNode[] = [{ node: card, box, isOpen: false }];
    for (const [at, name] of ['a', 'b'].entries())
      expect(hitTest(drawn, '', portPlace(card, box, 'input', at)).port).toEqual({ side: 'input', name });
    expect(hitTest(drawn, '', portPlace(card, box, 'output', 0)).port).toEqual({ side: 'output', name: 'c' });
    expect(hitTest(drawn, '', { x: 200, y: 80 })).toEqual({ node: 'train', group: '', port: undefined });
    expect(hitTest(drawn, '', { x: 500, y: 80 }).node).toBeUndefined();
  });

  it('an open group is its header; inside it is the place of its steps', () => {
    const group: DrawnNode = {
      node: node('loop', { kind: 'loop' }),
      box: { x: 0, y: 0, width: 400, height: 300 },
      isOpen: true,
    };
    const inner: DrawnNode = {
      node: node('loop/train'),
      box: { x: 50, y: 100, width: 200, height: 56 },
      isOpen: false,
    };
    expect(hitTest([group, inner], '', { x: 200, y: 20 })).toMatchObject({ node: 'loop', group: 'loop' });
    expect(hitTest([group, inner], '', { x: 300, y: 250 })).toMatchObject({ node: undefined, group: 'loop' });
    expect(hitTest([group, inner], '', { x: 100, y: 120 })).toMatchObject({
      node: 'loop/train',
      group: 'loop',
    });
    expect(hitTest([], 'alone', { x: 0, y: 0 }).group).toBe('alone');
  });
});

describe('what fits', () => {
  it('numbers take each other, any artifact takes and is taken by system.Artifact, kinds never mix', () => {
    expect(mayFit(port('a', 'NUMBER_INTEGER'), port('b', 'NUMBER_DOUBLE'))).toBe(true);
    expect(mayFit(port('a', 'STRING'), port('b', 'NUMBER_DOUBLE'))).toBe(false);
    expect(mayFit(port('a', 'system.Model'), port('b', 'system.Artifact'))).toBe(true);
    expect(mayFit(port('a', 'system.Model'), port('b', 'system.Dataset'))).toBe(false);
    expect(mayFit(port('a', 'system.Artifact'), port('b', 'STRING'))).toBe(false);
  });

  it('a source is named by the gestures’ own words', () => {
    expect(sourceOf(node('train', { outputs: [port('x')] }), 'x')).toEqual({
      kind: 'taskOutput',
      task: 'train',
      output: 'x',
    });
    expect(sourceOf(node('in:rows', { kind: 'input', parent: undefined }), 'rows')).toEqual({
      kind: 'groupInput',
      group: '',
      name: 'rows',
    });
    expect(typeLabel('system.Dataset')).toBe('Dataset');
  });

  it('a drop is judged by the dot under it, else by whether any input takes it', () => {
    const wire: Wire = {
      node: 'load',
      end: { kind: 'source', source: { kind: 'taskOutput', task: 'load', output: 'rows' } },
      carried: port('rows', 'NUMBER_INTEGER'),
      label: 'load.rows',
      from: { x: 0, y: 0 },
      targets: new Map([
        [
          'train',
          [
            { port: 'depth', refused: undefined },
            { port: 'name', refused: 'A text.' },
          ],
        ],
      ]),
      over: undefined,
    };
    const nodes = new Map([['train', node('train')]]);
    const over = (name: string | undefined): ReturnType<typeof judge> =>
      judge(
        wire,
        { node: 'train', group: '', port: name === undefined ? undefined : { side: 'input', name } },
        nodes,
      );
    expect(over(undefined)).toEqual({ node: 'train', port: undefined, refused: undefined });
    expect(over('depth')?.refused).toBeUndefined();
    expect(over('name')?.refused).toBe('A text.');
    expect(judge(wire, { node: 'load', group: '', port: undefined }, nodes)).toBeUndefined();
    expect(judge(wire, { node: 'report', group: '', port: undefined }, nodes)?.refused).toContain('report');
  });
});
