/** Every key of the canvas at a glance. */
import { useEffect, useRef, type ReactElement } from 'react';
import { canvasKeyList, type CanvasKeyGroup } from '../../../../src/core/protocol/canvasKeys.ts';
import { useCanEdit } from './context.ts';
import { keyText } from './keyText.ts';

const GROUPS: readonly CanvasKeyGroup[] = ['Edit', 'Move', 'Look'];

export function ShortcutSheet(): ReactElement {
  const canEdit = useCanEdit();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => element.current?.focus({ preventScroll: true }), []);
  return (
    <div
      ref={element}
      className="shortcuts"
      role="dialog"
      aria-label="Keyboard shortcuts"
      tabIndex={-1}
      data-testid="shortcuts"
    >
      <h2 className="popup-title">Keyboard shortcuts</h2>
      <div className="shortcut-columns">
        {GROUPS.filter((group) => canEdit || group !== 'Edit').map((group) => (
          <section key={group} aria-label={group}>
            <h3>{group}</h3>
            <dl>
              {canvasKeyList
                .filter((row) => row.group === group)
                .map(({ act, title, keys }) => (
                  <div key={act} data-testid={`shortcut-${act}`}>
                    <dt>{title.replace('…', '')}</dt>
                    <dd>
                      <kbd>{keyText(keys[0])}</kbd>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="hint">
        Shift with an arrow key selects more. These are the keys as they come; you add others in Keyboard
        Shortcuts of VS Code, under “Slipway: Canvas”.
      </p>
    </div>
  );
}
