import type { JsonValue } from '../../base/json.ts';
import type { InputParameter } from '../model.ts';
import { splitPlaceholders, UnsayableError, type LoopStep, type Step, type Value } from './program.ts';
import {
  escapePython,
  isIdentifier,
  literal,
  pyCall,
  pyString,
  pyValue,
  type Written,
} from './pythonText.ts';

/** Values as Python expressions of one pipeline's function. */
export class Expressions {
  readonly #variables: ReadonlyMap<Step, string>;

  /** Variables of tasks, exit handlers and loops' items. */
  constructor(variables: ReadonlyMap<Step, string>) {
    this.#variables = variables;
  }

  variable(step: Step): string {
    const name = this.#variables.get(step);
    if (name === undefined)
      throw new UnsayableError(`Python has no name for ${step.task.name}, which something refers to.`);
    return name;
  }

  write(value: Value, type?: InputParameter['type']): Written {
    switch (value.kind) {
      case 'constant':
        return this.#constant(value.value, value.parts, type === 'NUMBER_DOUBLE');
      case 'collected':
        return pyCall('dsl.Collected', [{ value: this.write(innermost(value)) }]);
      case 'oneOf':
        return pyCall(
          'dsl.OneOf',
          value.values.map((one) => ({ value: this.write(one) })),
        );
      default:
        return literal(this.#short(value));
    }
  }

  #short(value: Exclude<Value, { kind: 'constant' | 'collected' | 'oneOf' }>): string {
    switch (value.kind) {
      case 'input':
        return value.name;
      case 'output': {
        const { outputs } = value.step.component;
        const isOnly = outputs.parameters.length + outputs.artifacts.length === 1;
        const task = this.variable(value.step);
        return isOnly ? `${task}.output` : `${task}.outputs[${pyString(value.output)}]`;
      }
      case 'item':
        return this.#item(value.loop, value.field);
      case 'status':
        throw new UnsayableError(
          `How ${value.step.task.name} ended can only be given to an input of type PipelineTaskFinalStatus.`,
        );
    }
  }

  #item(loop: LoopStep, field: string | undefined): string {
    if (field === undefined) return this.variable(loop);
    if (!isIdentifier(field))
      throw new UnsayableError(
        `The field ${field} of the items of ${loop.task.name} is no name in Python: rename it.`,
      );
    return `${this.variable(loop)}.${field}`;
  }

  #constant(value: JsonValue, parts: ReadonlyMap<string, Value>, isFloat: boolean): Written {
    const leaf = (text: string, isWhole: boolean): string | undefined => {
      const known = placeholders.get(text);
      if (known !== undefined) return known;
      const split = splitPlaceholders(text);
      const [first] = split;
      if (!split.some((part) => part.kind === 'input' && parts.has(part.name))) return undefined;
      if (!isWhole && split.length === 1 && first?.kind === 'input') {
        const only = parts.get(first.name);
        if (only !== undefined) return this.write(only)('', Infinity);
      }
      return this.formatted(text, (name) => parts.get(name));
    };
    if (typeof value === 'string') return literal(leaf(value, true) ?? pyString(value));
    return (indent, room) => pyValue(value, indent, room, { isFloat, leaf: (text) => leaf(text, false) });
  }

  /** A text with placeholders of inputs, as an f-string. */
  formatted(text: string, valueOf: (name: string) => Value | undefined): string {
    const parts = splitPlaceholders(text).map((part) => {
      const value = part.kind === 'input' ? valueOf(part.name) : undefined;
      const written = part.kind === 'text' ? part.text : `{{$.inputs.parameters['${part.name}']}}`;
      if (value === undefined) return escapePython(written).replaceAll('{', '{{').replaceAll('}', '}}');
      // Before Python 3.12 the quotes of an f-string may not be inside it again.
      return `{${this.write(value)('', Infinity).replaceAll('"', "'")}}`;
    });
    return `f"${parts.join('')}"`;
  }
}

/** One `dsl.Collected` is for all loops between a value and who collects it. */
function innermost(value: Value): Value {
  return value.kind === 'collected' ? innermost(value.value) : value;
}

const placeholders: ReadonlyMap<string, string> = new Map([
  ['{{$.pipeline_job_name}}', 'dsl.PIPELINE_JOB_NAME_PLACEHOLDER'],
  ['{{$.pipeline_job_resource_name}}', 'dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER'],
  ['{{$.pipeline_job_uuid}}', 'dsl.PIPELINE_JOB_ID_PLACEHOLDER'],
  ['{{$.pipeline_task_name}}', 'dsl.PIPELINE_TASK_NAME_PLACEHOLDER'],
  ['{{$.pipeline_task_uuid}}', 'dsl.PIPELINE_TASK_ID_PLACEHOLDER'],
  ['{{$.pipeline_root}}', 'dsl.PIPELINE_ROOT_PLACEHOLDER'],
  ['{{$.pipeline_job_create_time_utc}}', 'dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER'],
  ['{{$.pipeline_job_schedule_time_utc}}', 'dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER'],
]);
