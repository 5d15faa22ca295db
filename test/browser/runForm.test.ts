/** The run form's webview in a bare Chromium page. */
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { SlipwayError } from '../../src/core/base/errors.ts';
import {
  runFormParsers,
  type FormAnswer,
  type FormInput,
  type RunFormContract,
  type RunFormState,
} from '../../src/core/protocol/runForm.ts';
import { openView, themeNames, type OpenedView, type ThemeName } from './harness/page.ts';
import { useScreen } from './harness/screen.ts';
import { accessibilityViolations } from './harness/accessibility.ts';

const { at, show, screenshot } = useScreen();
let view: OpenedView<RunFormContract>;
let answers: FormAnswer[];
let cancelled: number;
let refusal: SlipwayError | undefined;

const input = (name: string, type: FormInput['type'], change: Partial<FormInput> = {}): FormInput => ({
  name,
  type,
  defaultValue: undefined,
  isOptional: false,
  description: undefined,
  literals: [],
  ...change,
});

const state: RunFormState = {
  target: { uri: 'file:///churn.pipeline.yaml' },
  subject: 'pipeline',
  verb: 'Run',
  name: 'churn',
  place: 'Embedded cluster',
  inputs: [
    input('rows', 'NUMBER_INTEGER', { defaultValue: 4000, description: 'How many customers to make up.' }),
    input('label', 'STRING'),
    input('depths', 'LIST', { defaultValue: [2, 4, 8] }),
    input('options', 'STRUCT', { isOptional: true }),
    input('balance', 'BOOLEAN', { defaultValue: true }),
    input('solver', 'STRING', { defaultValue: 'lbfgs', literals: ['lbfgs', 'saga'] }),
  ],
  remembered: { rows: 8000 },
  runName: 'churn 1',
  experiments: [
    { id: 'e1', name: 'Default' },
    { id: 'e2', name: 'nightly' },
  ],
  experimentId: '',
  pipelineRoot: '',
  isCachingEnabled: true,
  cachingNote: undefined,
  problem: undefined,
};

async function open(
  change: Partial<RunFormState> = {},
  theme: ThemeName = 'dark',
  savedState?: unknown,
): Promise<void> {
  answers = [];
  cancelled = 0;
  refusal = undefined;
  view = await show((browser, server) =>
    openView<RunFormContract>(browser, server, 'runForm', {
      theme,
      savedState,
      parsers: runFormParsers,
      handlers: {
        submit: (answer) => {
          answers.push(answer);
          return refusal === undefined ? Promise.resolve(null) : Promise.reject(refusal);
        },
        cancel: () => {
          cancelled++;
          return Promise.resolve(null);
        },
      },
    }),
  );
  view.channel.push({ ...state, ...change });
}
const field = (name: string): Locator => at(`input-${name}`).locator('input, textarea');
const submit = (): Promise<void> => at('submit-run').click();

describe('the run form', () => {
  it('sends only what was set, typed', async () => {
    await open();
    await expect.poll(() => field('rows').inputValue()).toBe('8000');
    await field('label').fill('churned');
    await field('options').fill('{"depth": [1, null]}');
    await at('input-balance').locator('vscode-checkbox').click();
    await at('input-solver').locator('vscode-dropdown').click();
    await at('input-solver').locator('vscode-option', { hasText: 'saga' }).click();
    await at('experiment').click();
    await at('experiment').locator('vscode-option', { hasText: 'nightly' }).click();
    await at('caching').click();
    await submit();
    await expect
      .poll(() => answers)
      .toEqual([
        {
          runName: 'churn 1',
          parameters: {
            rows: 8000,
            label: 'churned',
            options: { depth: [1, null] },
            balance: false,
            solver: 'saga',
          },
          experimentId: 'e2',
          pipelineRoot: '',
          isCachingEnabled: false,
        },
      ]);
  });

  it('asks for the inputs of a component, and for nothing of a run', async () => {
    await open({
      target: { component: { uri: 'file:///a.py', name: 'fit', mode: 'debug' } },
      subject: 'component',
      verb: 'Debug',
      name: 'fit',
      inputs: [input('data', 'STRING', { artifact: 'Dataset' }), input('depth', 'NUMBER_INTEGER')],
      remembered: { depth: 3 },
      runName: 'fit',
    });
    await expect.poll(() => field('depth').inputValue()).toBe('3');
    await at('input-data').getByText('Dataset: path or URI').waitFor();
    for (const id of ['run-name', 'experiment', 'pipeline-root', 'caching'])
      await expect.poll(() => at(id).count(), { message: id }).toBe(0);
    expect((await at('submit-run').innerText()).trim()).toBe('Debug');
    await submit();
    await at('input-data').getByText('This input has no default: give it a value.').waitFor();
    await field('data').fill('/data/a.csv');
    await submit();
    await expect.poll(() => answers[0]?.parameters).toEqual({ data: '/data/a.csv', depth: 3 });
  });

  it('tells a screen reader the name of every field', async () => {
    await open();
    await at('submit-run').waitFor();
    for (const name of [
      'rows, integer',
      'label, string',
      'options, struct',
      'Name of the run',
      'Pipeline root',
    ])
      await expect
        .poll(() => view.page.getByRole('textbox', { name, exact: true }).count(), { message: name })
        .toBe(1);
    await expect
      .poll(() => view.page.getByRole('checkbox', { name: 'balance, boolean', exact: true }).count())
      .toBe(1);
  });

  it('says at the input what is wrong, and sends nothing until it is right', async () => {
    await open();
    await field('rows').fill('many');
    await field('depths').fill('[1,');
    await submit();
    await at('input-rows').getByText('A whole number').waitFor();
    await at('input-depths').getByText('Not JSON').waitFor();
    await at('input-label').getByText('no default').waitFor();
    await view.page.getByText('3 inputs need attention.').waitFor();
    expect(answers).toEqual([]);
    await field('label').fill('x');
    await at('reset-depths').click();
    await field('rows').fill('7');
    await view.page.keyboard.press('Control+Enter');
    await expect.poll(() => answers.map((answer) => answer.parameters)).toEqual([{ rows: 7, label: 'x' }]);
  });

  it('shows why a run could not start, and lets it be tried again', async () => {
    await open({ inputs: [] });
    refusal = new SlipwayError('unreachable', 'The pipeline service is not running.');
    await submit();
    await at('form-problem').getByText('The pipeline service is not running.').waitFor();
    refusal = undefined;
    await submit();
    await expect.poll(() => answers.length).toBe(2);
  });

  it('keeps what was typed over a reload', async () => {
    await open();
    await field('label').fill('kept');
    const saved = await view.savedState();
    await view.close();
    await open({ runName: 'churn 2' }, 'dark', saved);
    await expect.poll(() => field('label').inputValue()).toBe('kept');
    await expect.poll(() => at('run-name').locator('input').inputValue()).toBe('churn 1');
  });

  it('closes by Escape, and says when the pipeline cannot be read', async () => {
    await open({ problem: 'This is not a pipeline.' });
    await view.page.getByText('This is not a pipeline.').waitFor();
    view.channel.push(state);
    await at('submit-run').waitFor();
    await field('label').press('Escape');
    await expect.poll(() => cancelled).toBe(1);
  });

  it.each(themeNames.filter((name) => name !== 'highContrastLight'))('is accessible in %s', async (theme) => {
    await open({}, theme);
    await at('submit-run').waitFor();
    await field('options').fill('{');
    await submit();
    await at('input-label').getByText('no default').waitFor();
    await screenshot(`form-${theme}`, { fullPage: true });
    expect(await accessibilityViolations(view.page)).toEqual([]);
  });
});
