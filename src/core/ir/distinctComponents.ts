/** The components of a document without repetitions: the SDK writes one for each task, also of the same function. */
import { isCompilerGroup } from './edit/definitions.ts';
import type { Component, PipelineDocument } from './model.ts';

/** What a task is given; in Python that is said where the function is called. */
const SETTINGS = new Set(['resources', 'env']);
const PLACE = /^(?:label|range|.+Range)$/;
/** JSON of the pipeline's author: its keys are none of the model's. */
const JSON_VALUES = new Set(['defaultValue', 'literals', 'value', 'metadata']);

/**
 * The first of each, in the document's order, without the compiler's own groups. With `ignoresSettings` those that
 * differ in resources and variables of the environment are one.
 */
export function distinctComponents(
  document: PipelineDocument,
  { ignoresSettings }: { readonly ignoresSettings: boolean },
): readonly Component[] {
  /** By what a component is; inside others its number stands for it. */
  const kinds = new Map<string, number>();
  const known = new Map<string, number>();

  /** The same for two components exactly if they do the same, whatever they are called. */
  function kindOf({ name, inputs, outputs, implementation }: Component): number {
    const before = known.get(name);
    if (before !== undefined) return before;
    // One that contains itself is no pipeline.
    known.set(name, -1);
    const label = implementation.kind === 'executor' ? implementation.label : undefined;
    const settings =
      ignoresSettings || label === undefined ? undefined : JSON.stringify(document.kubernetes.get(label));
    const code = label === undefined ? implementation : (document.executors.get(label) ?? name);
    const text = JSON.stringify([inputs, outputs, code, settings], (key, value: unknown) => {
      if (JSON_VALUES.has(key)) return JSON.stringify(value);
      if (PLACE.test(key) || (ignoresSettings && SETTINGS.has(key))) return undefined;
      const inner =
        key === 'componentRef' && typeof value === 'string' ? document.components.get(value) : undefined;
      return inner === undefined ? value : kindOf(inner);
    });
    const kind = kinds.get(text) ?? kinds.size;
    kinds.set(text, kind);
    known.set(name, kind);
    return kind;
  }

  const seen = new Set<number>();
  return [...document.components.values()].filter((component) => {
    if (isCompilerGroup(component.name)) return false;
    const { size } = seen;
    return seen.add(kindOf(component)).size > size;
  });
}
