/** Where a dag's own outputs come from. */
import type { JsonObject, JsonValue } from '../../../base/json.ts';
import { addSelectors } from '../channels.ts';
import type { Draft } from '../draft.ts';
import { listAt, objectAt, textAt, valueAt, withoutValue } from '../jsonPath.ts';
import { sectionOf, type PortKind } from '../ports.ts';

export interface TaskOutput {
  readonly task: string;
  readonly output: string;
}

export interface DagOutput {
  readonly name: string;
  readonly kind: PortKind;
  readonly from: readonly TaskOutput[];
}

/** With all that feeds each: more than one task where branches are joined. */
export function dagOutputs(component: JsonObject): readonly DagOutput[] {
  const outputs = objectAt(component, 'dag', 'outputs');
  return [
    ...Object.entries(objectAt(outputs, 'parameters')).map(([name, value]): DagOutput => ({
      name,
      kind: 'parameter',
      from: parameterSelectors(value).map((selector) => readSelector(selector, 'outputParameterKey')),
    })),
    ...Object.entries(objectAt(outputs, 'artifacts')).map(([name, value]): DagOutput => ({
      name,
      kind: 'artifact',
      from: listAt(value, 'artifactSelectors').map((selector) => readSelector(selector, 'outputArtifactKey')),
    })),
  ];
}

function parameterSelectors(value: JsonValue): readonly JsonValue[] {
  const single = valueAt(value, 'valueFromParameter');
  if (single !== undefined) return [single];
  // Both spellings are read by the backend.
  return [
    ...listAt(value, 'valueFromOneof', 'parameterSelectors'),
    ...listAt(value, 'valueFromOneOf', 'parameterSelectors'),
  ];
}

function readSelector(selector: JsonValue, key: string): TaskOutput {
  return { task: textAt(selector, 'producerSubtask') ?? '', output: textAt(selector, key) ?? '' };
}

/** Each producer of a dag's outputs as `change` wants it. */
export function mapDagOutputs(
  draft: Draft,
  component: string,
  change: (from: TaskOutput, output: DagOutput) => TaskOutput,
): void {
  for (const output of dagOutputs(draft.component(component))) {
    const from = output.from.map((one) => change(one, output));
    if (from.some((one, i) => one !== output.from[i])) {
      addSelectors(draft, component, output.name, output.kind, from);
    }
  }
}

/** Takes an output away from a group: its value and its declaration. */
export function removeDagOutput(
  draft: Draft,
  component: string,
  { name, kind }: Pick<DagOutput, 'name' | 'kind'>,
): void {
  let json = withoutValue(draft.component(component), ['dag', 'outputs', sectionOf(kind), name], 1);
  json = withoutValue(json, ['outputDefinitions', sectionOf(kind), name]);
  draft.putComponent(component, json);
}
