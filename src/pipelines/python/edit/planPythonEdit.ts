/** A gesture on a graph that was compiled from Python, as edits of that Python. */
import type { CompiledPipeline } from '../../../clients/pythonCompiler.ts';
import type { Gesture } from '../../../core/ir/edit/gesture.ts';
import { pyString, pyValue } from '../../../core/ir/python/pythonText.ts';
import { argumentNodes, childrenOf, type PythonParser } from '../syntax.ts';
import { removal, setArgument } from './arguments.ts';
import {
  addTask,
  comparisonText,
  removeTasks,
  setCondition,
  setLoop,
  unpack,
  wrap,
  wrapInExitHandler,
} from './blocks.ts';
import { setKubernetes, setOnTask, settingsOf } from './settings.ts';
import { PythonRefusal, PythonSource, type TextEdit } from './source.ts';
import { sourceText } from './values.ts';

export type PythonPlan =
  | { readonly kind: 'edits'; readonly edits: readonly TextEdit[] }
  /** One sentence: what is in the way, and what to do instead. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface PythonText {
  /** Absolute path. */
  readonly file: string;
  readonly text: string;
  /** What the text compiled to. */
  readonly pipeline: CompiledPipeline;
}

/** Nothing is known yet of whether the edits do what was meant. */
export function planPythonEdit(parser: PythonParser, python: PythonText, gesture: Gesture): PythonPlan {
  return parser.with(python.text, (tree): PythonPlan => {
    if (tree.rootNode.hasError)
      return { kind: 'refused', reason: 'The file has a syntax error: mend it first.' };
    try {
      const source = new PythonSource(python, tree);
      const edits = editsOf(source, gesture);
      const all = [...source.naming, ...edits];
      return { kind: 'edits', edits: all.toSorted((a, b) => a.range.start - b.range.start) };
    } catch (error) {
      if (error instanceof PythonRefusal) return { kind: 'refused', reason: error.message };
      throw error;
    }
  });
}

function editsOf(source: PythonSource, gesture: Gesture): readonly TextEdit[] {
  switch (gesture.kind) {
    case 'rename':
      return setOnTask(source, gesture.task, [['set_display_name', pyString(gesture.name)]]);
    case 'setCaching':
    case 'setRetry':
    case 'setResources':
      return gesture.tasks.flatMap((task) => setOnTask(source, task, settingsOf(gesture)));
    case 'setKubernetes':
      return gesture.tasks.flatMap((task) => setKubernetes(source, task, gesture.fields));
    case 'connect':
      return setArgument(
        source,
        source.task(gesture.task).call,
        gesture.input,
        sourceText(source, gesture.source),
      );
    case 'disconnect':
      return setArgument(source, source.task(gesture.task).call, gesture.input, undefined);
    case 'runAfter':
      return runAfter(source, gesture.task, gesture.after);
    case 'removeRunAfter':
      return removeRunAfter(source, gesture.task, gesture.after);
    case 'changeInput':
      return changeDefault(source, gesture);
    case 'addTask':
      return addTask(source, gesture);
    case 'delete':
      return removeTasks(source, gesture.tasks);
    case 'wrapInIf':
      return wrap(source, gesture.tasks, `with dsl.If(${comparisonText(source, gesture.condition)}):`);
    case 'wrapInLoop': {
      const limit = gesture.parallelism === undefined ? '' : `, parallelism=${gesture.parallelism}`;
      return wrap(
        source,
        gesture.tasks,
        `with dsl.ParallelFor(${sourceText(source, gesture.items)}${limit}) as item:`,
      );
    }
    case 'wrapInExitHandler':
      return wrapInExitHandler(source, gesture);
    case 'setCondition':
      return setCondition(source, gesture);
    case 'setLoop':
      return setLoop(source, gesture);
    case 'unpack':
      return unpack(source, gesture.group);
    default:
      throw new PythonRefusal(`${refused[gesture.kind]} of a pipeline in Python is done in its code.`);
  }
}

