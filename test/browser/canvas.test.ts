/** The run graph's webview in a bare Chromium page, against the real host end of the rpc. */
import { describe, expect, it } from 'vitest';
import { toConfusionMatrix, toRocCurve } from '../../src/pipelines/graph/metrics.ts';
import {
  churnGraph,
  edge,
  loopRows,
  node,
  rootRow,
  row,
  runView,
  T0,
  taskDetail,
} from './harness/builders.ts';
import { themeNames } from './harness/page.ts';
import { openRunGraph, type RunGraphView, type Scene } from './harness/runGraphView.ts';
import { useScreen } from './harness/screen.ts';
import { accessibilityViolations } from './harness/accessibility.ts';

/** What Chromium says when a sandboxed frame holds its promise. */
const BLOCKED_SCRIPT = "Blocked script execution in 'about:srcdoc'";

const { at, show, screenshot } = useScreen(BLOCKED_SCRIPT);
let view: RunGraphView;

async function open(
  scene: Partial<Scene> = {},
  theme: (typeof themeNames)[number] = 'dark',
  savedState?: unknown,
): Promise<void> {
  view = await show((browser, server) =>
    openRunGraph(browser, server, theme, { graph: churnGraph, ...scene }, { savedState }),
  );
}
const stateOf = (nodeId: string, state: string): Promise<void> =>
  view.page.locator(`[data-testid="node-${nodeId}"][data-state="${state}"]`).waitFor();
const activeNode = (): Promise<string | null> => at('canvas').getAttribute('aria-activedescendant');

const finished = [
  rootRow,
  row('make-data'),
  row('split', { state: 'CACHED', attempts: 0 }),
  ...loopRows('for-loop-1', ['train', 'score'], 3),
  row('pick-best', { notes: ['not in its image'] }),
  row('evaluate', { attempts: 2 }),
  row('condition-branches-1', { kind: 'CONDITION_BRANCH', attempts: 0 }),
  row('condition-branches-1/condition-2', {
    parentId: 'condition-branches-1',
    kind: 'CONDITION',
    attempts: 0,
  }),
  row('condition-branches-1/condition-2/package-model', { parentId: 'condition-branches-1/condition-2' }),
  row('condition-branches-1/condition-3', {
    parentId: 'condition-branches-1',
    kind: 'CONDITION',
    state: 'SKIPPED',
    attempts: 0,
    startedAt: undefined,
  }),
  row('notify'),
];
const succeeded = { run: runView({ state: 'SUCCEEDED', finishedAt: T0 + 13_000 }) };

const evaluated = taskDetail('evaluate', {
  taskId: 'evaluate',
  state: 'SUCCEEDED',
  startedAt: T0,
  finishedAt: T0 + 1_600,
  attempts: ['evaluate-1', 'evaluate-2'],
  definition: [{ name: 'Image', value: 'python:3.11' }],
  outputs: [
    {
      name: 'classification',
      kind: 'artifact',
      type: 'ClassificationMetrics',
      value: undefined,
      producer: undefined,
      artifacts: [
        {
          id: 'c',
          name: 'classification',
          type: 'ClassificationMetrics',
          uri: '',
          metadata: [],
          metrics: {
            scalars: [{ name: 'accuracy', value: 0.914 }],
            confusionMatrix: toConfusionMatrix(
              ['stayed', 'churned'],
              [
                [712, 38],
                [48, 202],
              ],
            ),
            roc: toRocCurve(
              [0, 0.1, 0.4, 1].map((x) => ({
                falsePositiveRate: x,
                truePositiveRate: Math.sqrt(x),
                threshold: 1 - x,
              })),
            ),
          },
        },
      ],
    },
    {
      name: 'report',
      kind: 'artifact',
      type: 'HTML',
      value: undefined,
      producer: undefined,
      artifacts: [
        { id: 'html', name: 'report', type: 'HTML', uri: '/report.html', metadata: [], metrics: undefined },
      ],
    },
    { name: 'accuracy', kind: 'parameter', type: 'number', value: 0.914, producer: undefined, artifacts: [] },
  ],
});
const scripted = `<h1>Report</h1><script>parent.postMessage({ type: 'state', state: null }, '*'); document.body.textContent = 'ran'</script>
  <img src="data:," onerror="document.body.textContent = 'ran'">`;
