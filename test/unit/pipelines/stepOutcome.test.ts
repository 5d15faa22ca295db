import { describe, expect, test } from 'vitest';
import { compareOutcome, outcomeMarkdown, outcomeText } from '../../../src/pipelines/python/stepOutcome.ts';
import { start, task } from './builders.ts';

const metrics = (metadata: Record<string, number>) => ({
  name: 'metrics',
  producer: undefined,
  artifacts: [{ id: 'm', name: 'metrics', type: 'Metrics', uri: '', metadata, createdAt: start }],
});
const ran = task('score', {
  outputs: {
    parameters: [{ name: 'Output', value: 4, producer: undefined }],
    artifacts: [metrics({ accuracy: 0.5 })],
  },
});
const here = {
  parameters: new Map([['Output', 5]]),
  metadata: new Map([['metrics', { accuracy: 0.5, rows: 10 }]]),
};

describe('what came of a step here', () => {
  test('stands beside what came of it in the run', () => {
    const rows = compareOutcome(here, ran);
    expect(rows).toEqual([
      { name: 'Output', here: '5', there: '4' },
      { name: 'metrics.accuracy', here: '0.5', there: '0.5' },
      { name: 'metrics.rows', here: '10', there: undefined },
    ]);
    expect(outcomeText(rows)).toBe(
      ': Output = 5 instead of 4, metrics.accuracy = 0.5 as in the run, metrics.rows = 10',
    );
  });

  test('has what only the run gave', () => {
    const rows = compareOutcome({ parameters: new Map(), metadata: new Map() }, ran);
    expect(rows[0]).toEqual({ name: 'Output', here: undefined, there: '4' });
  });

  test('is a table whatever is in the values', () => {
    const rows = [{ name: 'a', here: 'x | `y`\nz', there: undefined }];
    const lines = outcomeMarkdown('Title', rows).split('\n');
    const [row = ''] = lines.filter((line) => line.startsWith('| a '));
    expect(row.replaceAll('\\|', '').split('|')).toHaveLength(5);
    expect(row).toContain('ʼyʼ z');
  });

  test('says nothing of a step without values', () => {
    expect(outcomeText([])).toBe('');
    expect(outcomeMarkdown('Title', [])).toContain('no outputs that are values');
  });
});
