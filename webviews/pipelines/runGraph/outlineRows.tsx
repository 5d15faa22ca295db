/** The list and the timeline scroll the same rows: only those in view are drawn. */
import { useMemo, useState, type KeyboardEvent, type ReactElement, type ReactNode } from 'react';
import { Icon } from '../../shared/icon.tsx';
import { useElementSize, useSelected, useStore } from './context.ts';
import { useEdit, useEditSelected } from './edit/context.ts';
import { actOf, editBy, useHostCommands, useKeyFocus } from './edit/keys.ts';
import { openNodeMenu } from './edit/menus.ts';
import { RenameField } from './edit/renameField.tsx';
import { outline, type OutlineItem } from './outline.ts';
import { enterSidePanel } from './sidePanel.tsx';
import { StateIcon } from './stateIcon.tsx';
import { NODE_KIND_ICON, NODE_KIND_TEXT, TASK_STATE_TEXT } from './stateText.ts';

const ROW_HEIGHT = 24;
const OVERSCAN = 10;

export function useOutline(): readonly OutlineItem[] {
  const store = useStore();
  const drawing = useSelected((snapshot) => snapshot.drawing);
  const index = useSelected((snapshot) => snapshot.index);
  const toggled = useSelected((snapshot) => snapshot.view.toggled);
  const unfolded = useSelected((snapshot) => snapshot.view.unfolded);
  return useMemo(
    () =>
      outline({
        nodes: drawing?.graph.nodes ?? [],
        edges: drawing?.graph.edges ?? [],
        index,
        toggled: new Set(toggled),
        unfolded: new Set(unfolded),
        fallback: (id) => store.statusOf(id),
      }),
    [drawing, index, toggled, unfolded, store],
  );
}

function RowTitle({ item }: { item: OutlineItem }): ReactElement {
  return (
    <>
      {item.state === undefined ? (
        <span className="kind-icon">
          <Icon name={item.kind === 'more' ? 'ellipsis' : NODE_KIND_ICON[item.nodeKind]} />
        </span>
      ) : (
        <StateIcon state={item.state} />
      )}
      <RowLabel item={item} />
      <span className="screen-reader-only">
        {item.kind === 'node' ? `, ${NODE_KIND_TEXT[item.nodeKind]}` : ''}
        {item.state === undefined ? '' : `, ${TASK_STATE_TEXT[item.state]}`},{' '}
      </span>
      {item.progress === undefined ? null : <span className="progress-count">{item.progress}</span>}
      {item.task?.notes.map((note) => (
        <span key={note} className="badge">
          {note}
        </span>
      ))}
    </>
  );
}

function RowLabel({ item }: { item: OutlineItem }): ReactElement {
  const node = useSelected((snapshot) => snapshot.nodes.get(item.nodeId));
  const isRenamed = useEditSelected(
    ({ popup }) => item.kind === 'node' && popup?.kind === 'rename' && popup.nodeId === item.nodeId,
  );
  return isRenamed && node !== undefined ? (
    <RenameField node={node} />
  ) : (
    <span className="row-label">{item.label}</span>
  );
}

