import { describe, expect, it } from 'vitest';
import { runDetail, taskDetail } from '../../../../src/pipelines/graph/taskDetail.ts';
import { fakeRun, fakeTask } from './fakes.ts';

const error = 'It ended with exit code 1.';

describe('what a failure left behind', () => {
  it('is shown of a step that failed, and no more once it was retried and worked', () => {
    const shown = (state: 'FAILED' | 'SUCCEEDED' | 'CACHED'): string | undefined =>
      taskDetail(undefined, fakeTask('check', state, { error }), undefined, false).error;
    expect(shown('FAILED')).toBe(error);
    expect(shown('SUCCEEDED')).toBeUndefined();
    expect(shown('CACHED')).toBeUndefined();
  });

  it('nor of the run', () => {
    expect(runDetail(fakeRun({ state: 'FAILED', error }), []).error).toBe(error);
    expect(runDetail(fakeRun({ state: 'SUCCEEDED', error }), []).error).toBeUndefined();
  });
});
