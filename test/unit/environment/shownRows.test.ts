import { describe, expect, it } from 'vitest';
import type { EnvironmentNode } from '../../../src/environment/rows.ts';
import { ShownRows } from '../../../src/environment/shownRows.ts';

type Tree = Readonly<Record<string, readonly EnvironmentNode[]>>;

function row(id: string, parent: EnvironmentNode | undefined, change: Partial<EnvironmentNode> = {}) {
  const made = { kind: 'event', id, parent, label: id, context: 'event', expansion: 'leaf', ...change };
  return made as EnvironmentNode;
}

/** VS Code asks for what is under `ids`. */
function shown(tree: Tree, ...parents: readonly (EnvironmentNode | undefined)[]): ShownRows {
  const rows = new ShownRows();
  for (const parent of parents) rows.show(parent, tree[parent?.id ?? ''] ?? []);
  return rows;
}
const from =
  (tree: Tree) =>
  (parent: EnvironmentNode | undefined): readonly EnvironmentNode[] =>
    tree[parent?.id ?? ''] ?? [];

describe('the rows that VS Code has', () => {
  const group = row('group', undefined);
  const [redis, mlflow] = [row('redis', group, { description: 'starting' }), row('mlflow', group)];

  it('are left alone when nothing is new', () => {
    const rows = shown({ '': [group], group: [redis, mlflow] }, undefined, group);
    expect(rows.update(from({ '': [row('group', undefined)], group: [redis, mlflow] }))).toEqual([]);
  });

  it('change one by one, and stay the same objects', () => {
    const rows = shown({ '': [group], group: [redis, mlflow] }, undefined, group);
    const fresh = {
      '': [row('group', undefined)],
      group: [row('redis', group, { icon: undefined }), mlflow],
    };
    const changed = rows.update(from(fresh));
    expect(changed).toHaveLength(1);
    expect(changed?.[0]).toBe(redis);
    expect(redis.description).toBeUndefined();
    expect(redis.parent).toBe(group);
  });

  it('are asked for again under a row that gets or loses one; what was under those is forgotten', () => {
    const deep = row('deep', redis);
    const rows = shown({ '': [group], group: [redis], redis: [deep] }, undefined, group, redis);
    const fresh: Tree = { '': [group], group: [redis, mlflow], redis: [] };
    expect(rows.update(from(fresh))).toEqual([group]);
    // Until VS Code has asked for them.
    expect(rows.update(from({ ...fresh, group: [] }))).toEqual([]);
  });

  it('are all asked for again when the top gets or loses one', () => {
    const rows = shown({ '': [group] }, undefined);
    expect(rows.update(from({ '': [group, row('nodes', undefined)] }))).toBeUndefined();
  });
});
