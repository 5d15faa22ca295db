import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { PortView } from '../../protocol/graphEdit.ts';
import { objectAt, valueAt } from './jsonPath.ts';
import { inputPort, outputPort, sectionOf } from './ports.ts';

export interface PortViews {
  readonly inputs: readonly PortView[];
  readonly outputs: readonly PortView[];
}

/** The inputs and outputs that a component declares, parameters first. */
export function portViews(component: JsonObject): PortViews {
  return {
    inputs: views(component, 'inputDefinitions', inputPort),
    outputs: views(component, 'outputDefinitions', outputPort),
  };
}

function views(
  component: JsonObject,
  side: 'inputDefinitions' | 'outputDefinitions',
  portOf: typeof inputPort,
): readonly PortView[] {
  return (['parameter', 'artifact'] as const).flatMap((kind) =>
    Object.entries(objectAt(component, side, sectionOf(kind))).map(([name, definition]) => ({
      name,
      kind,
      type: portOf(component, name)?.type ?? '',
      isOptional:
        isJsonObject(definition) &&
        (valueAt(definition, 'isOptional') === true || Object.hasOwn(definition, 'defaultValue')),
    })),
  );
}
