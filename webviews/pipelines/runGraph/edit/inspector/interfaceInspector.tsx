/** An input or output that is drawn as a node of its own. */
import type { ReactElement } from 'react';
import type { GraphNode } from '../../../../../src/core/ir/graphModel.ts';
import { Button } from '../../../../shared/controls.ts';
import { useEdit } from '../context.ts';
import { rename } from '../acts.ts';
import { groupOf, interfaceName } from '../ports.ts';
import { checks } from '../values.ts';
import { CommitText } from './fields.tsx';
import { PortForm } from './portForm.tsx';
import { useGroupView } from './useNodeViews.ts';

export function InterfaceInspector({ node }: { node: GraphNode }): ReactElement {
  const edit = useEdit();
  const group = groupOf(node);
  const name = interfaceName(node);
  const { value: view, problem } = useGroupView(group);
  const input = node.kind === 'input' ? view?.inputs.find((one) => one.name === name) : undefined;
  const output = node.kind === 'output' ? view?.outputs.find((one) => one.name === name) : undefined;
  if (problem !== undefined) return <div className="problem">{problem}</div>;
  return (
    <div className="inspector" data-testid="inspector" aria-busy={view === undefined}>
      <section className="section" aria-label={node.kind === 'input' ? 'Input' : 'Output'}>
        {input === undefined ? null : <PortForm group={group} input={input} />}
        {output === undefined ? null : (
          <>
            <CommitText
              label="Name"
              testId="inspector-name"
              value={name}
              check={checks.required}
              onCommit={(text) => void rename(edit, node, text)}
            />
            <p className="hint">From {output.from}</p>
            <div className="actions">
              <Button onClick={() => void edit.perform({ kind: 'removeOutput', group, name })}>Remove</Button>
            </div>
          </>
        )}
      </section>
    </div>
  );
}
