/** Edits that mend a pipeline, beside those that people make by hand. */
import { declare } from './channels.ts';
import { inputNames, type Draft } from './draft.ts';
import { editing, elsewhere, type GestureOf } from './edits.ts';
import { objectAt, textAt, withoutValue } from './jsonPath.ts';
import { refuse } from './refusal.ts';
import { connect } from './wires.ts';

export const fixEdits = {
  createInput: editing((draft, { task, input }: GestureOf<'createInput'>) => {
    const { parent, key } = draft.place(task);
    const port = draft.inputOf(parent, key, input);
    if (port === undefined) refuse(`'${draft.nameOf(parent, key)}' has no input '${input}'.`);
    const name = freeIdentifier(input, inputNames(draft.component('')));
    declare(draft, '', 'inputDefinitions', name, port);
    connect(draft, task, input, { kind: 'groupInput', group: '', name });
    return { title: `Create the input ${name}${elsewhere(draft, parent)}`, selection: [`in:${name}`] };
  }),
  removeComponent: editing((draft, { component }: GestureOf<'removeComponent'>) => {
    if (!draft.hasComponent(component)) refuse(`There is no component '${component}' any more.`);
    const uses = draft.uses(component);
    if (uses > 0) refuse(`${uses} task${uses === 1 ? ' uses' : 's use'} '${component}': delete them first.`);
    const label = textAt(draft.component(component), 'executorLabel');
    draft.removeComponent(component);
    if (label !== undefined) removeExecutor(draft, label);
    return { title: `Remove ${component}`, selection: [] };
  }),
} as const;

function removeExecutor(draft: Draft, label: string): void {
  const { pipeline, platforms } = draft.spec;
  const others = Object.values(objectAt(pipeline, 'components'));
  if (others.some((other) => textAt(other, 'executorLabel') === label)) return;
  const path = ['deploymentSpec', 'executors', label];
  draft.spec = {
    pipeline: withoutValue(pipeline, path, 2),
    platforms: platforms === undefined ? undefined : withoutValue(platforms, ['kubernetes', ...path]),
  };
}

/** A pipeline's inputs are a Python function's arguments: `name`, or `name_2`. */
function freeIdentifier(wish: string, taken: ReadonlySet<string>): string {
  const base = wish.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=\d)/, '_');
  let name = base;
  for (let i = 2; taken.has(name); i++) name = `${base}_${i}`;
  return name;
}
