/** What a loop runs over. */
import type { Iterator } from '../../../../src/core/ir/model.ts';
import { TaskError } from './errors.ts';
import type { BoundArtifacts, BoundParameter, TaskIo } from './taskIo.ts';
import type { LoopItem, TaskNode } from './taskNode.ts';
import { toInputType, toItems } from './values.ts';

/** Open at a time when the document sets no limit: more than there are slots, few enough for ten thousand to be cheap. */
const MAX_OPEN_ITERATIONS = 256;

export function iterationLimit({ parallelismLimit }: Iterator): number {
  return parallelismLimit > 0 ? parallelismLimit : MAX_OPEN_ITERATIONS;
}

/** Throws TaskError `input` when there is no list. */
export function loopItems(iterator: Iterator, inputs: TaskIo): LoopItem[] {
  const { items } = iterator;
  if (iterator.kind === 'artifact') {
    const name = items.kind === 'input' ? items.name : iterator.itemInput;
    const bound = inputs.artifacts.get(name);
    if (!bound)
      throw new TaskError('input', `It should loop over the artifacts ${name}, but there are none.`);
    return bound.items.map((artifact) => ({ kind: 'artifact', artifact }));
  }
  const name = items.kind === 'input' ? items.name : 'of the document';
  const value = items.kind === 'raw' ? items.json : inputs.parameters.get(items.name)?.value;
  if (value === undefined || value === null) {
    throw new TaskError('input', `It should loop over ${name}, but that has no value.`);
  }
  return toItems(name, value).map((item) => ({ kind: 'parameter', value: item }));
}

/** Gives the loop its items, and a place for each iteration; those of an earlier try keep theirs. Throws TaskError `input`. */
export function prepareLoop(node: TaskNode, iterator: Iterator): void {
  const items = loopItems(iterator, node.inputs);
  if (iterator.items.kind === 'raw' && iterator.kind === 'parameter') {
    const value = items.flatMap((item) => (item.kind === 'parameter' ? [item.value] : []));
    node.inputs = {
      ...node.inputs,
      parameters: new Map([
        ...node.inputs.parameters,
        [iterator.itemInput, { value, type: 'ITERATOR_INPUT_RAW' }],
      ]),
    };
  }
  const earlier = node.loop?.iterations ?? [];
  node.loop = {
    iterations: items.map((_, index) => earlier[index]),
    queued: [],
    active: 0,
    limit: iterationLimit(iterator),
    items,
  };
  node.iterationCount = items.length;
}

/** The loop's inputs with one item in the place of the list. */
export function iterationInputs(iterator: Iterator, loop: TaskNode, item: LoopItem): TaskIo {
  const parameters = new Map<string, BoundParameter>(loop.inputs.parameters);
  const artifacts = new Map<string, BoundArtifacts>(loop.inputs.artifacts);
  if (iterator.items.kind === 'input') {
    parameters.delete(iterator.items.name);
    artifacts.delete(iterator.items.name);
  }
  if (item.kind === 'artifact') {
    artifacts.set(iterator.itemInput, { items: [item.artifact], type: 'ITERATOR_INPUT' });
  } else {
    const declared = loop.component.inputs.parameters.find(({ name }) => name === iterator.itemInput);
    parameters.set(iterator.itemInput, {
      value:
        declared && item.value !== null ? toInputType(declared.name, declared.type, item.value) : item.value,
      type: 'ITERATOR_INPUT',
    });
  }
  return { parameters, artifacts };
}
