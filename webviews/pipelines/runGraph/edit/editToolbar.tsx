/** Over the canvas: what can be made of the selection, the panels, and the drawing as a file. */
import type { ReactElement } from 'react';
import { Button } from '../../../shared/controls.ts';
import { Icon } from '../../../shared/icon.tsx';
import type { IconName } from '../../../shared/icons.ts';
import { useSelected } from '../context.ts';
import { chosenNodes, chosenTasks, currentGroup, isGroupKind, openForm } from './acts.ts';
import { useEdit, useEditSelected } from './context.ts';
import { exportItems } from './exportMenu.ts';
import type { Point } from './ports.ts';
import { quickAdd } from './quickAdd.ts';

/** What the selection can be put into. */
const WRAPS = [
  { name: 'if', form: 'if', icon: 'question', text: 'If', label: 'Put the selection into an If' },
  { name: 'loop', form: 'loop', icon: 'sync', text: 'Loop', label: 'Put the selection into a loop' },
  {
    name: 'exit',
    form: 'exitHandler',
    icon: 'debug-step-out',
    text: 'Exit handler',
    label: 'Put the selection into an exit handler',
  },
  {
    name: 'group',
    form: 'subPipeline',
    icon: 'type-hierarchy-sub',
    text: 'Group',
    label: 'Group the selection as a sub-pipeline',
  },
] as const;

export function EditToolbar(): ReactElement {
  const edit = useEdit();
  const panel = useEditSelected((snapshot) => snapshot.panel);
  const problems = useEditSelected((snapshot) => snapshot.problems);
  const isBusy = useEditSelected((snapshot) => snapshot.isBusy);
  // The buttons follow the selection, and the keyboard where there is none.
  useSelected((snapshot) => snapshot.selection);
  useSelected((snapshot) => snapshot.active);
  const tasks = chosenTasks(edit);
  const chosen = chosenNodes(edit);
  const [only] = chosen;
  const group = chosen.length === 1 && only !== undefined && isGroupKind(only) ? only : undefined;
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  return (
    <div className="edit-toolbar" role="toolbar" aria-label="Edit" data-busy={isBusy}>
      <Tool name="undo" icon="discard" label="Undo" onClick={() => void edit.graph.request('undo', {})} />
      <Tool name="redo" icon="redo" label="Redo" onClick={() => void edit.graph.request('redo', {})} />
      <span className="tool-separator" role="separator" aria-orientation="vertical" />
      <Tool
        name="add"
        icon="add"
        label="Add a step (A)"
        text="Add"
        onClick={() => quickAdd(edit, { at: below('add'), group: currentGroup(edit) })}
      />
      <Tool
        name="palette"
        icon="library"
        label="Components"
        isPressed={panel === 'palette'}
        onClick={() => edit.togglePanel('palette')}
      />
      <span className="tool-separator" role="separator" aria-orientation="vertical" />
      {WRAPS.map(({ name, icon, text, label, form }) => (
        <Tool
          key={name}
          name={name}
          icon={icon}
          label={label}
          text={text}
          isDisabled={tasks.length === 0}
          onClick={() => openForm(edit, { kind: form, tasks }, below(name))}
        />
      ))}
      <Tool
        name="unpack"
        icon="ungroup-by-ref-type"
        label="Unpack the group"
        text="Unpack"
        isDisabled={group === undefined}
        onClick={() => {
          if (group !== undefined) void edit.perform({ kind: 'unpack', group: group.id });
        }}
      />
      <span className="grow" />
      <Tool
        name="problems"
        icon={errors > 0 ? 'error' : 'warning'}
        label={problems.length === 1 ? '1 problem' : `${problems.length} problems`}
        text={String(problems.length)}
        isPressed={panel === 'problems'}
        onClick={() => edit.togglePanel('problems')}
      />
      <Tool
        name="pipeline"
        icon="settings-gear"
        label="Pipeline: name, inputs and outputs"
        onClick={() => edit.graph.select(edit.graph.getSnapshot().view.scope)}
      />
      <Tool
        name="shortcuts"
        icon="keyboard"
        label="Keyboard shortcuts (?)"
        onClick={() => edit.open({ kind: 'shortcuts' })}
      />
      <Tool
        name="export"
        icon="export"
        label="Save the drawing as a file"
        onClick={() =>
          edit.open({
            kind: 'menu',
            at: below('export'),
            label: 'Save the drawing',
            items: exportItems(edit),
          })
        }
      />
    </div>
  );
}

/** Under the toolbar's button of this name. */
function below(name: string): Point {
  const box = document.querySelector(`[data-testid="tool-${name}"]`)?.getBoundingClientRect();
  return box === undefined ? { x: 40, y: 80 } : { x: box.left, y: box.bottom + 4 };
}

function Tool(props: {
  name: string;
  icon: IconName;
  label: string;
  text?: string;
  isDisabled?: boolean;
  isPressed?: boolean;
  onClick: () => void;
}): ReactElement {
  const { icon, text } = props;
  return (
    <Button
      appearance="icon"
      testId={`tool-${props.name}`}
      label={props.label}
      isDisabled={props.isDisabled}
      isPressed={props.isPressed}
      onClick={props.onClick}
    >
      <Icon name={icon} />
      {text === undefined ? null : <span className="tool-text">{text}</span>}
    </Button>
  );
}
