/** An empty pipeline in the editor: three ways to begin. */
import type { ReactElement } from 'react';
import { Button } from '../../../shared/controls.ts';
import { Icon } from '../../../shared/icon.tsx';
import { openForm, placeFor } from './acts.ts';
import { useEdit } from './context.ts';
import { quickAdd } from './quickAdd.ts';

export function StartState(): ReactElement {
  const edit = useEdit();
  const at = (): { readonly x: number; readonly y: number } => {
    const box = document.querySelector('[data-testid="start"] .actions')?.getBoundingClientRect();
    return box === undefined ? placeFor(edit) : { x: box.left, y: box.bottom + 6 };
  };
  return (
    <div
      className="empty canvas"
      data-testid="start"
      tabIndex={0}
      role="group"
      aria-label="Empty pipeline"
      onKeyDown={(event) => {
        if (event.key !== 'a' && event.key !== 'A') return;
        event.preventDefault();
        quickAdd(edit, { at: at(), group: '' });
      }}
    >
      <Icon name="symbol-method" />
      <h2>An empty pipeline</h2>
      <p>
        Add the first step: a component of this workspace, a starter, or a Python function of your own. What
        you draw is written into the file as KFP v2, and nothing else.
      </p>
      <div className="actions">
        <Button
          appearance="primary"
          testId="start-add"
          onClick={() => quickAdd(edit, { at: at(), group: '' })}
        >
          <Icon name="add" /> Add a step
        </Button>
        <Button testId="start-palette" onClick={() => edit.set({ panel: 'palette' })}>
          <Icon name="library" /> Browse components
        </Button>
        <Button testId="start-python" onClick={() => openForm(edit, { kind: 'python', group: '' }, at())}>
          <Icon name="file-code" /> New Python component
        </Button>
      </div>
    </div>
  );
}
