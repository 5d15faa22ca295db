import type { EnvironmentNode } from './rows.ts';

type ChildrenOf = (parent: EnvironmentNode | undefined) => readonly EnvironmentNode[];

/**
 * Rows as VS Code has them. A refresh names the few that changed: after one of everything, VS Code knows no row until it
 * has asked for all of them again, and a click meanwhile reaches its command without its row.
 */
export class ShownRows {
  readonly #children = new Map<EnvironmentNode | undefined, readonly EnvironmentNode[]>();

  /** VS Code has asked for the rows under `parent`, and got these. */
  show(parent: EnvironmentNode | undefined, rows: readonly EnvironmentNode[]): void {
    if (parent === undefined) this.#children.clear();
    this.#children.set(parent, rows);
  }

  /** Brings the rows up to date, in place. Those to draw anew; `undefined`: all. */
  update(childrenOf: ChildrenOf): readonly EnvironmentNode[] | undefined {
    const changed = new Set<EnvironmentNode>();
    // Parents come before their children.
    for (const [parent, rows] of this.#children) {
      if (hasAncestorIn(changed, parent)) {
        this.#children.delete(parent);
        continue;
      }
      const fresh = childrenOf(parent);
      if (rows.length === fresh.length && rows.every(({ id }, at) => id === fresh[at]?.id)) {
        for (const [at, row] of rows.entries()) if (bringUpToDate(row, fresh[at] ?? row)) changed.add(row);
      } else if (parent === undefined) return undefined;
      else {
        this.#children.delete(parent);
        changed.add(parent);
      }
    }
    return [...changed];
  }
}

/** Drawing a row anew makes VS Code ask for all that is under it. */
function hasAncestorIn(changed: ReadonlySet<EnvironmentNode>, row: EnvironmentNode | undefined): boolean {
  return row !== undefined && (changed.has(row) || hasAncestorIn(changed, row.parent));
}

/** True when a person sees or hears a difference. The object stays the same: VS Code knows rows by it. */
function bringUpToDate(row: EnvironmentNode, fresh: EnvironmentNode): boolean {
  const before = looks(row);
  const { parent } = row;
  for (const key of Object.keys(row)) if (!(key in fresh)) Reflect.deleteProperty(row, key);
  Object.assign(row, fresh, { parent });
  return looks(row) !== before;
}

function looks({ label, description, icon, context, expansion, spoken, command }: EnvironmentNode): string {
  return JSON.stringify([label, description, icon, context, expansion, spoken, command]);
}
