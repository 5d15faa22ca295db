/** The pipeline itself: name, description, inputs and outputs. */
import type { ReactElement } from 'react';
import { Button } from '../../../../shared/controls.ts';
import { Icon } from '../../../../shared/icon.tsx';
import { openForm } from '../acts.ts';
import { useEdit } from '../context.ts';
import { portLabel, typeLabel } from '../ports.ts';
import { checks } from '../values.ts';
import { CommitText } from './fields.tsx';
import { Foldable } from './foldable.tsx';
import { PortForm } from './portForm.tsx';
import { useGroupView } from './useNodeViews.ts';

export function GroupInspector({ group }: { group: string }): ReactElement {
  const edit = useEdit();
  const { value: view, problem } = useGroupView(group);
  if (problem !== undefined) return <div className="problem">{problem}</div>;
  if (view === undefined) return <div className="inspector" aria-busy="true" data-testid="inspector" />;
  return (
    <div className="inspector" data-testid="inspector">
      {group === '' ? (
        <section className="section" aria-label="General">
          <CommitText
            label="Name"
            testId="inspector-name"
            value={view.name}
            check={checks.required}
            onCommit={(name) => void edit.perform({ kind: 'setPipelineInfo', name: name.trim() })}
          />
          <CommitText
            label="Description"
            testId="inspector-description"
            value={view.description ?? ''}
            rows={2}
            onCommit={(text) =>
              void edit.perform({ kind: 'setPipelineInfo', description: text === '' ? null : text })
            }
          />
        </section>
      ) : null}
      <section className="section" aria-label="Inputs">
        <h3>Inputs</h3>
        {view.inputs.map((input) => (
          <Foldable key={input.name} title={portLabel(input.name)} note={typeLabel(input.type)}>
            <PortForm group={group} input={input} />
          </Foldable>
        ))}
        <Button testId="add-input" onClick={() => openForm(edit, { kind: 'input', group })}>
          <Icon name="add" /> Add an input
        </Button>
      </section>
      <section className="section" aria-label="Outputs">
        <h3>Outputs</h3>
        {view.outputs.map((output) => (
          <div key={output.name} className="io-head">
            <span className="io-name">{portLabel(output.name)}</span>
            <span className="hint ellipsis">from {output.from}</span>
            <span className="grow" />
            <Button
              appearance="icon"
              label={`Remove the output ${output.name}`}
              onClick={() => void edit.perform({ kind: 'removeOutput', group, name: output.name })}
            >
              <Icon name="close" />
            </Button>
          </div>
        ))}
        <Button
          testId="add-output"
          onClick={() => openForm(edit, { kind: 'output', group, from: undefined })}
        >
          <Icon name="add" /> Add an output
        </Button>
      </section>
    </div>
  );
}
