/** Every change as a row that opens; the screen reader's way through them, and the place of what an edge cannot show. */
import { useEffect, useRef, type KeyboardEvent, type ReactElement } from 'react';
import type { ComparisonView, Side } from '../../../src/core/protocol/graphDiff.ts';
import { Icon } from '../../shared/icon.tsx';
import type { IconName } from '../../shared/icons.ts';
import { MARK_ICON, MARK_TEXT } from '../runGraph/marks.tsx';
import { NODE_KIND_ICON, NODE_KIND_TEXT } from '../runGraph/stateText.ts';
import type { ChangeItem } from './changes.ts';
import { useDiff, useDiffSelected } from './context.ts';
import { FieldChanges } from './fieldChanges.tsx';

type Compared = Extract<ComparisonView, { kind: 'compared' }>;

export function ChangeList({ comparison }: { comparison: Compared }): ReactElement {
  const items = useDiffSelected((snapshot) => snapshot.items);
  const list = useRef<HTMLUListElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('.change-head') ?? [])];
    const at = rows.findIndex((row) => row === document.activeElement);
    if (by === 0 || at === -1) return;
    rows[at + by]?.focus();
    event.preventDefault();
  };
  return (
    <aside className="side-panel change-list" aria-label="Changes" data-testid="change-list">
      <div className="panel-head">
        <h2 className="grow">Changes</h2>
      </div>
      <div className="panel-body" tabIndex={-1} data-testid="panel-body">
        {comparison.isSame ? <Same isSameText={comparison.isSameText} /> : null}
        <ul ref={list} className="changes" onKeyDown={onKeyDown}>
          {items.map((item) => (
            <Change key={item.key} item={item} />
          ))}
        </ul>
      </div>
    </aside>
  );
}

function Same({ isSameText }: { isSameText: boolean }): ReactElement {
  return (
    <div className="empty no-changes" data-testid="no-differences">
      <Icon name="check" />
      <h2>No differences</h2>
      <p>
        {isSameText
          ? 'Both texts are the same.'
          : 'Both mean the same. Only how it is written differs: comments, order of keys, quotes.'}
      </p>
    </div>
  );
}

const OTHER_ICON = { pipeline: 'symbol-method', edge: 'arrow-right' } as const;

function iconOf({ kind }: ChangeItem): IconName {
  return kind === 'pipeline' || kind === 'edge' ? OTHER_ICON[kind] : NODE_KIND_ICON[kind];
}

function kindText({ kind }: ChangeItem): string {
  return kind === 'pipeline' ? '' : kind === 'edge' ? 'connection, ' : `${NODE_KIND_TEXT[kind]}, `;
}

function Change({ item }: { item: ChangeItem }): ReactElement {
  const diff = useDiff();
  const isOpen = useDiffSelected((snapshot) => snapshot.chosen === item.key);
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isOpen]);
  return (
    <li ref={row} className={`change${isOpen ? ' open' : ''}`} data-testid={`change-${item.key}`}>
      <button
        type="button"
        className="change-head"
        aria-expanded={isOpen}
        onClick={() => diff.toggle(item.key)}
      >
        <span className="kind-icon">
          <Icon name={iconOf(item)} />
        </span>
        <span className={`change-label ellipsis${item.mark === 'removed' ? ' gone' : ''}`}>{item.label}</span>
        <span className="hint ellipsis grow">{item.detail}</span>
        <span className="screen-reader-only">, {kindText(item)}</span>
        <span className={`diff-icon diff-${item.mark}`} title={MARK_TEXT[item.mark]}>
          <Icon name={MARK_ICON[item.mark]} />
          <span className="screen-reader-only">{MARK_TEXT[item.mark].toLowerCase()}</span>
        </span>
      </button>
      {isOpen ? <Detail item={item} /> : null}
    </li>
  );
}

function Detail({ item }: { item: ChangeItem }): ReactElement {
  const diff = useDiff();
  const { nodeId, isIn } = item;
  const open = (side: Side, label: string): ReactElement | null =>
    nodeId === undefined || item.kind === 'edge' || !isIn[side] ? null : (
      <button
        type="button"
        className="link-button"
        data-testid={`open-node-${side}`}
        onClick={() => void diff.request('openNode', { nodeId, side })}
      >
        {label}
      </button>
    );
  return (
    <div className="change-detail">
      {item.changes.length > 0 ? (
        <FieldChanges item={item} />
      ) : (
        <p className="hint">
          {item.mark === 'changed'
            ? 'It carries something else now.'
            : `Only in the version ${item.mark === 'added' ? 'after' : 'before'}.`}
        </p>
      )}
      <div className="change-acts">
        {open('before', isIn.after ? 'Text before' : 'Show in text')}
        {open('after', isIn.before ? 'Text after' : 'Show in text')}
      </div>
    </div>
  );
}
