/** What a step's function gave here beside what it gave in the run. Pure. */
import type { RunTask, TaskIo } from '../../clients/kfp/model.ts';
import type { JsonValue } from '../../core/base/json.ts';
import type { CallOutputs } from './functionCall.ts';

export interface OutcomeRow {
  /** `accuracy`, `metrics.f1`. */
  readonly name: string;
  readonly here: string | undefined;
  /** `undefined`: the run has none. */
  readonly there: string | undefined;
}

const MOST_CHARACTERS = 300;
const MOST_SAID = 3;

export function compareOutcome(outputs: CallOutputs, task: RunTask): readonly OutcomeRow[] {
  const here = new Map<string, string>();
  for (const [name, value] of outputs.parameters) here.set(name, textOf(value));
  for (const [name, metadata] of outputs.metadata)
    for (const [key, value] of Object.entries(metadata)) here.set(`${name}.${key}`, textOf(value));
  const there = valuesOf(task.outputs);
  return [...new Set([...here.keys(), ...there.keys()])].map((name) => ({
    name,
    here: here.get(name),
    there: there.get(name),
  }));
}

/** The first few, to go on with after "it went through here"; empty when there are none. */
export function outcomeText(rows: readonly OutcomeRow[]): string {
  const said = rows.slice(0, MOST_SAID).map(({ name, here = 'nothing', there }) => {
    const before =
      there === undefined ? '' : here === there ? ' as in the run' : ` instead of ${short(there)}`;
    return `${name} = ${short(here)}${before}`;
  });
  return said.length === 0 ? '' : `: ${said.join(', ')}${rows.length > MOST_SAID ? ', …' : ''}`;
}

export function outcomeMarkdown(title: string, rows: readonly OutcomeRow[]): string {
  const cell = (text: string | undefined): string =>
    text === undefined
      ? '–'
      : `\`${text.replaceAll('`', 'ʼ').replaceAll('|', '\\|').replaceAll('\n', ' ')}\``;
  return [
    `# ${title}`,
    '',
    ...(rows.length === 0
      ? ['The step has no outputs that are values.']
      : [
          '| Output | Now, here | In the run |',
          '| --- | --- | --- |',
          ...rows.map(({ name, here, there }) => `| ${name} | ${cell(here)} | ${cell(there)} |`),
        ]),
    '',
  ].join('\n');
}

function valuesOf({ parameters, artifacts }: TaskIo): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, value } of parameters) found.set(name, textOf(value));
  for (const { name, artifacts: items } of artifacts)
    for (const [key, value] of Object.entries(items[0]?.metadata ?? {}))
      found.set(`${name}.${key}`, textOf(value));
  return found;
}

function textOf(value: JsonValue): string {
  return cut(typeof value === 'string' ? value : JSON.stringify(value), MOST_CHARACTERS);
}

function short(text: string): string {
  return cut(text, 40);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
