/** Statements moved into a `with`, out of it, added and taken away. */
import type { Comparison, Gesture } from '../../../core/ir/edit/gesture.ts';
import { argumentNodes, childrenOf, enclosing, type Node } from '../syntax.ts';
import { pyString } from '../../../core/ir/python/pythonText.ts';
import { insert, setArgument } from './arguments.ts';
import { calleeOf, type Callee } from './imports.ts';
import { PythonRefusal, type PythonSource, type TextEdit } from './source.ts';
import { sourceText } from './values.ts';

type Of<K extends Gesture['kind']> = Extract<Gesture, { kind: K }>;

/** Indents the tasks' statements under a new head. */
export function wrap(source: PythonSource, nodeIds: readonly string[], head: string): readonly TextEdit[] {
  const [first, last] = statementsOf(source, nodeIds);
  const start = source.lineStart(first.startIndex);
  const indent = source.indentOf(first);
  const edits: TextEdit[] = [insert(start, `${indent}${head}${source.newline}`)];
  for (let at = start; at < last.endIndex; at = source.lineEnd(at)) {
    const isInString = enclosing(source.tree.rootNode.descendantForIndex(at), 'string') !== undefined;
    const isBlank = source.text.slice(at, source.lineEnd(at)).trim() === '';
    // Indenting what a text holds would change the text.
    if (isInString && at !== start)
      throw new PythonRefusal('A text of several lines is in the way: wrap these tasks in the code.');
    if (!isBlank) edits.push(insert(at, '    '));
  }
  return edits;
}

export function comparisonText(source: PythonSource, { left, operator, right }: Comparison): string {
  return `${sourceText(source, left)} ${operator} ${sourceText(source, right)}`;
}

/** The first and last statement of a run of statements that are nothing but these tasks. */
function statementsOf(source: PythonSource, nodeIds: readonly string[]): readonly [Node, Node] {
  const wanted = new Map<number, Node>();
  let block: Node | null | undefined;
  for (const nodeId of nodeIds) {
    const isGroup = source.pipeline.nodes[nodeId]?.kind !== 'task';
    const statements = isGroup
      ? [source.block(nodeId)]
      : [source.task(nodeId).statement, ...source.about(source.task(nodeId))];
    for (const statement of statements) {
      block ??= statement.parent;
      if (statement.parent?.id !== block?.id)
        throw new PythonRefusal('These tasks are in different blocks of the code: wrap them there.');
      wanted.set(statement.id, statement);
    }
  }
  const all = block === null || block === undefined ? [] : childrenOf(block);
  const indices = all.flatMap((node, at) => (wanted.has(node.id) ? [at] : []));
  const from = Math.min(...indices);
  const to = Math.max(...indices);
  const first = all[from];
  const last = all[to];
  if (first === undefined || last === undefined) throw new PythonRefusal('There is nothing to wrap.');
  const between = all.slice(from, to + 1).find((node) => !wanted.has(node.id));
  if (between !== undefined)
    throw new PythonRefusal(
      `Line ${between.startPosition.row + 1} stands between these tasks and is none of them: move it away first.`,
    );
  return [first, last];
}

export function wrapInExitHandler(
  source: PythonSource,
  { tasks, exitTask }: Of<'wrapInExitHandler'>,
): readonly TextEdit[] {
  const exit = source.task(exitTask);
  const [first] = statementsOf(source, tasks);
  const isBefore = exit.statement.endIndex <= first.startIndex;
  if (!isBefore)
    throw new PythonRefusal(`The call of ${exitTask} must stand before the tasks: move it up in the code.`);
  const name = source.variableOf(exitTask);
  return wrap(source, tasks, `with dsl.ExitHandler(${name}):`);
}

/** A group's statements in the place of its `with`. */
export function unpack(source: PythonSource, group: string): readonly TextEdit[] {
  const block = source.block(group);
  const body = block.childForFieldName('body');
  if (body === null) throw new PythonRefusal(`${group} has no body.`);
  const names = block
    .descendantsOfType('as_pattern_target')
    .filter((one) => enclosing(one, 'with_statement')?.id === block.id);
  for (const name of names) {
    const [use] = source.uses(name.text, name);
    if (use !== undefined)
      throw new PythonRefusal(
        `Line ${use.startPosition.row + 1} uses ${name.text} of this group: give it another value first.`,
      );
  }
  const depth = source.indentOf(firstOf(body)).length - source.indentOf(block).length;
  const start = source.lineStart(block.startIndex);
  const bodyStart = source.lineStart(firstOf(body).startIndex);
  const edits: TextEdit[] = [{ range: { start, end: bodyStart }, text: '' }];
  for (let at = bodyStart; at < body.endIndex; at = source.lineEnd(at))
    if (
      /^[ \t]/.test(source.text.slice(at, at + 1)) &&
      source.text.slice(at, source.lineEnd(at)).trim() !== ''
    )
      edits.push({ range: { start: at, end: at + depth }, text: '' });
  return edits;
}

function firstOf(body: Node): Node {
  const [first] = childrenOf(body);
  if (first === undefined) throw new PythonRefusal('This group is empty.');
  return first;
}

