import { isJsonObject } from '../../base/json.ts';
import { childId } from '../graph.ts';
import { applyGesture } from './apply.ts';
import type { GestureSource } from './gesture.ts';
import { valueAt } from './jsonPath.ts';
import { portViews } from './portViews.ts';
import { componentOf, findDag, type DagPlace } from './scope.ts';
import type { Spec } from './spec.ts';

export interface Target {
  readonly task: string;
  readonly input: string;
  /** Why a wire may not end here; undefined when it may. */
  readonly refused: string | undefined;
}

/** Every input of every task, tried with the source as `connect` would. */
export function targetsOf(spec: Spec, source: GestureSource): readonly Target[] {
  const root = findDag(spec, '');
  return root === undefined ? [] : targetsIn(spec, root, source);
}

function targetsIn(spec: Spec, dag: DagPlace, source: GestureSource): readonly Target[] {
  return Object.entries(dag.tasks).flatMap(([key, task]) => {
    if (!isJsonObject(task)) return [];
    const id = childId(dag.group, key);
    const component = componentOf(spec, task);
    if (component === undefined) return [];
    const inputs = portViews(component.component).inputs.map(({ name }): Target => {
      const edited = applyGesture(spec, { kind: 'connect', task: id, input: name, source });
      return { task: id, input: name, refused: edited.kind === 'refused' ? edited.reason : undefined };
    });
    const inside = valueAt(component.component, 'dag') === undefined ? undefined : findDag(spec, id);
    return inside === undefined ? inputs : [...inputs, ...targetsIn(spec, inside, source)];
  });
}
