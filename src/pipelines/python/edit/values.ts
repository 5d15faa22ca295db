import type { GestureSource } from '../../../core/ir/edit/gesture.ts';
import { pyValue } from '../../../core/ir/python/pythonText.ts';
import { enclosing } from '../syntax.ts';
import { PythonRefusal, type PythonSource } from './source.ts';

/** A source as an expression that the task at `nodeId` can take. Python carries values over groups by itself. */
export function sourceText(source: PythonSource, from: GestureSource): string {
  switch (from.kind) {
    case 'constant':
      return pyValue(from.value, '', 9_999);
    case 'groupInput':
      return from.name;
    case 'taskOutput': {
      const task = source.task(from.task);
      if (task.variable === undefined)
        throw new PythonRefusal(`${from.task} has no variable yet: write name = … in front of its call.`);
      return `${task.variable}.outputs["${from.output}"]`;
    }
    case 'loopItem': {
      const block = source.block(from.group);
      const [pattern] = block.descendantsOfType('as_pattern_target');
      const owner = pattern === undefined ? undefined : enclosing(pattern, 'with_statement');
      if (pattern === undefined || owner?.id !== block.id)
        throw new PythonRefusal(
          `The loop ${from.group} has no name for its items yet: write as item behind it.`,
        );
      return from.field === undefined ? pattern.text : `${pattern.text}.${from.field}`;
    }
  }
}