const refused: Readonly<Record<Exclude<Gesture['kind'], Supported>, string>> = {
  duplicate: 'Duplicating tasks',
  paste: 'Pasting into the graph',
  moveTo: 'Moving tasks between groups',
  addInput: 'Adding an input',
  createInput: 'Adding an input',
  removeComponent: 'Removing a component',
  removeInput: 'Removing an input',
  addOutput: 'Adding an output',
  renameOutput: 'Renaming an output',
  removeOutput: 'Removing an output',
  addBranch: 'Adding a branch',
  addOneOf: 'Adding a OneOf',
  groupAsSubPipeline: 'Making a sub-pipeline',
  renameComponent: 'Renaming a component',
  setContainer: 'Changing the container',
  setPipelineInfo: 'Changing the name or description',
  setPythonSource: 'Changing the function',
};
type Supported =
  | 'rename'
  | 'setCaching'
  | 'setRetry'
  | 'setResources'
  | 'setKubernetes'
  | 'connect'
  | 'disconnect'
  | 'runAfter'
  | 'removeRunAfter'
  | 'changeInput'
  | 'addTask'
  | 'delete'
  | 'wrapInIf'
  | 'wrapInLoop'
  | 'wrapInExitHandler'
  | 'setCondition'
  | 'setLoop'
  | 'unpack';

function runAfter(source: PythonSource, taskId: string, afterId: string): readonly TextEdit[] {
  const isGroup = source.pipeline.nodes[afterId]?.kind !== 'task';
  if (isGroup) throw new PythonRefusal(`${afterId} is a group: waiting for one is written in the code.`);
  const task = source.task(taskId);
  const after = source.task(afterId);
  if (after.statement.endIndex > task.statement.startIndex)
    throw new PythonRefusal(`${afterId} is made below ${taskId}: move its call up in the code.`);
  return setOnTask(source, taskId, [[`after`, joined(source, taskId, source.variableOf(afterId))]]);
}

/** What `.after(…)` has already, and one more. */
function joined(source: PythonSource, taskId: string, variable: string): string {
  const call = afterCalls(source, taskId).at(-1);
  return [...(call === undefined ? [] : argumentNodes(call).map(({ text }) => text)), variable].join(', ');
}

function afterCalls(source: PythonSource, taskId: string) {
  const task = source.task(taskId);
  return [task.chain, ...source.about(task)]
    .flatMap((root) => root.descendantsOfType('call'))
    .filter((call) => call.childForFieldName('function')?.childForFieldName('attribute')?.text === 'after');
}

function removeRunAfter(source: PythonSource, taskId: string, afterId: string): readonly TextEdit[] {
  const { variable } = source.task(afterId);
  for (const call of afterCalls(source, taskId)) {
    const all = argumentNodes(call);
    const argument = all.find(({ text }) => text === variable);
    if (argument === undefined) continue;
    return all.length === 1
      ? setOnTask(source, taskId, [['after', null]])
      : [removal(source, call, argument)];
  }
  throw new PythonRefusal(
    `No .after() of ${taskId} names ${afterId}: it takes a value of it, or waits in the code.`,
  );
}

/** Name and type of an input are the code's; its default can be changed here. */
function changeDefault(
  source: PythonSource,
  { group, name, port }: Extract<Gesture, { kind: 'changeInput' }>,
): readonly TextEdit[] {
  if (group !== '' || port.name !== name) throw new PythonRefusal('Names of inputs are changed in the code.');
  const parameter = childrenOf(source.parameters()).find((one) => {
    const named = one.childForFieldName('name') ?? one.namedChild(0);
    return named?.text === name;
  });
  if (parameter === undefined) throw new PythonRefusal(`The function has no parameter ${name}.`);
  const value = parameter.childForFieldName('value');
  const text =
    port.defaultValue === undefined
      ? undefined
      : pyValue(port.defaultValue, '', 9_999, { isFloat: port.type === 'NUMBER_DOUBLE' });
  if (value !== null && text !== undefined)
    return [{ range: { start: value.startIndex, end: value.endIndex }, text }];
  const type = parameter.childForFieldName('type');
  if (value === null && text !== undefined)
    return [{ range: { start: parameter.endIndex, end: parameter.endIndex }, text: ` = ${text}` }];
  if (value === null) return [];
  return [
    {
      range: { start: (type ?? parameter.namedChild(0) ?? parameter).endIndex, end: value.endIndex },
      text: '',
    },
  ];
}