const full: Partial<Scene> = {
  rows: finished,
  details: { evaluate: evaluated },
  logs: {
    'evaluate-1': 'first try\n',
    'evaluate-2': '\u001b[32maccuracy\u001b[0m 0.914\n\u001b]0;title\u0007done\n',
  },
  previews: { html: { kind: 'html', html: scripted } },
};

describe('a pipeline', () => {
  it('is drawn whole, and ▶ is one click', async () => {
    await open();
    view.push({});
    for (const { id } of churnGraph.nodes) await at(`node-${id}`).waitFor();
    await expect.poll(() => view.page.locator('.react-flow__edge').count()).toBe(churnGraph.edges.length);
    await at('run-button').click();
    await at('run-with-button').click();
    await expect.poll(() => view.asked).toEqual(['act run', 'act runWith']);
  });

  it('keeps its last good drawing under a banner while the text is broken', async () => {
    await open();
    view.push({});
    await at('node-evaluate').waitFor();
    view.push({
      canRun: false,
      document: {
        kind: 'drawn',
        revision: 1,
        isStale: true,
        problem: 'Line 3 is not YAML.',
        problemCount: 1,
      },
    });
    await expect.poll(() => at('graph-banner').textContent()).toContain('Line 3 is not YAML.');
    await expect.poll(() => at('node-evaluate').isVisible()).toBe(true);
    await expect.poll(() => view.page.locator('.canvas.stale').count()).toBe(1);
    await expect
      .poll(() => at('run-button').evaluate((button) => 'disabled' in button && button.disabled))
      .toBe(true);
    await at('graph-banner').getByText('Show in text').click();
    await expect.poll(() => view.asked).toEqual(['act openText']);
  });

  it('says what to do when there is nothing to draw or nothing to run on', async () => {
    await open();
    view.push({ document: { kind: 'empty', revision: 1 }, canRun: false });
    await at('graph-empty').getByText('no steps yet').waitFor();
    view.push({ document: { kind: 'notPipeline', message: 'This is a Deployment.' } });
    await at('graph-empty').getByText('This is a Deployment.').waitFor();
    await at('graph-empty').getByText('Open the text').click();
    view.push({
      document: { kind: 'drawn', revision: 1, isStale: false, problem: undefined, problemCount: 0 },
      environment: { name: 'Embedded cluster', status: 'stopped', message: undefined },
    });
    await at('graph-banner').getByText('Start', { exact: true }).click();
    await expect.poll(() => view.asked).toEqual(['act openText', 'act startService']);
  });

  it('shows hostile names as text', async () => {
    const name = '<img src=x onerror=alert(1)>"\'&{{$.inputs}}\u202e';
    await open({
      graph: { pipelineName: name, nodes: [node('a', { label: name, detail: name })], edges: [] },
    });
    view.push({ title: name });
    await expect.poll(() => at('node-a').locator('.card-label').textContent()).toBe(name);
    await expect.poll(() => view.page.locator('.card img').count()).toBe(0);
  });
});