export function removeTasks(source: PythonSource, nodeIds: readonly string[]): readonly TextEdit[] {
  const statements = nodeIds.flatMap((nodeId) => {
    if (source.pipeline.nodes[nodeId]?.kind !== 'task') return [source.block(nodeId)];
    const task = source.task(nodeId);
    if (!task.isAlone && task.variable === undefined)
      throw new PythonRefusal(`${nodeId} is made inside another expression: change that in the code.`);
    const about = source.about(task);
    const used =
      task.variable === undefined
        ? []
        : source
            .uses(task.variable, task.statement)
            .filter(
              (use) =>
                ![task.statement, ...about].some(
                  (one) => one.startIndex <= use.startIndex && use.endIndex <= one.endIndex,
                ),
            );
    const removed = nodeIds.map((id) =>
      source.pipeline.nodes[id]?.kind === 'task' ? source.task(id).statement : source.block(id),
    );
    const [use] = used.filter(
      (one) =>
        !removed.some(({ startIndex, endIndex }) => startIndex <= one.startIndex && one.endIndex <= endIndex),
    );
    if (use !== undefined)
      throw new PythonRefusal(
        `Line ${use.startPosition.row + 1} uses ${task.variable ?? nodeId}: give it another value first.`,
      );
    return [task.statement, ...about];
  });
  for (const { parent } of statements) {
    if (parent === null) continue;
    const left = childrenOf(parent).filter((node) => !statements.some((one) => one.id === node.id));
    if (left.length === 0)
      throw new PythonRefusal('A block would be left without a statement: take the whole group away.');
  }
  const edits = statements.map((node): TextEdit => ({
    range: { start: source.lineStart(node.startIndex), end: source.lineEnd(node.endIndex) },
    text: '',
  }));
  // A group that goes takes what is in it along.
  return edits.filter(
    (edit, at) =>
      !edits.some((other, i) => i !== at && contains(other, edit) && (i < at || !contains(edit, other))),
  );
}

function contains(outer: TextEdit, inner: TextEdit): boolean {
  return outer.range.start <= inner.range.start && inner.range.end <= outer.range.end;
}

/** A call of a function, of this file or imported: the last statement of the group, or above the task that it feeds. */
export function addTask(
  source: PythonSource,
  { group, component, name, inputs, feeds }: Of<'addTask'>,
): readonly TextEdit[] {
  const callee = calledFor(source, component);
  const args = Object.entries(inputs ?? {}).map(([input, from]) => `${input}=${sourceText(source, from)}`);
  const named = name === undefined ? '' : `.set_display_name(${pyString(name)})`;
  const call = `${callee.name}(${args.join(', ')})${named}`;
  if (feeds !== undefined) {
    const fed = source.task(feeds.task);
    const variable = source.freeName(`${callee.name}_task`);
    const line = `${source.indentOf(fed.statement)}${variable} = ${call}${source.newline}`;
    return [
      ...callee.edits,
      insert(source.lineStart(fed.statement.startIndex), line),
      ...setArgument(source, fed.call, feeds.input, `${variable}.outputs["${feeds.output}"]`),
    ];
  }
  const statements = childrenOf(source.body(group));
  const last = statements.filter((node) => node.type !== 'return_statement').at(-1) ?? statements.at(-1);
  if (last === undefined) throw new PythonRefusal('This group is empty.');
  const line = `${source.indentOf(last)}${call}`;
  if (last.type === 'return_statement')
    return [...callee.edits, insert(source.lineStart(last.startIndex), line + source.newline)];
  const at = source.lineEnd(last.endIndex);
  const isOpen = source.text[at - 1] !== '\n';
  return [...callee.edits, insert(at, isOpen ? source.newline + line : line + source.newline)];
}

function calledFor(source: PythonSource, component: Of<'addTask'>['component']): Callee {
  if ('existing' in component) return { name: functionOf(source, component.existing), edits: [] };
  const { python } = component.definition;
  if (python !== undefined) return calleeOf(source, python);
  throw new PythonRefusal(
    'This component is no Python function: load it in the code by kfp.components.load_component_from_file().',
  );
}

/** `comp-train-2` is what the compiler made of the function `train`. */
function functionOf(source: PythonSource, component: string): string {
  const key = component.replace(/^comp-/, '');
  const base = key.replace(/-\d+$/, '');
  for (const [nodeId, { component: made }] of Object.entries(source.pipeline.nodes)) {
    const name = nodeId.slice(nodeId.lastIndexOf('/') + 1);
    if (made !== null && (name === key || name === base)) return made.function;
  }
  const found = source.tree.rootNode
    .descendantsOfType('function_definition')
    .map((node) => node.childForFieldName('name')?.text ?? '')
    .find((name) => name.replaceAll('_', '-').toLowerCase() === base);
  if (found === undefined) throw new PythonRefusal(`${component} is not a function of this file.`);
  return found;
}

/** Of an If or Elif; an Else has none. */
export function setCondition(
  source: PythonSource,
  { branch, condition }: Of<'setCondition'>,
): readonly TextEdit[] {
  const [argument] = argumentNodes(source.groupCall(branch));
  if (argument === undefined) throw new PythonRefusal(`${branch} has no condition in the code.`);
  return [replaceValue(argument, comparisonText(source, condition))];
}

/** Parallelism 0 is no limit. */
export function setLoop(
  source: PythonSource,
  { loop, items, parallelism }: Of<'setLoop'>,
): readonly TextEdit[] {
  const call = source.groupCall(loop);
  const [argument] = argumentNodes(call);
  if (argument === undefined) throw new PythonRefusal(`${loop} has no items in the code.`);
  const limit = parallelism === 0 ? undefined : String(parallelism);
  return [
    ...(items === undefined ? [] : [replaceValue(argument, sourceText(source, items))]),
    ...(parallelism === undefined ? [] : setArgument(source, call, 'parallelism', limit)),
  ];
}

/** Of an argument, with or without its name. */
function replaceValue(argument: Node, text: string): TextEdit {
  const { startIndex, endIndex } =
    argument.type === 'keyword_argument' ? (argument.childForFieldName('value') ?? argument) : argument;
  return { range: { start: startIndex, end: endIndex }, text };
}
