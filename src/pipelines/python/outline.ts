/** What a Python file has that is of KFP: components and pipelines, and what their decorators say. */
import { childrenOf, type Node, type Tree } from './syntax.ts';

export interface KfpFunction {
  readonly kind: 'component' | 'containerComponent' | 'pipeline';
  readonly name: string;
  /** Of the first decorator. */
  readonly start: number;
  /** Of the function. */
  readonly end: number;
  /** Of the function's name. */
  readonly nameRange: { readonly start: number; readonly end: number };
  /** From `def` on. */
  readonly source: string;
  /** What its docstring says first. */
  readonly summary: string | undefined;
  /** Texts of the decorator's keyword arguments, e.g. `packages_to_install`. */
  readonly options: ReadonlyMap<string, string>;
}

const kinds: ReadonlyMap<string, KfpFunction['kind']> = new Map([
  ['component', 'component'],
  ['container_component', 'containerComponent'],
  ['pipeline', 'pipeline'],
  ['notebook_component', 'component'],
]);

/** Functions at the top of the file. */
export function outlineOf(tree: Tree): readonly KfpFunction[] {
  return childrenOf(tree.rootNode).flatMap((node) => {
    const found = readFunction(node);
    return found === undefined ? [] : [found];
  });
}

function readFunction(node: Node): KfpFunction | undefined {
  const definition = node.childForFieldName('definition');
  const name = definition?.childForFieldName('name') ?? null;
  if (node.type !== 'decorated_definition' || definition?.type !== 'function_definition' || name === null)
    return undefined;
  for (const decorator of childrenOf(node)) {
    if (decorator.type !== 'decorator') continue;
    const [expression] = childrenOf(decorator);
    const isCall = expression?.type === 'call';
    const called = isCall ? expression.childForFieldName('function')?.text : expression?.text;
    // `@dsl.component`, `@kfp.dsl.component`, or imported by itself.
    const [, word = ''] = /^(?:(?:kfp\.)?dsl\.)?(\w+)$/.exec(called ?? '') ?? [];
    const kind = kinds.get(word);
    if (kind === undefined || expression === undefined) continue;
    return {
      kind,
      name: name.text,
      start: node.startIndex,
      end: node.endIndex,
      nameRange: { start: name.startIndex, end: name.endIndex },
      source: definition.text,
      summary: summaryOf(definition),
      options: isCall ? optionsOf(expression) : new Map(),
    };
  }
  return undefined;
}

/** The first paragraph of a docstring as one line. */
function summaryOf(definition: Node): string | undefined {
  const body = definition.childForFieldName('body');
  const [first] = body === null ? [] : childrenOf(body);
  const text = first?.type === 'expression_statement' ? first.namedChild(0) : null;
  const content = text?.type === 'string' ? text.descendantsOfType('string_content')[0]?.text : undefined;
  const [paragraph = ''] = content?.trim().split(/\n\s*\n/) ?? [];
  return paragraph === '' ? undefined : paragraph.replaceAll(/\s+/g, ' ');
}

function optionsOf(call: Node): ReadonlyMap<string, string> {
  const list = call.childForFieldName('arguments');
  return new Map(
    (list === null ? [] : childrenOf(list)).flatMap((argument) => {
      const name = argument.childForFieldName('name');
      const value = argument.childForFieldName('value');
      return name === null || value === null ? [] : [[name.text, value.text] as const];
    }),
  );
}
