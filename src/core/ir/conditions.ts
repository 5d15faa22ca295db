import { parse, type ASTNode } from '@marcbachmann/cel-js';

export type ParsedCondition =
  | { readonly kind: 'cel'; readonly parameters: readonly string[] }
  | { readonly kind: 'error'; readonly message: string };

/** Parses a trigger condition: the names of the parameters it reads, or what is wrong with it. */
export function parseCondition(condition: string): ParsedCondition {
  try {
    const names = new Set<string>();
    collect(parse(condition).ast, names);
    return { kind: 'cel', parameters: [...names] };
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { kind: 'error', message };
  }
}

/** `inputs.parameter_values['x']`, and `inputs.parameters['x']` of the oldest documents. */
function collect(node: ASTNode, names: Set<string>): void {
  if (node.op === '[]') {
    const [object, key] = node.args;
    const isLookup =
      object.op === '.' &&
      object.args[0].op === 'id' &&
      object.args[0].args === 'inputs' &&
      (object.args[1] === 'parameter_values' || object.args[1] === 'parameters');
    if (isLookup && key.op === 'value' && typeof key.args === 'string') names.add(key.args);
  }
  for (const child of children(node)) collect(child, names);
}

function children(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'list':
      return node.args;
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}
