/** What stands over the canvas: menus, choosers and small forms, kept on the page and closed by Escape or a click beside. */
import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
} from 'react';
import { Chooser } from './chooser.tsx';
import { useEdit, useEditSelected } from './context.ts';
import { FlowFormPopup } from './flowForms.tsx';
import type { MenuAct, MenuItem } from './popup.ts';
import type { Point } from './ports.ts';
import { ShortcutSheet } from './shortcutSheet.tsx';

export function Popups(): ReactElement | null {
  const popup = useEditSelected((snapshot) => snapshot.popup);
  if (popup === undefined || popup.kind === 'rename') return null;
  switch (popup.kind) {
    case 'menu':
      return (
        <Floating key={popup.label} at={popup.at} className="menu-popup">
          <Menu label={popup.label} items={popup.items} />
        </Floating>
      );
    case 'chooser':
      return (
        <Floating key={popup.label} at={popup.at} className="chooser-popup">
          <Chooser label={popup.label} load={popup.load} />
        </Floating>
      );
    case 'shortcuts':
      return (
        <Floating key="shortcuts" at={MIDDLE} className="shortcuts-popup">
          <ShortcutSheet />
        </Floating>
      );
    case 'form':
      return (
        <Floating key={JSON.stringify(popup.form)} at={popup.at} className="form-popup">
          <FlowFormPopup form={popup.form} at={popup.at} />
        </Floating>
      );
  }
}

const MIDDLE: Point = { x: Number.NaN, y: Number.NaN };

/** Wholly on the page, in its middle when no place is asked for. */
function placeOn(page: number, size: number, wanted: number): number {
  if (Number.isNaN(wanted)) return Math.max(4, (page - size) / 2);
  return Math.max(4, Math.min(wanted, page - size - 4));
}

function Floating(props: { at: Point; className: string; children: ReactNode }): ReactElement {
  const edit = useEdit();
  const element = useRef<HTMLDivElement>(null);
  const { x, y } = props.at;
  const [place, setPlace] = useState({ left: x || 0, top: y || 0 });
  // Before what is inside takes it.
  const [before] = useState(() => document.activeElement);
  // A list that gets longer while it loads must not run out of the page.
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return undefined;
    const fit = (): void =>
      setPlace({
        left: placeOn(window.innerWidth, box.offsetWidth, x),
        top: placeOn(window.innerHeight, box.offsetHeight, y),
      });
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(box);
    return () => observer.disconnect();
  }, [x, y]);
  useEffect(() => {
    const onPress = (event: PointerEvent): void => {
      if (!(event.target instanceof Node) || element.current?.contains(event.target) !== true) edit.close();
    };
    window.addEventListener('pointerdown', onPress, { capture: true });
    return () => {
      window.removeEventListener('pointerdown', onPress, { capture: true });
      // Unless something else took the focus, e.g. the next popup.
      const isLost = document.activeElement === document.body || document.activeElement === null;
      if (isLost && before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [edit, before]);
  return (
    <div
      ref={element}
      className={`popup ${props.className}`}
      style={place}
      data-testid="popup"
      onKeyDown={(event) => {
        // Not for the canvas below, whatever it is.
        event.stopPropagation();
        if (event.key === 'Escape') edit.close();
      }}
    >
      {props.children}
    </div>
  );
}

function Menu(props: { label: string; items: readonly MenuItem[] }): ReactElement {
  const edit = useEdit();
  const list = useRef<HTMLDivElement>(null);
  const acts = props.items.filter((item): item is MenuAct => item !== 'separator');
  const enabled = acts.filter((act) => act.isDisabled !== true);
  const [at, setAt] = useState(0);
  const current = enabled[at];
  useEffect(() => list.current?.focus({ preventScroll: true }), []);
  const choose = (act: MenuAct | undefined): void => {
    if (act === undefined) return;
    edit.close();
    act.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const { length } = enabled;
    if (event.key === 'ArrowDown') setAt((at + 1) % length);
    else if (event.key === 'ArrowUp') setAt((at + length - 1) % length);
    else if (event.key === 'Home') setAt(0);
    else if (event.key === 'End') setAt(length - 1);
    else if (event.key === 'Enter' || event.key === ' ') choose(current);
    else if (/^\p{L}$/u.test(event.key)) {
      const letter = event.key.toLowerCase();
      const next = enabled.findIndex((act, i) => i > at && act.label.toLowerCase().startsWith(letter));
      setAt(next === -1 ? enabled.findIndex((act) => act.label.toLowerCase().startsWith(letter)) : next);
    } else return;
    event.preventDefault();
  };
  return (
    <>
      <div className="popup-title ellipsis" aria-hidden="true">
        {props.label}
      </div>
      <div
        ref={list}
        className="menu"
        role="menu"
        tabIndex={0}
        aria-label={props.label}
        aria-activedescendant={current === undefined ? undefined : `menu:${current.label}`}
        data-testid="menu"
        onKeyDown={onKeyDown}
      >
        {props.items.map((item, index) =>
          item === 'separator' ? (
            <div key={`separator ${index}`} className="menu-separator" role="separator" />
          ) : (
            <div
              key={item.label}
              id={`menu:${item.label}`}
              className={`menu-item${item === current ? ' active' : ''}`}
              role="menuitem"
              aria-disabled={item.isDisabled === true}
              aria-keyshortcuts={item.keys?.replace('Ctrl', 'Control')}
              onPointerEnter={() => {
                if (item.isDisabled !== true) setAt(enabled.indexOf(item));
              }}
              onClick={() => {
                if (item.isDisabled !== true) choose(item);
              }}
            >
              <span className="grow">{item.label}</span>
              {item.keys === undefined ? null : <span className="menu-keys">{item.keys}</span>}
            </div>
          ),
        )}
      </div>
    </>
  );
}
