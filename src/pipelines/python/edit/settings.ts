/** Settings of tasks as method calls: changed where they stand, else chained to the call or put below it. */
import type { Gesture } from '../../../core/ir/edit/gesture.ts';
import type { JsonObject, JsonValue } from '../../../core/base/json.ts';
import { isJsonObject } from '../../../core/base/json.ts';
import { pyString, pyValue } from '../../../core/ir/python/pythonText.ts';
import { calleeName, type Node } from '../syntax.ts';
import { insert } from './arguments.ts';
import { PythonRefusal, type PythonSource, type TaskCall, type TextEdit } from './source.ts';

type Of<K extends Gesture['kind']> = Extract<Gesture, { kind: K }>;

/** Arguments of a method, or null to take the call away. */
type Setting = readonly [method: string, args: string | null];

export function setOnTask(
  source: PythonSource,
  nodeId: string,
  settings: readonly Setting[],
): readonly TextEdit[] {
  const task = source.task(nodeId);
  const edits: TextEdit[] = [];
  const added: string[] = [];
  for (const [method, args] of settings) {
    const call = methodCall(source, task, method);
    if (call !== undefined && args !== null) edits.push(replaceArguments(call, args));
    else if (call !== undefined) edits.push(removeMethod(source, task, call));
    else if (args !== null) added.push(`.${method}(${args})`);
  }
  if (added.length === 0) return edits;
  const { chain, statement, variable } = task;
  if (variable === undefined) return [...edits, insert(chain.endIndex, added.join(''))];
  const indent = source.indentOf(statement);
  const at = endOfLastAbout(source, task);
  const lines = added.map((call) => `${indent}${variable}${call}${source.newline}`).join('');
  const isOpen = source.text[at - 1] !== '\n';
  return [
    ...edits,
    insert(at, isOpen ? `${source.newline}${lines.slice(0, -source.newline.length)}` : lines),
  ];
}

/** Below the task and the settings that follow it at once. */
function endOfLastAbout(source: PythonSource, task: TaskCall): number {
  let end = source.lineEnd(task.statement.endIndex);
  for (const other of source.about(task)) {
    if (source.lineStart(other.startIndex) !== end) break;
    end = source.lineEnd(other.endIndex);
  }
  return end;
}

/** The call of this method on the task: in the chain, or in a statement about its variable. */
function methodCall(source: PythonSource, task: TaskCall, method: string): Node | undefined {
  const roots = [task.chain, ...source.about(task)];
  return roots
    .flatMap((root) => root.descendantsOfType('call'))
    .findLast((call) => {
      const callee = call.childForFieldName('function');
      const isInChain = call.startIndex === task.call.startIndex || call.startIndex > task.chain.endIndex;
      return (
        isInChain && callee?.type === 'attribute' && callee.childForFieldName('attribute')?.text === method
      );
    });
}

function replaceArguments(call: Node, args: string): TextEdit {
  const list = call.childForFieldName('arguments');
  if (list === null) throw new PythonRefusal('This call has no arguments to change.');
  return { range: { start: list.startIndex, end: list.endIndex }, text: `(${args})` };
}

function removeMethod(source: PythonSource, task: TaskCall, call: Node): TextEdit {
  const object = call.childForFieldName('function')?.childForFieldName('object');
  const isWholeStatement = object?.type === 'identifier' && call.parent?.type === 'expression_statement';
  if (isWholeStatement && object.startIndex > task.chain.endIndex)
    return {
      range: { start: source.lineStart(call.startIndex), end: source.lineEnd(call.endIndex) },
      text: '',
    };
  return { range: { start: object?.endIndex ?? call.startIndex, end: call.endIndex }, text: '' };
}

