/** What the editor says without being asked: a refusal near the hand, a first-time hint, what is being carried. */
import { useState, type ReactElement } from 'react';
import { Button } from '../../../shared/controls.ts';
import { Icon } from '../../../shared/icon.tsx';
import { useSelected } from '../context.ts';
import { useEdit, useEditSelected } from './context.ts';

/** Shown beside the pointer; the page's announcer has said it already. */
export function RefusalNote(): ReactElement | null {
  const edit = useEdit();
  const refusal = useEditSelected((snapshot) => snapshot.refusal);
  if (refusal === undefined) return null;
  const { x, y } = refusal.at;
  const style = {
    left: Math.max(8, Math.min(x + 12, window.innerWidth - 340)),
    top: Math.max(8, Math.min(y + 12, window.innerHeight - 90)),
  };
  return (
    <div className="refusal" style={style} data-testid="refusal">
      <Icon name="circle-slash" />
      <span className="grow">{refusal.reason}</span>
      <Button appearance="icon" label="Dismiss" onClick={() => edit.forgetRefusal()}>
        <Icon name="close" />
      </Button>
    </div>
  );
}

const HINT_SEEN = 'slipway.editorHintSeen';

/** For the first time in this editor; editing anything is as good as having read it. */
export function FirstHint(): ReactElement | null {
  const hasEdited = useEditSelected((snapshot) => snapshot.hasEdited);
  const hasDrawing = useSelected((snapshot) => snapshot.drawing !== undefined);
  const [isSeen, setSeen] = useState(() => read() === '1');
  if (isSeen || !hasDrawing) return null;
  const dismiss = (): void => {
    write();
    setSeen(true);
  };
  if (hasEdited) {
    write();
    return null;
  }
  return (
    <div className="first-hint" data-testid="first-hint">
      <Icon name="lightbulb" />
      <span className="grow">
        Drag from a step’s dots to connect, or into the empty to add what fits. <kbd>A</kbd> adds a step,{' '}
        <kbd>C</kbd> connects, a right click shows the rest.
      </span>
      <Button appearance="icon" label="Got it" testId="hint-dismiss" onClick={dismiss}>
        <Icon name="close" />
      </Button>
    </div>
  );
}

/** Across files, unlike the view's own state. */
function read(): string | undefined {
  try {
    return localStorage.getItem(HINT_SEEN) ?? undefined;
  } catch {
    // A page without storage.
    return undefined;
  }
}

function write(): void {
  try {
    localStorage.setItem(HINT_SEEN, '1');
  } catch {
    // Then the hint comes again.
  }
}

export function CargoNote(): ReactElement | null {
  const edit = useEdit();
  const cargo = useEditSelected((snapshot) => snapshot.cargo);
  const nodes = useSelected((snapshot) => snapshot.nodes);
  if (cargo === undefined) return null;
  const { over, label } = cargo;
  const place =
    over === undefined ? undefined : over === '' ? 'the pipeline' : (nodes.get(over)?.label ?? over);
  return (
    <div
      ref={(element) => edit.attachCargo(element)}
      className={`cargo${place === undefined ? ' refused' : ''}`}
      aria-hidden="true"
      data-testid="cargo"
    >
      {label}
      {place === undefined ? null : <span className="hint"> into {place}</span>}
    </div>
  );
}
