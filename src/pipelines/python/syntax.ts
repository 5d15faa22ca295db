/** Python files as trees: tree-sitter with its Python grammar, loaded on first use. Indices count UTF-16 units. */
import { Language, Parser, type Node, type Tree } from 'web-tree-sitter';

export type { Node, Tree } from 'web-tree-sitter';

/** Absolute paths of the two WebAssembly files. */
export interface SyntaxFiles {
  readonly runtime: string;
  readonly python: string;
}

let loaded: Promise<Parser> | undefined;

/** Tenths of a second the first time, then at once. */
export function loadPythonParser(files: SyntaxFiles): Promise<PythonParser> {
  loaded ??= load(files);
  return loaded.then((parser) => new PythonParser(parser));
}

async function load({ runtime, python }: SyntaxFiles): Promise<Parser> {
  try {
    await Parser.init({ locateFile: () => runtime });
    const parser = new Parser();
    parser.setLanguage(await Language.load(python));
    return parser;
  } catch (error) {
    loaded = undefined;
    throw error;
  }
}

export class PythonParser {
  readonly #parser: Parser;

  constructor(parser: Parser) {
    this.#parser = parser;
  }

  /** Calls `use` with the tree, whose memory is freed afterwards. Text that is no Python has a tree with errors in it. */
  with<T>(text: string, use: (tree: Tree) => T): T {
    const tree = this.#parser.parse(text);
    if (tree === null) throw new Error('The Python parser has no language.');
    try {
      return use(tree);
    } finally {
      tree.delete();
    }
  }
}

export function childrenOf(node: Node): readonly Node[] {
  return node.namedChildren.filter((child) => child.type !== 'comment');
}

/** The nearest of these types, the node itself included. */
export function enclosing(node: Node | null, ...types: readonly string[]): Node | undefined {
  for (let at = node; at !== null; at = at.parent) if (types.includes(at.type)) return at;
  return undefined;
}

/** `train`, `dsl.If`: what a call calls, when it is that simple. */
export function calleeName(call: Node): string {
  const callee = call.childForFieldName('function');
  return callee !== null && /^[\w.]+$/.test(callee.text) ? callee.text : '';
}

/** The values of a call's keyword arguments. */
export function keywordArguments(call: Node): ReadonlyMap<string, Node> {
  const found = new Map<string, Node>();
  for (const argument of argumentNodes(call)) {
    const name = argument.childForFieldName('name');
    if (argument.type === 'keyword_argument' && name !== null) found.set(name.text, argument);
  }
  return found;
}

export function argumentNodes(call: Node): readonly Node[] {
  const list = call.childForFieldName('arguments');
  return list === null ? [] : childrenOf(list);
}