export function settingsOf(gesture: Of<'setCaching' | 'setRetry' | 'setResources'>): readonly Setting[] {
  switch (gesture.kind) {
    case 'setCaching':
      return [['set_caching_options', gesture.enabled ? null : 'enable_caching=False']];
    case 'setRetry': {
      const { retry } = gesture;
      if (retry === null) return [['set_retry', null]];
      const args = [
        `num_retries=${retry.maxRetryCount}`,
        ...(retry.backoffSeconds === undefined ? [] : [`backoff_duration="${retry.backoffSeconds}s"`]),
        ...(retry.backoffFactor === undefined
          ? []
          : [`backoff_factor=${pyValue(retry.backoffFactor, '', 99, { isFloat: true })}`]),
        ...(retry.backoffMaxSeconds === undefined
          ? []
          : [`backoff_max_duration="${retry.backoffMaxSeconds}s"`]),
      ];
      return [['set_retry', args.join(', ')]];
    }
    case 'setResources': {
      const { cpuRequest, cpuLimit, memoryRequest, memoryLimit, accelerator } = gesture.resources ?? {};
      const text = (value: string | undefined): string | null =>
        value === undefined ? null : pyString(value);
      return [
        ['set_cpu_request', text(cpuRequest)],
        ['set_cpu_limit', text(cpuLimit)],
        ['set_memory_request', text(memoryRequest)],
        ['set_memory_limit', text(memoryLimit)],
        ['set_accelerator_type', text(accelerator?.type)],
        ['set_accelerator_limit', text(accelerator?.count)],
      ];
    }
  }
}

/** Tolerations and node selectors; other fields of the platform are set in the code. */
export function setKubernetes(source: PythonSource, nodeId: string, fields: JsonObject): readonly TextEdit[] {
  const calls: string[] = [];
  const replaced: string[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (field === 'tolerations') {
      replaced.push('kubernetes.add_toleration');
      for (const one of Array.isArray(value) ? (value as readonly JsonValue[]) : [])
        calls.push(toleration(one));
    } else if (field === 'nodeSelector') {
      replaced.push('kubernetes.add_node_selector');
      const labels = isJsonObject(value) && isJsonObject(value['labels']) ? value['labels'] : {};
      for (const [key, label] of Object.entries(labels))
        calls.push(
          `add_node_selector(TASK, label_key=${pyString(key)}, label_value=${pyValue(label, '', 99)})`,
        );
    } else throw new PythonRefusal(`${field} of a task in Python is set by kfp.kubernetes in the code.`);
  }
  const task = source.task(nodeId);
  const { statement } = task;
  const old = source.about(task).filter((one) => {
    const [inner] = one.descendantsOfType('call');
    return inner !== undefined && replaced.includes(calleeName(inner));
  });
  const edits = old.map((one): TextEdit => ({
    range: { start: source.lineStart(one.startIndex), end: source.lineEnd(one.endIndex) },
    text: '',
  }));
  if (calls.length === 0) return edits;
  const name = source.variableOf(nodeId);
  const indent = source.indentOf(statement);
  const lines = calls
    .map((one) => `${indent}kubernetes.${one.replace('TASK', name)}${source.newline}`)
    .join('');
  const at = source.lineEnd(statement.endIndex);
  const isOpen = source.text[at - 1] !== '\n';
  edits.push(insert(at, isOpen ? source.newline + lines : lines));
  return [...importKubernetes(source), ...edits];
}

function toleration(value: JsonValue): string {
  if (!isJsonObject(value)) throw new PythonRefusal('A toleration is an object.');
  const names: Readonly<Record<string, string>> = { tolerationSeconds: 'toleration_seconds' };
  const known = new Set(['key', 'operator', 'value', 'effect', 'tolerationSeconds']);
  const args = Object.entries(value).map(([key, one]) => {
    if (!known.has(key)) throw new PythonRefusal(`Set ${key} of a toleration in the code.`);
    const written = key === 'tolerationSeconds' ? String(Number(one)) : pyValue(one, '', 99);
    return `${names[key] ?? key}=${written}`;
  });
  return `add_toleration(${['TASK', ...args].join(', ')})`;
}

/** `from kfp import dsl` becomes `from kfp import dsl, kubernetes`. */
function importKubernetes(source: PythonSource): readonly TextEdit[] {
  const imports = source.tree.rootNode.descendantsOfType('import_from_statement');
  const fromKfp = imports.find((node) => node.childForFieldName('module_name')?.text === 'kfp');
  const names = fromKfp?.childrenForFieldName('name') ?? [];
  if (names.some((name) => name.text === 'kubernetes')) return [];
  const last = names.at(-1);
  if (last !== undefined) return [insert(last.endIndex, ', kubernetes')];
  const [first] = source.tree.rootNode.descendantsOfType(['import_statement', 'import_from_statement']);
  return [insert(first?.startIndex ?? 0, `from kfp import kubernetes${source.newline}`)];
}
