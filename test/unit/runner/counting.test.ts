/** A green run of `npm test` means that every test found has run and passed. */
import { describe, expect, it } from 'vitest';
import { faults } from '../../host/report.ts';
import { failedCount } from '../../runner/stage.ts';
import { compareWithReport as compare } from '../../runner/vitestStage.ts';
import { repositoryRoot } from '../../../dev-cluster/start/root.ts';

interface Ran {
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'skipped';
}

function report(tests: readonly Ran[], file: { status?: string; message?: string } = {}): string {
  const assertionResults = tests.map(({ title, status }) => ({
    ancestorTitles: ['group'],
    title,
    status,
    failureMessages: status === 'failed' ? ['no good'] : [],
  }));
  const name = `${repositoryRoot}/test/unit/a.test.ts`;
  return JSON.stringify({ testResults: [{ name, status: 'passed', ...file, assertionResults }] });
}

const compareWithReport = (files: readonly string[], text: string) => compare(files, text, false, 'linux');
const found = [`${repositoryRoot}/test/unit/a.test.ts`];

describe('counting a vitest run', () => {
  it('is green when all that was found has passed', () => {
    const result = compareWithReport(
      found,
      report([
        { title: 'one', status: 'passed' },
        { title: 'two', status: 'passed' },
      ]),
    );
    expect(result).toEqual({ found: 2, passed: 2, failures: [] });
    expect(failedCount(result)).toBe(0);
  });

  it.each<[string, Ran[]]>([
    [
      'failed',
      [
        { title: 'one', status: 'passed' },
        { title: 'two', status: 'failed' },
      ],
    ],
    [
      'was skipped',
      [
        { title: 'one', status: 'passed' },
        { title: 'two', status: 'skipped' },
      ],
    ],
  ])('is red when a test %s', (_what, tests) => {
    const result = compareWithReport(found, report(tests));
    expect(result.passed).toBe(1);
    expect(failedCount(result)).toBe(1);
    expect(result.failures.join()).toContain('group > two');
  });

  it('is red when a file fails outside its tests', () => {
    const text = report([], { status: 'failed', message: 'Cannot find module' });
    const result = compareWithReport([], text);
    expect(failedCount(result)).toBe(1);
    expect(result.failures.join()).toContain('Cannot find module');
  });

  it('is red when a test is skipped that was not even found, but for the platform and the night', () => {
    const text = (title: string): string => report([{ title, status: 'skipped' }]);
    expect(failedCount(compare([], text('three'), false, 'linux'))).toBe(1);
    expect(failedCount(compare([], text('three'), false, 'darwin'))).toBe(0);
    expect(failedCount(compare([], text('[nightly] three'), false, 'linux'))).toBe(0);
    expect(failedCount(compare([], text('[nightly] three'), true, 'linux'))).toBe(1);
  });

  it('is red when a file that was found did not run', () => {
    const result = compareWithReport(
      [...found, `${repositoryRoot}/test/unit/b.test.ts`],
      report([{ title: 'one', status: 'passed' }]),
    );
    expect(result).toEqual({
      found: 2,
      passed: 1,
      failures: ['test/unit/b.test.ts\nwas found but did not run.'],
    });
  });
});

describe('judging a run inside the extension host', () => {
  const good = { found: 3, passed: 3, failures: [], finished: true };

  it('accepts a finished report in which all passed', () => {
    expect(faults(good)).toEqual([]);
  });

  it.each([
    ['there is no report', undefined],
    ['the host died in the suite', { ...good, passed: 0, finished: false }],
    ['tests were left out', { ...good, passed: 2 }],
    ['a test failed', { ...good, passed: 2, failures: [{ title: 'x', message: 'no good' }] }],
    ['there are no tests', { ...good, found: 0, passed: 0 }],
  ])('refuses when %s', (_what, value) => {
    expect(faults(value)).not.toEqual([]);
  });
});
