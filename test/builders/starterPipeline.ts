/** Pipelines put together from the starters by gestures alone, as a person does it on the canvas. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { definitionsIn } from '../../src/core/ir/edit/definitions.ts';
import type { ComponentDefinition, Gesture, GestureSource } from '../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../src/core/ir/edit/plan.ts';
import { specToDocuments, type SpecDocuments } from '../../src/core/ir/specDocuments.ts';
import { emptyPipeline } from '../../src/pipelines/editor/blankText.ts';

export const STARTERS = resolve('resources/starters');

async function starter(name: string): Promise<ComponentDefinition> {
  const found = definitionsIn(await readFile(join(STARTERS, `${name}.yaml`), 'utf8'));
  const [only] = found;
  if (only?.name !== name || found.length !== 1) throw new Error(`${name} is no component.`);
  if (only.description?.endsWith('.') !== true) throw new Error(`${name} says nothing of itself.`);
  return only.definition;
}

export const constant = (value: string): GestureSource => ({ kind: 'constant', value });
export const output = (task: string, name: string): GestureSource => ({
  kind: 'taskOutput',
  task,
  output: name,
});

/** Steps in order, each a starter; then outputs of the pipeline, each a step's. */
export async function starterPipeline(
  name: string,
  steps: readonly (readonly [starter: string, inputs: Readonly<Record<string, GestureSource>>])[],
  outputs: Readonly<Record<string, { readonly task: string; readonly output: string }>>,
): Promise<Extract<SpecDocuments, { kind: 'pipeline' }>> {
  let text = emptyPipeline(name);
  const make = (gesture: Gesture): void => {
    const plan = planGesture(text, gesture);
    if (plan.kind === 'refused') throw new Error(plan.reason);
    text = applyEdits(text, plan.edits);
  };
  for (const [step, inputs] of steps)
    make({ kind: 'addTask', group: '', component: { definition: await starter(step) }, inputs });
  for (const [key, from] of Object.entries(outputs)) make({ kind: 'addOutput', group: '', name: key, from });
  const spec = specToDocuments(text);
  if (spec.kind === 'notPipeline') throw new Error(spec.problem.message);
  return spec;
}
