import { argumentNodes, keywordArguments, type Node } from '../syntax.ts';
import type { PythonSource, TextEdit } from './source.ts';

/** Puts `name=value` into a call, in place of what `name` was, or removes it when `value` is undefined. */
export function setArgument(
  source: PythonSource,
  call: Node,
  name: string,
  value: string | undefined,
): readonly TextEdit[] {
  const known = keywordArguments(call).get(name);
  if (known !== undefined) {
    const old = known.childForFieldName('value');
    if (value !== undefined && old !== null)
      return [{ range: { start: old.startIndex, end: old.endIndex }, text: value }];
    return [removal(source, call, known)];
  }
  if (value === undefined) return [];
  const list = call.childForFieldName('arguments');
  if (list === null) return [];
  const last = argumentNodes(call).at(-1);
  const written = `${name}=${value}`;
  if (last === undefined) return [insert(list.startIndex + 1, written)];
  const isMultiline = list.startPosition.row !== last.startPosition.row;
  if (!isMultiline) return [insert(last.endIndex, `, ${written}`)];
  const hasComma = /^\s*,/.test(source.text.slice(last.endIndex, list.endIndex));
  const line = `${source.newline}${source.indentOf(last)}${written},`;
  return hasComma
    ? [insert(last.endIndex + source.text.slice(last.endIndex).indexOf(',') + 1, line)]
    : [insert(last.endIndex, `,${line}`)];
}

/** An argument with the comma that belongs to it. */
export function removal(source: PythonSource, call: Node, argument: Node): TextEdit {
  const all = argumentNodes(call);
  const at = all.findIndex((one) => one.id === argument.id);
  const next = all[at + 1];
  const previous = all[at - 1];
  if (next !== undefined) return { range: { start: argument.startIndex, end: next.startIndex }, text: '' };
  const end = argument.endIndex + (/^\s*,/.exec(source.text.slice(argument.endIndex))?.[0].length ?? 0);
  return {
    range: {
      start: previous === undefined ? argument.startIndex : previous.endIndex,
      end: previous === undefined ? end : argument.endIndex,
    },
    text: '',
  };
}

export function insert(at: number, text: string): TextEdit {
  return { range: { start: at, end: at }, text };
}
