import type { Executor, Resources, RetryPolicy } from '../model.ts';
import type { Expressions } from './expressions.ts';
import { kubernetesCalls, type TaskCall } from './generateKubernetes.ts';
import { splitPlaceholders, type CallStep, type Value } from './program.ts';
import { literal, pyCall, pyString, pyValue, type Written } from './pythonText.ts';
import type { JsonObject } from '../../base/json.ts';

/** What is set on a task after its call, one statement each: `task.set_…(…)`. `name`: what it is called without. */
export function settingCalls(step: CallStep, name: string, expressions: Expressions): readonly TaskCall[] {
  const { task, runs } = step;
  const method = (called: string, ...args: Parameters<typeof pyCall>[1][number][]): TaskCall => ({
    kind: 'method',
    write: (variable) => pyCall(`${variable}.${called}`, args),
  });
  const calls: TaskCall[] = [];
  if (task.name !== name) calls.push(method('set_display_name', { value: literal(pyString(task.name)) }));
  if (!task.caching.enabled || task.caching.key !== undefined) {
    const { enabled, key } = task.caching;
    calls.push(
      method(
        'set_caching_options',
        { name: 'enable_caching', value: literal(enabled ? 'True' : 'False') },
        ...(key === undefined ? [] : [{ name: 'cache_key', value: literal(pyString(key)) }]),
      ),
    );
  }
  if (task.retry !== undefined) calls.push(method('set_retry', ...retryArgs(task.retry)));
  if (runs.kind === 'executor') {
    const text = (written: string): Written => textOf(written, step, expressions);
    if (runs.executor.kind === 'container') {
      for (const { called, value } of containerSettings(runs.executor))
        calls.push(method(called, { value: text(value) }));
      for (const { name: variable, value } of runs.executor.env)
        calls.push(
          method('set_env_variable', { value: literal(pyString(variable)) }, { value: text(value) }),
        );
    }
    calls.push(...kubernetesCalls(runs.kubernetes ?? noConfig, step, expressions));
  }
  if (task.trigger.runsAfterFailure && !step.isExitTask) calls.push(method('ignore_upstream_failure'));
  return calls;
}

const noConfig: JsonObject = {};

/** A text of the executor; its placeholders are the task's inputs. One that is nothing else is the value itself. */
function textOf(written: string, step: CallStep, expressions: Expressions): Written {
  const own = new Set(step.component.inputs.parameters.map(({ name }) => name));
  const parts = splitPlaceholders(written);
  const valueOf = (name: string): Value | undefined =>
    own.has(name) ? undefined : step.lookUp({ kind: 'taskInput', name });
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'input') {
    const value = valueOf(first.name);
    if (value !== undefined) return expressions.write(value);
  }
  const isPlain = !parts.some((part) => part.kind === 'input' && valueOf(part.name) !== undefined);
  return literal(isPlain ? pyString(written) : expressions.formatted(written, valueOf));
}

function retryArgs(retry: RetryPolicy): { name: string; value: Written }[] {
  const seconds = (value: number): Written => literal(pyString(`${value}s`));
  return [
    { name: 'num_retries', value: literal(String(retry.maxRetryCount)) },
    // What the SDK writes by itself is left out.
    ...(retry.backoffSeconds === 0
      ? []
      : [{ name: 'backoff_duration', value: seconds(retry.backoffSeconds) }]),
    ...(retry.backoffFactor === 2
      ? []
      : [
          { name: 'backoff_factor', value: literal(pyValue(retry.backoffFactor, '', 99, { isFloat: true })) },
        ]),
    ...(retry.backoffMaxSeconds === 3600
      ? []
      : [{ name: 'backoff_max_duration', value: seconds(retry.backoffMaxSeconds) }]),
  ];
}

function containerSettings(
  executor: Extract<Executor, { kind: 'container' }>,
): readonly { called: string; value: string }[] {
  const { resources, image } = executor;
  const fields: readonly [string, string | undefined][] = [
    // A plain image stands in the component's definition.
    ['set_container_image', image.includes('{{$') ? image : undefined],
    ...resourceSettings(resources),
  ];
  return fields.flatMap(([called, value]) => (value === undefined ? [] : [{ called, value }]));
}

function resourceSettings(resources: Resources | undefined): readonly [string, string | undefined][] {
  return [
    ['set_cpu_request', resources?.cpuRequest],
    ['set_cpu_limit', resources?.cpuLimit],
    ['set_memory_request', resources?.memoryRequest],
    ['set_memory_limit', resources?.memoryLimit],
    ['set_accelerator_type', resources?.accelerator?.type],
    ['set_accelerator_limit', resources?.accelerator?.count],
  ];
}
