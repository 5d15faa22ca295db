/** A Python file with the places of its tasks, as edits need it. */
import type { CompiledPipeline, PythonPlace } from '../../../clients/pythonCompiler.ts';
import { calleeName, childrenOf, enclosing, type Node, type Tree } from '../syntax.ts';

export interface TextEdit {
  readonly range: { readonly start: number; readonly end: number };
  readonly text: string;
}

/** One sentence: what is in the way, and what to do instead. */
export class PythonRefusal extends Error {}

/** A task's call, and the statement that it is in. */
export interface TaskCall {
  readonly call: Node;
  /** The outermost call of a chain: `train(…).after(…)`. */
  readonly chain: Node;
  readonly statement: Node;
  /** The variable that the task is, if it is assigned to one. */
  readonly variable: string | undefined;
  /** True when the statement is nothing but the call and what is chained to it. */
  readonly isAlone: boolean;
}

export class PythonSource {
  readonly text: string;
  readonly tree: Tree;
  readonly pipeline: CompiledPipeline;
  /** Absolute path. */
  readonly file: string;
  /** Names given to tasks and loops that had none, by node id. */
  readonly #given = new Map<string, { readonly name: string; readonly edit: TextEdit }>();
  readonly #lineStarts: readonly number[];

  constructor(
    { file, text, pipeline }: { file: string; text: string; pipeline: CompiledPipeline },
    tree: Tree,
  ) {
    this.file = file;
    this.text = text;
    this.tree = tree;
    this.pipeline = pipeline;
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  get newline(): string {
    return this.text.includes('\r\n') ? '\r\n' : '\n';
  }

  lineStart(index: number): number {
    return this.text.lastIndexOf('\n', index - 1) + 1;
  }

  /** After the newline that ends the line; the end of the text when there is none. */
  lineEnd(index: number): number {
    const end = this.text.indexOf('\n', index);
    return end === -1 ? this.text.length : end + 1;
  }

  indentOf(node: Node): string {
    return /^[ \t]*/.exec(this.text.slice(this.lineStart(node.startIndex)))?.[0] ?? '';
  }

  /** Throws for a node that no single call in the file makes. */
  task(nodeId: string): TaskCall {
    const call = this.#callOf(nodeId);
    const statement = enclosing(call, 'expression_statement', 'return_statement', 'with_statement');
    if (statement === undefined)
      throw new PythonRefusal(`${nodeId} is made in a place that cannot be edited here.`);
    let chain = call;
    for (;;) {
      const { parent } = chain;
      if (parent?.type !== 'attribute' || parent.parent?.type !== 'call') break;
      if (parent.parent.childForFieldName('function')?.id !== parent.id) break;
      chain = parent.parent;
    }
    const assignment = chain.parent?.type === 'assignment' ? chain.parent : undefined;
    const left = assignment?.childForFieldName('left');
    return {
      call,
      chain,
      statement,
      variable: left?.type === 'identifier' ? left.text : undefined,
      isAlone: assignment === undefined && chain.parent?.id === statement.id,
    };
  }

  /** The variable that a task is, which it gets if it has none. */
  variableOf(nodeId: string): string {
    const { variable, isAlone, statement, call } = this.task(nodeId);
    if (variable !== undefined) return variable;
    if (!isAlone)
      throw new PythonRefusal(`${nodeId} is made inside another expression: assign it to a variable first.`);
    return this.#give(nodeId, `${calleeName(call).split('.').at(-1) ?? 'new'}_task`, (name) => ({
      range: { start: statement.startIndex, end: statement.startIndex },
      text: `${name} = `,
    }));
  }

  /** What a loop's items are called, which they are if they have no name. */
  itemOf(loop: string): string {
    const block = this.block(loop);
    const [pattern] = block.descendantsOfType('as_pattern_target');
    if (pattern !== undefined && enclosing(pattern, 'with_statement')?.id === block.id) return pattern.text;
    const { endIndex } = this.#callOf(loop);
    return this.#give(loop, 'item', (name) => ({
      range: { start: endIndex, end: endIndex },
      text: ` as ${name}`,
    }));
  }

  #give(nodeId: string, wish: string, edit: (name: string) => TextEdit): string {
    const known = this.#given.get(nodeId);
    if (known !== undefined) return known.name;
    const name = this.freeName(wish);
    this.#given.set(nodeId, { name, edit: edit(name) });
    return name;
  }

  /** What gives tasks and loops the names that were asked for. */
  get naming(): readonly TextEdit[] {
    return [...this.#given.values()].map(({ edit }) => edit);
  }

  /** Whether the file says this name anywhere but behind a dot. */
  isTaken(name: string): boolean {
    return (
      [...this.#given.values()].some((one) => one.name === name) ||
      this.tree.rootNode
        .descendantsOfType('identifier')
        .some((node) => node.text === name && !isAttributeName(node) && !isKeyword(node))
    );
  }

  freeName(wish: string): string {
    for (let count = 1; ; count++) {
      const name = count === 1 ? wish : `${wish}_${count}`;
      if (!this.isTaken(name)) return name;
    }
  }

  /** The call that makes a group: `dsl.If(…)`. */
  groupCall(nodeId: string): Node {
    this.block(nodeId);
    return this.#callOf(nodeId);
  }

  /** The `with` of a group. */
  block(nodeId: string): Node {
    const found = enclosing(this.#callOf(nodeId), 'with_statement');
    if (found === undefined) throw new PythonRefusal(`${nodeId} is not written as a with statement.`);
    return found;
  }

  /** The statements of a group, or of the pipeline's function. */
  body(group: string): Node {
    const owner = group === '' ? this.#function() : this.#bodyOwner(group);
    const body = owner.childForFieldName('body');
    if (body === null) throw new PythonRefusal(`${group} has no body.`);
    return body;
  }

  parameters(): Node {
    const found = this.#function().childForFieldName('parameters');
    if (found === null) throw new PythonRefusal('The pipeline is no function with parameters.');
    return found;
  }

  /** Statements of the same block that are about a task's variable: `train.set_retry(…)`, `kubernetes.mount_pvc(train, …)`. */
  about({ statement, variable }: TaskCall): readonly Node[] {
    if (variable === undefined || statement.parent === null) return [];
    const isAbout = new RegExp(String.raw`^(${variable}\s*\.|kubernetes\.\w+\(\s*${variable}\b)`);
    return childrenOf(statement.parent).filter(
      (other) =>
        other.startIndex > statement.startIndex &&
        other.type === 'expression_statement' &&
        isAbout.test(other.text),
    );
  }

  /** Every use of a name in the pipeline's function after its definition. */
  uses(name: string, from: Node): readonly Node[] {
    const scope = enclosing(from, 'function_definition') ?? this.tree.rootNode;
    return scope
      .descendantsOfType('identifier')
      .filter(
        (node) =>
          node.text === name && node.startIndex > from.endIndex && !isAttributeName(node) && !isKeyword(node),
      );
  }

  #function(): Node {
    const line = this.pipeline.line;
    const found = this.tree.rootNode
      .descendantsOfType('function_definition')
      .find(
        (node) =>
          (node.parent?.type === 'decorated_definition' ? node.parent : node).startPosition.row + 1 === line,
      );
    if (found === undefined)
      throw new PythonRefusal(`The function ${this.pipeline.function} is not where it was: save the file.`);
    return found;
  }

  #bodyOwner(group: string): Node {
    const node = this.pipeline.nodes[group];
    if (node?.kind === 'task') {
      const definition = node.component;
      const found = this.tree.rootNode
        .descendantsOfType('function_definition')
        .find((one) => one.childForFieldName('name')?.text === definition?.function);
      if (found !== undefined) return found;
      throw new PythonRefusal(`${group} is defined in another file: edit it there.`);
    }
    return this.block(group);
  }

  #callOf(nodeId: string): Node {
    const place = this.pipeline.nodes[nodeId]?.call;
    if (place === null || place === undefined)
      throw new PythonRefusal(`${nodeId} is not made by a call in this file: edit it where it is.`);
    const shared = Object.entries(this.pipeline.nodes).find(
      ([other, { call }]) =>
        other !== nodeId && String(call) === String(place) && parentOf(other) === parentOf(nodeId),
    );
    if (shared !== undefined)
      throw new PythonRefusal(
        `One call makes both ${nodeId} and ${shared[0]}: what is meant is clearer in the code.`,
      );
    const found = this.#callAt(place);
    if (found === undefined)
      throw new PythonRefusal(`The call of ${nodeId} is not where it was: save the file.`);
    return found;
  }

  #callAt([line, column, endLine, endColumn]: PythonPlace): Node | undefined {
    const start = this.#offset(line, column);
    if (column !== null && endColumn !== null) {
      const end = this.#offset(endLine, endColumn);
      for (let node = this.tree.rootNode.descendantForIndex(start, end); node !== null; node = node.parent)
        if (node.type === 'call' && node.startIndex === start && node.endIndex === end) return node;
      return undefined;
    }
    // Only the line is known: the one call there that is no method and nothing of KFP's own but a group.
    const end = this.lineEnd(start);
    const calls = this.tree.rootNode
      .descendantsOfType('call')
      .filter(
        (node) =>
          node.startIndex >= start &&
          node.startIndex < end &&
          /^(\w+|dsl\.(If|Elif|Else|ParallelFor|ExitHandler|importer|Condition))$/.test(calleeName(node)),
      );
    const [only] = calls;
    return calls.length === 1 ? only : undefined;
  }

  #offset(line: number, column: number | null): number {
    return (this.#lineStarts[line - 1] ?? this.text.length) + (column === null ? 0 : column - 1);
  }
}

function parentOf(nodeId: string): string {
  return nodeId.slice(0, Math.max(0, nodeId.lastIndexOf('/')));
}

function isAttributeName(node: Node): boolean {
  return node.parent?.type === 'attribute' && node.parent.childForFieldName('attribute')?.id === node.id;
}

function isKeyword(node: Node): boolean {
  return node.parent?.type === 'keyword_argument' && node.parent.childForFieldName('name')?.id === node.id;
}
