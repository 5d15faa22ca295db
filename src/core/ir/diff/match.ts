/** Which task of one version is which of the other: names of the compiler are numbers that shift with every call. */
import { canonicalJson } from '../../base/canonicalJson.ts';
import { childId, nodeKind } from '../graph.ts';
import type { Component, Executor, PipelineDocument, Task } from '../model.ts';
import { isChannel, withoutChannel } from '../readable.ts';
import { allGroups, type Group } from './groups.ts';

export interface Version {
  readonly document: PipelineDocument;
  readonly root: Group;
}

/** Node ids of tasks of the version before by those of the version after, and the other way round. */
export interface Matches {
  readonly toAfter: ReadonlyMap<string, string>;
  readonly toBefore: ReadonlyMap<string, string>;
}

/** What a node of the version before is called after; one that is gone is nothing that the version after has. */
export function idAfter(matches: Matches, node: string): string {
  return node === '' ? '' : (matches.toAfter.get(node) ?? `before ${node}`);
}

/** Pairs the tasks of groups that are paired, from the root on; then what moved between groups. */
export function matchTasks(before: Version, after: Version): Matches {
  const prints = new Fingerprints();
  const toAfter = new Map<string, string>();
  const toBefore = new Map<string, string>();
  const pair = (a: string, b: string): void => {
    toAfter.set(a, b);
    toBefore.set(b, a);
  };
  const matchGroup = (a: Group, b: Group): void => {
    for (const [one, other] of pairs(candidates(before, a, prints), candidates(after, b, prints))) {
      pair(one.id, other.id);
      const [inA, inB] = [a.inner.get(one.task.key), b.inner.get(other.task.key)];
      if (inA !== undefined && inB !== undefined) matchGroup(inA, inB);
    }
  };
  matchGroup(before.root, after.root);
  matchMoved(before, after, prints, { toAfter, toBefore }, pair);
  return { toAfter, toBefore };
}

/** What is gone from one group and is new in another, and does the same, has moved. */
function matchMoved(
  before: Version,
  after: Version,
  prints: Fingerprints,
  known: Matches,
  pair: (a: string, b: string) => void,
): void {
  const left = (version: Version, matched: ReadonlyMap<string, string>): readonly Candidate[] =>
    allGroups(version.root)
      .flatMap((group) => candidates(version, group, prints))
      .filter(({ id }) => !matched.has(id));
  let gone = left(before, known.toAfter);
  let fresh = left(after, known.toBefore);
  const keys: readonly ((one: Candidate) => string)[] = [
    ({ print, family }) => `${print} ${family}`,
    // With other values, say since it is in a loop now and takes the item.
    ({ does, family }) => `${does} ${family}`,
  ];
  for (const keyOf of keys) {
    for (const [one, other] of pairBy(gone, fresh, keyOf)) pair(one.id, other.id);
    gone = gone.filter(({ id }) => !known.toAfter.has(id));
    fresh = fresh.filter(({ id }) => !known.toBefore.has(id));
  }
}

interface Candidate {
  readonly id: string;
  readonly task: Task;
  readonly kind: string;
  /** Equal for tasks that do the same with the same values, whatever they are called. */
  readonly print: number;
  /** Equal for tasks that do the same, with whatever values. */
  readonly does: number;
  /** Of a compiler's group: what its tasks do. Undefined for what people gave a name to. */
  readonly holds: ReadonlySet<number> | undefined;
  /** What they are called without the compiler's number. */
  readonly family: string;
}

function candidates({ document }: Version, group: Group, prints: Fingerprints): readonly Candidate[] {
  const does = (task: Task): number =>
    prints.ofComponent(document, document.components.get(task.componentRef));
  return group.dag.tasks.map((task) => ({
    id: childId(group.id, task.key),
    task,
    kind: kindOf(document, task),
    holds: isNamed(kindOf(document, task))
      ? undefined
      : new Set(group.inner.get(task.key)?.dag.tasks.map(does)),
    print: prints.ofTask(document, task),
    does: does(task),
    family: `${kindOf(document, task)} ${task.key.replace(/-\d+$/, '')}`,
  }));
}

function kindOf(document: PipelineDocument, task: Task): string {
  const implementation = document.components.get(task.componentRef)?.implementation;
  const dag = implementation?.kind === 'dag' ? implementation.dag : undefined;
  const executor =
    implementation?.kind === 'executor' ? document.executors.get(implementation.label) : undefined;
  return nodeKind(task, dag, executor);
}

function isNamed(kind: string): boolean {
  return kind === 'task' || kind === 'importer' || kind === 'dag';
}