/** A tree widget of WAI-ARIA: one tab stop, arrows move, Enter opens, Left and Right close and open groups. */
export function OutlineTree(props: {
  items: readonly OutlineItem[];
  label: string;
  className: string;
  testId: string;
  children: (item: OutlineItem) => ReactNode;
}): ReactElement {
  const store = useStore();
  const edit = useEdit();
  const { items } = props;
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [focusKey, setFocusKey] = useState<string>();
  const selected = useSelected((snapshot) => snapshot.view.selected);
  const selectedTask = useSelected((snapshot) => snapshot.view.selectedTask);
  const { height } = useElementSize(scroller);
  const found = items.findIndex((item) => item.key === focusKey);
  const focusAt = found === -1 ? 0 : found;
  const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - OVERSCAN);
  const last = Math.min(items.length, Math.ceil((scrollTop + height) / ROW_HEIGHT) + OVERSCAN);

  const focusRow = (at: number): void => {
    const item = items[at];
    if (item === undefined) return;
    setFocusKey(item.key);
    if (scroller === null) return;
    const top = at * ROW_HEIGHT;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW_HEIGHT > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = top + ROW_HEIGHT - scroller.clientHeight;
  };
  const open = (item: OutlineItem): void => {
    if (item.kind === 'more') store.unfoldRows(item.key.slice(0, -'#more'.length));
    else store.select(item.nodeId, item.task?.id);
  };
  const isSelected = (item: OutlineItem): boolean =>
    item.nodeId === selected &&
    (selectedTask === undefined ? item.kind === 'node' : selectedTask === item.task?.id);
  const onKeyDown = (event: KeyboardEvent): void => {
    const item = items[focusAt];
    // The same keys as on the canvas, on the row that the keyboard is on.
    if (item?.kind === 'node') store.activate(item.nodeId);
    const act = actOf(event);
    if (item?.kind === 'node' && act !== undefined && editBy(edit, act)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (item === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    // What the keys below do, VS Code would do on the canvas.
    event.stopPropagation();
    if (event.key === 'ArrowDown') focusRow(focusAt + 1);
    else if (event.key === 'ArrowUp') focusRow(focusAt - 1);
    else if (event.key === 'Home') focusRow(0);
    else if (event.key === 'End') focusRow(items.length - 1);
    else if (event.key === 'Enter' && isSelected(item)) enterSidePanel();
    else if (event.key === 'Enter' || event.key === ' ') open(item);
    else if (event.key === 'Escape') store.select(undefined);
    else if (event.key === 'r' || event.key === 'R') store.act('run');
    else if (event.key === 'ArrowRight') {
      if (item.hasChildren && !item.isExpanded) store.toggleRow(item.key);
      else if (item.isExpanded) focusRow(focusAt + 1);
    } else if (event.key === 'ArrowLeft') {
      if (item.isExpanded) store.toggleRow(item.key);
      else focusRow(items.findIndex((one) => one.key === item.parentKey));
    } else return;
    event.preventDefault();
  };

  useHostCommands((act) => editBy(edit, act));
  const keyFocus = useKeyFocus();

  const focused = items[focusAt];
  return (
    <div
      ref={setScroller}
      className={`rows ${props.className}`}
      role="tree"
      aria-label={props.label}
      aria-activedescendant={focused === undefined ? undefined : `row:${focused.key}`}
      tabIndex={0}
      data-testid={props.testId}
      onKeyDown={onKeyDown}
      {...keyFocus}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
    >
      <div className="rows-space" role="presentation" style={{ height: items.length * ROW_HEIGHT }}>
        {items.slice(first, last).map((item, offset) => (
          <div
            key={item.key}
            id={`row:${item.key}`}
            className={`row${item.key === focused?.key ? ' active' : ''}${
              isSelected(item) ? ' selected' : ''
            }`}
            style={{ top: (first + offset) * ROW_HEIGHT }}
            role="treeitem"
            aria-level={item.level}
            aria-posinset={item.position}
            aria-setsize={item.siblings}
            aria-selected={isSelected(item)}
            aria-expanded={item.hasChildren ? item.isExpanded : undefined}
            data-testid={`row-${item.key}`}
            data-state={item.state ?? 'NONE'}
            onClick={() => {
              setFocusKey(item.key);
              open(item);
            }}
            onContextMenu={(event) => {
              event.preventDefault();
              const node = store.getSnapshot().nodes.get(item.nodeId);
              if (edit.canEdit && node !== undefined)
                openNodeMenu(edit, node, { x: event.clientX, y: event.clientY });
            }}
          >
            <span className="row-title" style={{ paddingLeft: 8 + (item.level - 1) * 16 }}>
              <span
                className="twistie"
                aria-hidden="true"
                onClick={(event) => {
                  if (!item.hasChildren) return;
                  event.stopPropagation();
                  store.toggleRow(item.key);
                }}
              >
                {item.hasChildren ? <Icon name={item.isExpanded ? 'chevron-down' : 'chevron-right'} /> : null}
              </span>
              <RowTitle item={item} />
            </span>
            {props.children(item)}
          </div>
        ))}
      </div>
    </div>
  );
}
