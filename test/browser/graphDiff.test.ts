/** The comparison of two versions in a bare Chromium page, over what the worker makes of two real texts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Gesture } from '../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../src/core/ir/edit/plan.ts';
import { openGraphDiff, type GraphDiffView } from './harness/graphDiffView.ts';
import { themeNames, type ThemeName } from './harness/page.ts';
import { useScreen } from './harness/screen.ts';
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
  options: {
    theme?: ThemeName;
    texts?: { before: string; after: string };
    size?: { width: number; height: number };
    savedState?: unknown;
  } = {},
): Promise<void> {
  const { theme = 'dark', texts = { before, after }, ...others } = options;
  view = await show((browser, server) => openGraphDiff(browser, server, theme, texts, others));
  await at('change-list').waitFor();
}
const head = (key: string) => at(`change-${key}`).locator('.change-head');
const chosen = () => view.page.locator('.change.open').getAttribute('data-testid');
const classOf = (testId: string) => at(testId).getAttribute('class');

describe('two versions', () => {
  it.each(themeNames)('look like this in %s, and are accessible', async (theme) => {
    await open({ theme });
    await at('node-train').waitFor();
    await head('node train').click();
    await screenshot(`diff-${theme}`);
    expect(await accessibilityViolations(view.page)).toEqual([]);
  });

  it('are one drawing: steps, inputs, connections and groups are marked, in words, too', async () => {
    await open();
    await at('node-make-customers').waitFor();
    await expect.poll(() => classOf('node-make-customers')).toContain('diff-removed');
    await expect.poll(() => classOf('node-evaluate-2')).toContain('diff-added');
    await expect.poll(() => classOf('node-train')).toContain('diff-changed');
    await expect.poll(() => classOf('node-evaluate')).not.toContain('diff-');
    await expect.poll(() => classOf('node-in:depth')).toContain('diff-added');
    await expect.poll(() => classOf('node-in:test_share')).toContain('diff-removed');
    await expect.poll(() => at('node-train').textContent()).toContain('Changed');
    await expect.poll(() => at('node-condition-1').textContent()).toContain('1 change inside');
    // A gone input, and both ways into and out of a gone step.
    await expect.poll(() => view.page.locator('.edge.diff-removed .edge-sign').count()).toBe(4);
    await expect.poll(() => view.page.locator('.edge.diff-added .edge-sign').count()).toBe(2);
    await expect.poll(() => at('diff-counts').textContent()).toBe('3 added5 removed4 changed');
  });

  it('are gone through by the keys of VS Code, in the order of the drawing', async () => {
    await open();
    await at('node-train').waitFor();
    view.push({ step: { by: 1, count: 1 } });
    await expect.poll(chosen).toBe('change-pipeline');
    await expect.poll(() => at('change-position').textContent()).toMatch(/ of /);
    view.push({ step: { by: 1, count: 2 } });
    await expect.poll(chosen).toBe('change-node make-customers');
    await expect.poll(() => classOf('node-make-customers')).toContain('selected');
    await expect.poll(() => at('announcer').textContent()).toBe('Change 2 of 12: make-customers, removed');
    view.push({ step: { by: -1, count: 3 } });
    await expect.poll(chosen).toBe('change-pipeline');
    // Around the end.
    await at('previous-change').click();
    await expect.poll(() => at('change-position').textContent()).toBe('12 of 12');
    await at('next-change').click();
    await expect.poll(chosen).toBe('change-pipeline');
  });

  it('a change shows what was and what is, and leads to the texts', async () => {
    await open();
    await head('node split').click();
    const share = at('field-inputs.test_share');
    await expect.poll(() => share.locator('del').textContent()).toContain('test_share');
    await expect.poll(() => share.locator('ins').textContent()).toContain('0.5');
    await at('open-node-before').click();
    await at('open-node-after').click();
    await head('node train').click();
    await expect.poll(() => at('field-code').textContent()).toContain('1 line gone, 1 new');
    await at('open-field-code').click();
    await at('open-texts').click();
    await at('open-before').click();
    await at('open-after').click();
    await at('swap-sides').click();
    await expect
      .poll(() => view.asked)
      .toEqual([
        'openNode split before',
        'openNode split after',
        'openField train code',
        'openTexts',
        'openSide before',
        'openSide after',
        'swap',
      ]);
    // Of what only one version has, only its text.
    await head('node evaluate-2').click();
    await at('open-node-after').waitFor();
    await expect.poll(() => at('open-node-before').count()).toBe(0);
  });

  it('list and drawing are at the same change', async () => {
    await open();
    await at('node-evaluate-2').click();
    await expect.poll(chosen).toBe('change-node evaluate-2');
    await at('node-in:depth').click();
    await expect.poll(chosen).toBe('change-pipeline');
    await at('node-evaluate').click();
    await expect.poll(() => view.page.locator('.change.open').count()).toBe(0);
    await expect.poll(() => at('announcer').textContent()).toBe('evaluate: not changed');
    const id = 'train->evaluate-2:artifact';
    await head(`edge ${id}`).click();
    await expect.poll(() => classOf(`edge-${id}`)).toContain('chosen');
    await head(`edge ${id}`).click();
    await expect.poll(() => classOf(`edge-${id}`)).not.toContain('chosen');
    await at(`edge-${id}`).locator('.edge-sign').click();
    await expect.poll(chosen).toBe(`change-edge ${id}`);
  });

  it('a change in a closed group opens it', async () => {
    await open();
    await at('toggle-condition-1').click();
    await expect.poll(() => at('node-condition-1/package-model').count()).toBe(0);
    await expect.poll(() => at('node-condition-1').textContent()).toContain('1 change inside');
    await head('node condition-1/package-model').click();
    await at('node-condition-1/package-model').waitFor();
  });

  it('by keyboard alone: along the list, into a change, and on the canvas', async () => {
    await open();
    await at('node-train').waitFor();
    await head('pipeline').focus();
    await view.page.keyboard.press('ArrowDown');
    await view.page.keyboard.press('ArrowDown');
    await view.page.keyboard.press('Enter');
    await expect.poll(chosen).toBe('change-node split');
    await at('canvas').focus();
    await view.page.keyboard.press('ArrowDown');
    await view.page.keyboard.press('Enter');
    await expect.poll(chosen).toBe('change-node train');
    // Nothing runs here.
    await view.page.keyboard.press('r');
    await expect.poll(() => at('graph-notice').count()).toBe(0);
  });

  it('follows the texts, and keeps its place', async () => {
    await open();
    await head('node train').click();
    view.compare(before, edited(before, { kind: 'setRetry', tasks: ['train'], retry: { maxRetryCount: 5 } }));
    await expect.poll(() => at('diff-counts').textContent()).toBe('1 changed');
    await expect.poll(chosen).toBe('change-node train');
    await expect.poll(() => at('field-retry').textContent()).toContain('"maxRetryCount": 5');
    view.compare(before, before);
    await at('no-differences').waitFor();
    await expect.poll(() => at('no-differences').textContent()).toContain('Both texts are the same.');
    view.compare(before, `# a comment\n${before}`);
    await expect.poll(() => at('no-differences').textContent()).toContain('Both mean the same.');
    await screenshot('diff-same');
    expect(await accessibilityViolations(view.page)).toEqual([]);
  });

  it('says which side is broken and where, and keeps the last drawing dimmed', async () => {
    await open();
    await at('node-train').waitFor();
    view.push({
      sides: {
        before: { label: 'v1', detail: 'Embedded cluster', problem: undefined },
        after: {
          label: 'churn.pipeline.yaml',
          detail: '',
          problem: { message: 'This is not valid YAML', line: 12 },
        },
      },
      comparison: {
        kind: 'compared',
        revision: 1,
        isStale: true,
        isSame: false,
        isSameText: false,
        isDrawn: true,
      },
    });
    await expect
      .poll(() => at('diff-problem-after').textContent())
      .toContain(
        'After, churn.pipeline.yaml, line 12: This is not valid YAML. What is drawn is the last that could be compared.',
      );
    await expect.poll(() => at('canvas').getAttribute('class')).toContain('stale');
    await at('show-problem-after').click();
    await expect.poll(() => view.asked).toEqual(['openSide after']);
    await screenshot('diff-broken');
    // What is dimmed is not for reading.
    expect(await accessibilityViolations(view.page, '.banners')).toEqual([]);
  });

  it('has nothing to draw when a side never was a pipeline', async () => {
    await open();
    view.push({ comparison: { kind: 'unreadable' } });
    await expect.poll(() => at('diff-empty').textContent()).toContain('can’t be compared yet');
    await expect.poll(() => at('change-list').count()).toBe(0);
  });

  it('is at the same change after a reload', async () => {
    await open();
    await head('node train').click();
    const saved = await view.savedState();
    expect(saved).toMatchObject({ target: { before: { kind: 'text' } } });
    await view.close();
    await open({ savedState: saved });
    await expect.poll(chosen).toBe('change-node train');
  });

  it('has the list under the drawing where there is little room', async () => {
    await open({ size: { width: 520, height: 700 } });
    await head('node train').click();
    await screenshot('diff-narrow');
    const [stage, list] = [
      await view.page.locator('#stage').boundingBox(),
      await at('change-list').boundingBox(),
    ];
    expect(list?.y).toBeGreaterThanOrEqual((stage?.y ?? 0) + (stage?.height ?? 0));
    expect(await accessibilityViolations(view.page)).toEqual([]);
  });
});