/** Groups of the compiler have nothing but numbers for names: two that hold little alike are not the same one. */
function isLikely({ holds: a }: Candidate, { holds: b }: Candidate): boolean {
  if (a === undefined || b === undefined) return true;
  const both = [...a].filter((does) => b.has(does)).length;
  return both > 0 && both * 2 >= new Set([...a, ...b]).size;
}

/** From what is certain to what is likely; what is left on either side was added or removed. */
function pairs(
  before: readonly Candidate[],
  after: readonly Candidate[],
): readonly (readonly [Candidate, Candidate])[] {
  const found: (readonly [Candidate, Candidate])[] = [];
  const sameKey = ({ task, kind }: Candidate): string => `${kind} ${task.key}`;
  const stages: readonly (readonly [keyOf: (one: Candidate) => string, isRight: typeof isLikely])[] = [
    [({ task, print }) => `${task.key} ${print}`, isLikely],
    [({ print, family }) => `${print} ${family}`, isLikely],
    [({ print, kind }) => `${print} ${kind}`, isLikely],
    [sameKey, isLikely],
    [({ family }) => family, isLikely],
    [sameKey, () => true],
  ];
  let [a, b] = [before, after];
  for (const [keyOf, isRight] of stages) {
    const now = pairBy(a, b, keyOf).filter(([one, other]) => isRight(one, other));
    found.push(...now);
    const [pairedA, pairedB] = [new Set(now.map(([one]) => one)), new Set(now.map(([, other]) => other))];
    a = a.filter((one) => !pairedA.has(one));
    b = b.filter((one) => !pairedB.has(one));
  }
  return found;
}

/** Those of equal key, in document order. */
function pairBy<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (one: T) => string,
): readonly (readonly [T, T])[] {
  const waiting = Map.groupBy(after, keyOf);
  return before.flatMap((one) => {
    const other = waiting.get(keyOf(one))?.shift();
    return other === undefined ? [] : [[one, other] as const];
  });
}

/** Numbers that are equal for what is equal, in both versions. */
class Fingerprints {
  readonly #numbers = new Map<string, number>();
  readonly #components = new Map<Component, number>();

  ofTask(document: PipelineDocument, task: Task): number {
    const component = document.components.get(task.componentRef);
    const constants = task.inputs.parameters.flatMap(({ name, source }) =>
      source.kind === 'constant' ? [`${name}=${canonicalJson(source.value)}`] : [],
    );
    const names = [...task.inputs.parameters, ...task.inputs.artifacts].map(({ name }) => plain(name));
    return this.#number([
      component === undefined ? task.componentRef : String(this.ofComponent(document, component)),
      ...constants.sort(),
      ...names.sort(),
      (task.trigger.condition ?? '').replace(/(['"])pipelinechannel--.*?\1/g, '?'),
      task.iterator?.items.kind === 'raw' ? task.iterator.items.json : '',
    ]);
  }

  /** Minus one for a component that is not there. */
  ofComponent(document: PipelineDocument, component: Component | undefined): number {
    return component === undefined ? -1 : this.#ofComponent(document, component, []);
  }

  #ofComponent(document: PipelineDocument, component: Component, around: readonly Component[]): number {
    const known = this.#components.get(component);
    if (known !== undefined) return known;
    if (around.includes(component)) return -1;
    const { implementation } = component;
    const print = this.#number([
      ...component.inputs.parameters.map(({ name, type }) => `${plain(name)}:${type}`).sort(),
      ...component.inputs.artifacts.map(({ name, type }) => `${plain(name)}:${type.schemaTitle}`).sort(),
      ...component.outputs.parameters.map(({ name, type }) => `${plain(name)}:${type}`).sort(),
      ...component.outputs.artifacts.map(({ name, type }) => `${plain(name)}:${type.schemaTitle}`).sort(),
      ...(implementation.kind === 'dag'
        ? implementation.dag.tasks
            .map((task) => {
              const inner = document.components.get(task.componentRef);
              return inner === undefined
                ? '?'
                : String(this.#ofComponent(document, inner, [...around, component]));
            })
            .sort()
        : implementation.kind === 'executor'
          ? [executorText(document.executors.get(implementation.label))]
          : []),
    ]);
    this.#components.set(component, print);
    return print;
  }

  #number(parts: readonly string[]): number {
    const text = JSON.stringify(parts);
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }
}

/** The compiler's own names are of no meaning. */
function plain(name: string): string {
  return isChannel(name) ? withoutChannel(name).replace(/-\d+(?=-|$)/g, '') : name;
}

function executorText(executor: Executor | undefined): string {
  switch (executor?.kind) {
    case undefined:
      return '';
    case 'container':
      return JSON.stringify([executor.image, executor.command, executor.args, executor.env]);
    case 'importer':
      return JSON.stringify([executor.artifactUri, executor.type, executor.reimport]);
    case 'unsupported':
      return executor.spec;
  }
}
