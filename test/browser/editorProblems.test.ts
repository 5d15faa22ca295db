/** What mends a problem at a click, in the pipeline editor in a bare Chromium page; the text says that it is mended. */
import { describe, expect, it } from 'vitest';
import { useEditor } from './harness/editing.ts';
import { pipeline, step } from './harness/editorScenes.ts';

const { at, edited, inputOf, open, screenshot, tasks, view } = useEditor();

async function mend(problem: string, title: string): Promise<void> {
  await at('tool-problems').click();
  const row = at(`problem-${problem}`).first();
  await row.waitFor();
  await screenshot(`editor-problem-${problem}`);
  await row.getByRole('button', { name: title, exact: true }).click();
}

const constants = (values: Readonly<Record<string, string | number>>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, constant]) => [name, { runtimeValue: { constant } }]),
  );

describe('a problem is mended at a click', () => {
  it('a constant of another type is converted', async () => {
    await open(
      pipeline({
        tasks: { report: step('report', { inputs: { parameters: constants({ text: 3 }) } }) },
      }),
    );
    await mend('type-mismatch', 'Change it to "3"');
    await edited(() => view().gestures.length === 1);
    expect(inputOf('report', 'parameters', 'text')).toEqual({ runtimeValue: { constant: '3' } });
    await expect.poll(() => at('problem-type-mismatch').count()).toBe(0);
  });

  it('a pipeline input becomes of the type that its step takes', async () => {
    await open(
      pipeline({
        inputs: { words: { parameterType: 'NUMBER_INTEGER' } },
        tasks: {
          report: step('report', {
            inputs: { parameters: { text: { componentInputParameter: 'words' } } },
          }),
        },
      }),
    );
    await mend('type-mismatch', "Make 'words' text");
    await edited(() => /\bwords:\s+parameterType: STRING\b/.test(view().text()));
    await expect.poll(() => at('problem-type-mismatch').count()).toBe(0);
  });

  it('two steps that wait for each other: one does not any more', async () => {
    const done = { inputs: { parameters: constants({ text: 'done' }) } };
    await open(
      pipeline({
        tasks: {
          first: step('report', { ...done, dependentTasks: ['last'] }),
          last: step('report', { ...done, dependentTasks: ['first'] }),
        },
      }),
    );
    await at('tool-problems').click();
    const fix = at('problem-cycle')
      .first()
      .getByRole('button', { name: /^Let '\w+' not wait for '\w+'$/ });
    await fix.waitFor();
    await screenshot('editor-problem-cycle');
    await fix.click();
    await edited(() => view().gestures.length === 1);
    const orders = Object.values(tasks()).flatMap((task) => task.dependentTasks ?? []);
    expect(orders).toHaveLength(1);
    await expect.poll(() => at('problem-cycle').count()).toBe(0);
  });
});
