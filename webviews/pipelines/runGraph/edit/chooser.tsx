/** A list to type in: a combobox of WAI-ARIA. What cannot be chosen stays listed, with the reason. */
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import { Icon } from '../../../shared/icon.tsx';
import { useEdit } from './context.ts';
import type { ChooserItem } from './popup.ts';
import { useEnter, useSearch, type Search } from './useSearch.ts';

export function Chooser(props: { label: string; load: Search<readonly ChooserItem[]> }): ReactElement {
  const edit = useEdit();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const active = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const { answer: items, problem, isFresh } = useSearch(props.load, query);
  const [chosen, setChosen] = useState<string>();
  const open = (items ?? []).filter((item) => item.refused === undefined);
  const current = open.find((item) => item.id === chosen) ?? open[0];
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    // In braces: newer browsers answer with a promise.
    active.current?.scrollIntoView({ block: 'nearest' });
  }, [current?.id]);

  const step = (by: number): void => {
    const at = current === undefined ? 0 : open.indexOf(current) + by;
    setChosen(open[(at + open.length) % Math.max(1, open.length)]?.id);
  };
  const choose = (item: ChooserItem | undefined): void => {
    if (item?.refused !== undefined || item === undefined) return;
    edit.close();
    item.run();
  };
  const onEnter = useEnter(query, isFresh, () => choose(current));
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') step(1);
    else if (event.key === 'ArrowUp') step(-1);
    else if (event.key === 'Enter') onEnter();
    else return;
    event.preventDefault();
  };

  return (
    <div className="chooser" data-testid="chooser">
      <div className="popup-title ellipsis" id={`${id}-label`}>
        {props.label}
      </div>
      <input
        ref={field}
        className="plain-field"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-labelledby={`${id}-label`}
        aria-activedescendant={current === undefined ? undefined : `${id}:${current.id}`}
        placeholder="Type to search"
        spellCheck={false}
        data-testid="chooser-field"
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setChosen(undefined);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="chooser-list" role="listbox" id={`${id}-list`} aria-label={props.label}>
        {(items ?? []).map((item, index) => (
          <div key={item.id} role="presentation">
            {item.group !== undefined && item.group !== items?.[index - 1]?.group ? (
              <div className="chooser-group" role="presentation">
                {item.group}
              </div>
            ) : null}
            <div
              id={`${id}:${item.id}`}
              ref={item === current ? active : undefined}
              className={`chooser-item${item === current ? ' active' : ''}`}
              role="option"
              aria-selected={item === current}
              aria-disabled={item.refused !== undefined}
              title={item.refused ?? item.detail}
              data-testid={`choice-${item.label}`}
              onPointerMove={() => setChosen(item.id)}
              onClick={() => choose(item)}
            >
              <Icon name={item.icon} />
              <span className="chooser-label ellipsis">{item.label}</span>
              <span className="chooser-detail ellipsis">{item.refused ?? item.detail}</span>
            </div>
          </div>
        ))}
      </div>
      <div className="chooser-status" role="status">
        {problem ?? (items === undefined ? 'Searching…' : items.length === 0 ? 'Nothing here fits.' : '')}
      </div>
    </div>
  );
}
