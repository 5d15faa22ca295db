/** How a file can call a function of another file. */
import { dirname, relative, sep } from 'node:path';
import { childrenOf, type Node } from '../syntax.ts';
import { insert } from './arguments.ts';
import { PythonRefusal, type PythonSource, type TextEdit } from './source.ts';

export interface Callee {
  /** What it is called in this file. */
  readonly name: string;
  readonly edits: readonly TextEdit[];
}

/** Imports the function unless it is there already, under another name when its own is taken. */
export function calleeOf(
  source: PythonSource,
  { file, function: name }: { readonly file: string; readonly function: string },
): Callee {
  if (file === source.file) return { name, edits: [] };
  const path = relative(dirname(source.file), file).replace(/\.py$/, '').split(sep);
  // A file can import what is beside it or below it: its own folder is where Python looks first.
  if (path.some((part) => !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(part)))
    throw new PythonRefusal(
      `${name} is in ${relative(dirname(source.file), file)}, which this file cannot import: move it beside this file.`,
    );
  const module = path.join('.');
  const imports = childrenOf(source.tree.rootNode).filter((node) => node.type.startsWith('import_'));
  for (const node of imports) {
    if (node.type !== 'import_from_statement' || node.childForFieldName('module_name')?.text !== module)
      continue;
    const known = node.childrenForFieldName('name').find((one) => importedName(one) === name);
    if (known !== undefined) return { name: known.childForFieldName('alias')?.text ?? name, edits: [] };
  }
  const here = source.isTaken(name) ? source.freeName(`${path.at(-1) ?? ''}_${name}`) : name;
  const line = `from ${module} import ${name}${here === name ? '' : ` as ${here}`}`;
  const last = imports.at(-1);
  const edit =
    last === undefined ? insert(0, line + source.newline) : insert(last.endIndex, source.newline + line);
  return { name: here, edits: [edit] };
}

function importedName(node: Node): string {
  return node.childForFieldName('name')?.text ?? node.text;
}
