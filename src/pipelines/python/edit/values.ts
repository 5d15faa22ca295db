import type { GestureSource } from '../../../core/ir/edit/gesture.ts';
import { pyValue } from '../../../core/ir/python/pythonText.ts';
import type { PythonSource } from './source.ts';

/** A source as an expression that the task at `nodeId` can take. Python carries values over groups by itself. */
export function sourceText(source: PythonSource, from: GestureSource): string {
  switch (from.kind) {
    case 'constant':
      return pyValue(from.value, '', 9_999);
    case 'groupInput':
      return from.name;
    case 'taskOutput':
      return `${source.variableOf(from.task)}.outputs["${from.output}"]`;
    case 'loopItem': {
      const item = source.itemOf(from.group);
      return from.field === undefined ? item : `${item}.${from.field}`;
    }
  }
}