describe('a run', () => {
  it('shows every state as it changes, and tells a screen reader', async () => {
    await open();
    view.push({});
    await at('node-make-data').waitFor();
    view.scene.rows = [
      rootRow,
      row('make-data', { state: 'RUNNING', finishedAt: undefined }),
      row('split', { state: 'PENDING', startedAt: undefined, finishedAt: undefined, attempts: 0 }),
    ];
    view.push({ run: runView() });
    await stateOf('make-data', 'RUNNING');
    await stateOf('split', 'PENDING');
    await stateOf('evaluate', 'NONE');
    await expect.poll(() => at('run-state').getAttribute('data-state')).toBe('RUNNING');
    await at('terminate-button').click();
    view.scene.rows = [rootRow, row('make-data'), row('split', { state: 'FAILED', attempts: 3 })];
    view.push({ run: runView({ state: 'FAILED', finishedAt: T0 + 9_000 }) });
    await stateOf('make-data', 'SUCCEEDED');
    await stateOf('split', 'FAILED');
    await stateOf('evaluate', 'SKIPPED');
    await expect.poll(() => at('announcer').textContent()).toContain('split: failed');
    await at('retry-button').click();
    await expect.poll(() => view.asked).toEqual(['act terminate', 'act retry']);
  });

  it('that fails before the user’s eyes opens the failed step with its explanation', async () => {
    await open({
      failure: {
        reason: 'split stopped with KeyError: label',
        lines: ['KeyError: label'],
        likelyCause: 'The column is missing.',
        sourceLabel: undefined,
        actionLabel: 'Open churn.py:42',
      },
    });
    view.push({ run: runView() });
    await at('run-state').waitFor();
    view.scene.rows = [rootRow, row('make-data'), row('split', { state: 'FAILED' })];
    view.push({ run: runView({ state: 'FAILED', finishedAt: T0 + 9_000 }) });
    await at('explain-failure').getByText('split stopped with KeyError: label').waitFor();
    await at('explain-failure').getByText('The column is missing.').waitFor();
    await at('failure-action').click();
    await expect.poll(() => view.asked).toEqual(['followFailure action']);
  });

  it('that was over before it was seen running shows its results when it was started here, not when it was looked up', async () => {
    await open(full);
    view.push({});
    await at('node-make-data').waitFor();
    view.push({ run: runView({ id: 'old', state: 'SUCCEEDED', finishedAt: T0 + 9_000 }) });
    await stateOf('notify', 'SUCCEEDED');
    await expect.poll(() => at('side-panel').count()).toBe(0);
    await at('run-button').click();
    await expect.poll(() => view.asked).toEqual(['act run']);
    view.push({ run: runView({ id: 'new', state: 'SUCCEEDED', finishedAt: T0 + 9_000 }) });
    await at('side-panel').waitFor();
  });

  it('keeps what was known while the service is away', async () => {
    await open(full);
    view.push({ run: runView() });
    await stateOf('make-data', 'SUCCEEDED');
    view.push({ run: runView({ connection: 'reconnecting' }) });
    await expect.poll(() => at('run-state').textContent()).toContain('reconnecting');
    await expect.poll(() => at('node-make-data').getAttribute('data-state')).toBe('SUCCEEDED');
  });

  it('shows metrics drawn, logs in colour, and reports without their scripts', async () => {
    await open(full);
    view.push(succeeded);
    await stateOf('notify', 'SUCCEEDED');
    await at('node-evaluate').click();
    const cells = at('metric-confusion-matrix').locator('.cell .count');
    await expect.poll(() => cells.allTextContents()).toEqual(['712', '38', '48', '202']);
    await at('metric-roc')
      .getByRole('img', { name: /area under the curve 0\.\d{3}/ })
      .waitFor();
    await at('metric-roc').getByText('Points as a table').click();
    await expect.poll(() => at('metric-roc').locator('tbody tr').count()).toBe(4);

    const log = at('log-tail');
    await expect.poll(() => log.getAttribute('data-ended')).toBe('true');
    await expect.poll(() => log.textContent()).toBe('accuracy 0.914\ndone\n');
    const green = await log.locator('span', { hasText: 'accuracy' }).evaluate((span) => span.style.color);
    expect(green).toBe('var(--vscode-terminal-ansiGreen)');
    await at('attempt-select').click();
    await at('attempt-select').getByText('Attempt 1').click();
    await expect.poll(() => log.textContent()).toBe('first try\n');

    const report = view.page.frameLocator('[data-testid="preview-page"]');
    await report.getByText('Report').waitFor();
    await expect.poll(() => report.locator('body').innerText()).not.toContain('ran');
    expect(view.complaints.some((text) => text.includes(BLOCKED_SCRIPT))).toBe(true);
    await screenshot('canvas-metrics-dark');
  });

  it('folds 300 iterations, keeps the failed one in sight, and shows the one that is chosen', async () => {
    await open({
      rows: [
        rootRow,
        ...loopRows('for-loop-1', ['train', 'score'], 300, (one) => (one === 57 ? 'FAILED' : 'SUCCEEDED')),
      ],
    });
    view.push(succeeded);
    await stateOf('for-loop-1/train', 'FAILED');
    await expect
      .poll(() => at('node-for-loop-1/train').locator('.progress-count').textContent())
      .toBe('300/300');
    // Also at a step, until one of its tasks is chosen.
    await at('node-for-loop-1/train').click();
    await at('iterations').getByText('Iteration 57').click();
    await at('iterations').waitFor({ state: 'detached' });
    await at('node-for-loop-1').locator('.group-header').click();
    await at('iterations').getByText('All together').click();
    const choices = at('iterations').getByRole('radio');
    await expect.poll(() => choices.count()).toBe(1 + 20 + 1);
    await at('iterations').getByText('Iteration 57').waitFor();
    await at('iteration-number').locator('input').fill('123');
    await at('iteration-go').click();
    await stateOf('for-loop-1/train', 'SUCCEEDED');
    await expect
      .poll(() => at('iterations').getByRole('radio', { checked: true }).textContent())
      .toContain('Iteration 123');
    await at('iterations-more').click();
    await expect.poll(() => choices.count()).toBe(301);
    await at('tab-list').click();
    await at('row-for-loop-1#more').waitFor();
    await expect.poll(() => view.page.getByTestId(/^row-for-loop-1#\d+$/).count()).toBe(21);
  });
});

describe('the keyboard', () => {
  const focused = (): Promise<string | null> =>
    view.page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? null);

  it('moves along edges, opens and closes the panel, runs, closes groups', async () => {
    await open(full);
    view.push({});
    await at('node-make-data').waitFor();
    const press = (key: string): Promise<void> => view.page.keyboard.press(key);
    await press('ArrowDown');
    await expect.poll(activeNode).toBe('node:make-data');
    await press('ArrowDown');
    await press('ArrowDown');
    await expect.poll(activeNode).toBe('node:for-loop-1');
    await press('Enter');
    await at('side-panel').waitFor();
    await press('Escape');
    await at('side-panel').waitFor({ state: 'detached' });
    await press(' ');
    await at('node-for-loop-1/train').waitFor({ state: 'detached' });
    await press(' ');
    await at('node-for-loop-1/train').waitFor();
    await press('End');
    await expect.poll(activeNode).toBe('node:notify');
    await press('Home');
    await expect.poll(activeNode).toBe('node:make-data');
    await press('r');
    await expect.poll(() => view.asked).toEqual(['act run']);
  });

  it('goes into the panel by a second Enter, and gets the focus back when the page lost it', async () => {
    await open(full);
    view.push(succeeded);
    await at('node-make-data').waitFor();
    const press = (key: string): Promise<void> => view.page.keyboard.press(key);
    await press('ArrowDown');
    await press('Enter');
    await at('side-panel').waitFor();
    await expect.poll(focused).toBe('canvas');
    await press('Enter');
    await expect.poll(focused).toBe('panel-body');
    await press('Escape');
    await expect.poll(focused).toBe('canvas');
    // What VS Code does to the page when it reveals its panel.
    await view.page.evaluate(() => {
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      window.dispatchEvent(new Event('focus'));
    });
    await expect.poll(focused).toBe('canvas');
    await press('Enter');
    await at('side-panel').getByRole('button', { name: 'Close' }).press('Enter');
    await at('side-panel').waitFor({ state: 'detached' });
    await expect.poll(focused).toBe('canvas');
  });

  it('finds steps with Ctrl+F, and R in the field is a letter', async () => {
    await open();
    view.push({});
    await expect.poll(focused).toBe('canvas');
    await view.page.keyboard.press('Control+f');
    await expect.poll(focused).toBe('search-field');
    await view.page.keyboard.type('rep');
    await view.page.keyboard.press('Enter');
    await expect.poll(activeNode).toBe('node:condition-branches-1/condition-3/report-miss');
    await view.page.keyboard.press('Escape');
    await at('search-field').waitFor({ state: 'detached' });
    expect(view.asked).toEqual([]);
  });

  it('reaches the same steps and details in the list', async () => {
    await open(full);
    view.push(succeeded);
    await at('tab-list').click();
    await at('step-tree').focus();
    for (const name of [
      /^evaluate ?, step, succeeded,/,
      /^For each max_depth ?, loop, succeeded, 3\/3/,
      /^report-miss ?, step, skipped,/,
      /^package-model ?, step, succeeded,/,
    ])
      await expect
        .poll(() => view.page.getByRole('treeitem', { name }).count(), { message: String(name) })
        .toBe(1);
    await view.page.keyboard.press('ArrowDown');
    await view.page.keyboard.press('ArrowDown');
    await view.page.keyboard.press('ArrowLeft');
    await expect.poll(() => view.page.getByRole('treeitem', { name: /^Iteration/ }).count()).toBe(0);
    await view.page.keyboard.press('Enter');
    await expect
      .poll(() => at('side-panel').getByRole('heading', { level: 2 }).textContent())
      .toBe('For each max_depth');
    await view.page.keyboard.press('r');
    await expect.poll(() => view.asked).toEqual(['act run']);
  });
});

describe('the view', () => {
  it('comes back after a reload as it was left', async () => {
    await open(full);
    view.push(succeeded);
    await at('toggle-condition-branches-1').click();
    await at('node-condition-branches-1/condition-2').waitFor({ state: 'detached' });
    await at('node-evaluate').click();
    await at('tab-timeline').click();
    await at('bar-evaluate').waitFor();
    const saved = await view.savedState();
    expect(saved).toMatchObject({ target: { uri: 'file:///work/churn.pipeline.yaml' } });
    await view.close();

    await open(full, 'dark', saved);
    view.push(succeeded);
    await at('bar-evaluate').waitFor();
    await expect
      .poll(() => at('side-panel').getByRole('heading', { level: 2 }).textContent())
      .toBe('evaluate');
    await at('tab-graph').click();
    await at('node-evaluate').waitFor();
    await expect.poll(() => at('node-condition-branches-1/condition-2').count()).toBe(0);
  });

  it('draws thousands of steps as an overview from afar, as steps from near', async () => {
    const chains = Array.from({ length: 40 }, (_, chain) =>
      Array.from({ length: 40 }, (_step, at) => `c${chain}-s${at}`),
    );
    const graph = {
      pipelineName: 'large',
      nodes: chains.flat().map((id) => node(id)),
      edges: chains.flatMap((chain) => chain.slice(1).map((id, at) => edge(chain[at] ?? '', id))),
    };
    const rows = [rootRow, ...chains.flat().map((id) => row(id))];
    await open({ graph, rows });
    view.push(succeeded);
    await at('overview').waitFor();
    await expect.poll(() => view.page.locator('.card').count()).toBe(0);
    const box = await at('overview').boundingBox();
    if (box === null) throw new Error('The overview has no size.');
    await screenshot('canvas-overview-dark');
    // The arrow keys lead to a step and near to it.
    await view.page.keyboard.press('Home');
    await stateOf('c0-s0', 'SUCCEEDED');
    await expect.poll(() => at('overview').count()).toBe(0);
    await expect.poll(() => view.page.locator('.card').count()).toBeLessThan(200);
    await view.page.keyboard.press('f');
    await at('overview').waitFor();
  });

  it('starts with defaults from a state that it does not understand', async () => {
    await open({}, 'dark', {
      tab: 7,
      selected: [],
      collapsed: 'x',
      iterations: { a: 'b' },
      viewport: { x: null },
    });
    view.push({});
    await at('node-make-data').waitFor();
  });

  it.each(themeNames.filter((name) => name !== 'highContrastLight'))(
    'is accessible in %s, in every tab and state',
    async (theme) => {
      await open(
        {
          ...full,
          failure: {
            reason: 'It failed.',
            lines: ['KeyError'],
            likelyCause: 'No.',
            sourceLabel: 'a.py:1',
            actionLabel: 'Retry',
          },
        },
        theme,
      );
      const check = async (what: string): Promise<void> => {
        await screenshot(`canvas-${what}-${theme}`);
        expect(await accessibilityViolations(view.page), what).toEqual([]);
      };
      view.push({});
      await at('node-make-data').waitFor();
      await check('pipeline');
      view.push(succeeded);
      await stateOf('notify', 'SUCCEEDED');
      await at('node-evaluate').click();
      await at('metric-roc').waitFor();
      await check('run');
      await at('tab-timeline').click();
      await at('bar-evaluate').waitFor();
      await check('timeline');
      await at('tab-list').click();
      await at('row-evaluate').waitFor();
      await check('list');
      view.scene.rows = finished.map((one) =>
        one.id === 'evaluate' ? { ...one, state: 'FAILED' as const } : one,
      );
      view.scene.details = {};
      await at('tab-graph').click();
      view.push({
        run: runView({ state: 'FAILED', finishedAt: T0 + 9_000, error: 'A step failed.' }),
        environment: { name: 'Embedded cluster', status: 'failed', message: 'It stopped.' },
      });
      await at('explain-failure').getByText('It failed.').waitFor();
      await check('failed');
      await at('node-for-loop-1').locator('.group-header').click();
      await at('iterations').waitFor();
      await check('loop');
      view.push({
        run: undefined,
        canRun: false,
        document: { kind: 'notPipeline', message: 'This is a Deployment.' },
      });
      await at('graph-empty').waitFor();
      await check('empty');
    },
  );
});
