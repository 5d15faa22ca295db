/** The comparison of two versions in a bare Chromium page, over what the worker makes of two real texts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Gesture } from '../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../src/core/ir/edit/plan.ts';
import { openGraphDiff, type GraphDiffView } from './canvas/graphDiffView.ts';
import { themeNames, type ThemeName } from './canvas/page.ts';
import { useScreen } from './canvas/screen.ts';
import { accessibilityViolations } from './harness/accessibility.ts';

const { at, show, screenshot } = useScreen();
const before = readFileSync('dev-cluster/seed/pipelines/churn.pipeline.yaml', 'utf8');
const after = edited(
  before,
  { kind: 'setRetry', tasks: ['train'], retry: { maxRetryCount: 3 } },
  { kind: 'connect', task: 'split', input: 'test_share', source: { kind: 'constant', value: 0.5 } },
  { kind: 'removeInput', group: '', name: 'test_share' },
  { kind: 'duplicate', tasks: ['evaluate'] },
  {
    kind: 'addInput',
    group: '',
    port: { name: 'depth', kind: 'parameter', type: 'NUMBER_INTEGER', defaultValue: 4 },
  },
  { kind: 'setCaching', tasks: ['condition-1/package-model'], enabled: false },
  { kind: 'delete', tasks: ['make-customers'] },
).replace('LogisticRegression(', 'LogisticRegression(max_iter=500, ');
let view: GraphDiffView;

function edited(text: string, ...gestures: readonly Gesture[]): string {
  return gestures.reduce((now, gesture) => {
    const plan = planGesture(now, gesture);
    if (plan.kind === 'refused') throw new Error(`${gesture.kind}: ${plan.reason}`);
    return applyEdits(now, plan.edits);
  }, text);
}

async function open(
  theme: ThemeName = 'dark',
  texts = { before, after },
  size?: { width: number; height: number },
) {
  view = await show((browser, server) => openGraphDiff(browser, server, theme, texts, size));
}

describe('two versions', () => {
  it.each(themeNames)('%s', async (theme) => {
    await open(theme);
    await at('node-train').waitFor();
    await at('change-node train').locator('button').first().click();
    await screenshot(`diff-${theme}`);
    expect(await accessibilityViolations(view.page)).toEqual([]);
  });
});
