/** Steps that this one waits for without taking anything from them. */
import type { ReactElement } from 'react';
import type { GraphNode } from '../../../../../src/core/ir/graphModel.ts';
import type { NodeView } from '../../../../../src/core/protocol/graphEdit.ts';
import { Button, Dropdown } from '../../../../shared/controls.ts';
import { Icon } from '../../../../shared/icon.tsx';
import { useSelected } from '../../context.ts';
import { useEdit } from '../context.ts';
import { isPortNode } from '../ports.ts';
import { Foldable } from './foldable.tsx';

export function RunAfterSection({ node, view }: { node: GraphNode; view: NodeView }): ReactElement | null {
  const edit = useEdit();
  const nodes = useSelected((snapshot) => snapshot.nodes);
  const siblings = [...nodes.values()].filter(
    (one) => one.parent === node.parent && one.id !== node.id && !isPortNode(one),
  );
  const free = siblings.filter((one) => !view.runAfter.includes(one.id));
  if (siblings.length === 0) return null;
  return (
    <Foldable title="Run after" isOpen={view.runAfter.length > 0} note={String(view.runAfter.length)}>
      {view.runAfter.map((id) => {
        const label = nodes.get(id)?.label ?? id;
        return (
          <div key={id} className="io-head">
            <span className="grow ellipsis">{label}</span>
            <Button
              appearance="icon"
              label={`Do not wait for ${label}`}
              onClick={() => void edit.perform({ kind: 'removeRunAfter', task: node.id, after: id })}
            >
              <Icon name="close" />
            </Button>
          </div>
        );
      })}
      {free.length === 0 ? null : (
        <Dropdown
          label="Also run after"
          testId="run-after"
          value=""
          options={[
            { value: '', label: 'Add a step to wait for…' },
            ...free.map(({ id, label }) => ({ value: id, label })),
          ]}
          onChange={(after) => {
            if (after !== '') void edit.perform({ kind: 'runAfter', task: node.id, after });
          }}
        />
      )}
    </Foldable>
  );
}
