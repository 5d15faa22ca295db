/** Components to add: search, Enter adds to the group on screen, dragging adds where it is let go. */
import { useCallback, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { PaletteEntry } from '../../../../src/core/protocol/graphEdit.ts';
import { Button, TextField } from '../../../shared/controls.ts';
import { Icon } from '../../../shared/icon.tsx';
import { useSelected } from '../context.ts';
import { currentGroup } from './acts.ts';
import { useEdit } from './context.ts';
import { followPointer } from './drag.ts';
import type { EditStore } from './editStore.ts';
import { portLabel, typeLabel } from './ports.ts';
import { PALETTE_GROUP_ICON, PALETTE_GROUP_TEXT } from './quickAdd.ts';
import { useEnter, useSearch, type Search } from './useSearch.ts';

export function PalettePanel(): ReactElement {
  const edit = useEdit();
  const [query, setQuery] = useState('');
  const { answer: entries, problem, isFresh } = useSearch(usePaletteSearch(), query);
  const [chosen, setChosen] = useState<string>();
  const current = entries?.find((entry) => entry.id === chosen) ?? entries?.[0];

  const onEnter = useEnter(query, isFresh, () => {
    if (current !== undefined) add(edit, current);
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = current === undefined || entries === undefined ? -1 : entries.indexOf(current);
    if (event.key === 'ArrowDown') setChosen(entries?.[Math.min(entries.length - 1, at + 1)]?.id);
    else if (event.key === 'ArrowUp') setChosen(entries?.[Math.max(0, at - 1)]?.id);
    else if (event.key === 'Enter') onEnter();
    else if (event.key === 'Escape') edit.togglePanel('palette');
    else return;
    event.preventDefault();
  };

  return (
    <aside className="edit-panel" aria-label="Components" data-testid="palette" onKeyDown={onKeyDown}>
      <div className="panel-head">
        <h2 className="grow">Components</h2>
        <Button appearance="icon" label="Close components" onClick={() => edit.togglePanel('palette')}>
          <Icon name="close" />
        </Button>
      </div>
      <div className="panel-search">
        <TextField
          label="Search components; Enter adds the chosen one"
          placeholder="Search components"
          testId="palette-field"
          value={query}
          hasFocus
          onInput={setQuery}
        />
      </div>
      <div className="panel-list" role="listbox" aria-label="Components" tabIndex={0}>
        {entries?.map((entry, at) => (
          <div key={entry.id} role="presentation">
            {entry.group === entries[at - 1]?.group ? null : (
              <div className="chooser-group" role="presentation">
                {PALETTE_GROUP_TEXT[entry.group]}
              </div>
            )}
            <PaletteRow
              entry={entry}
              isChosen={entry === current}
              onChoose={() => setChosen(entry.id)}
              onAdd={() => add(edit, entry)}
            />
          </div>
        ))}
      </div>
      <div className="chooser-status" role="status">
        {problem ??
          (entries === undefined
            ? 'Looking for components…'
            : entries.length === 0
              ? 'No component holds this text.'
              : '')}
      </div>
    </aside>
  );
}

function PaletteRow(props: {
  entry: PaletteEntry;
  isChosen: boolean;
  onChoose: () => void;
  onAdd: () => void;
}): ReactElement {
  const { entry } = props;
  const edit = useEdit();
  return (
    <div
      className={`palette-row${props.isChosen ? ' active' : ''}`}
      role="option"
      aria-selected={props.isChosen}
      data-testid={`palette-${entry.name}`}
      title={tooltip(entry)}
      onClick={props.onChoose}
      onDoubleClick={props.onAdd}
      onPointerDown={(event) => {
        if (event.button === 0) dragEntry(edit, event, entry);
      }}
    >
      <Icon name={entry.problem === undefined ? PALETTE_GROUP_ICON[entry.group] : 'warning'} />
      <span className="palette-text">
        <span className="ellipsis">{entry.name}</span>
        <span className="hint ellipsis">{entry.problem ?? entry.description ?? entry.origin}</span>
      </span>
    </div>
  );
}

function tooltip({ name, description, origin, problem, inputs, outputs }: PaletteEntry): string {
  const list = (title: string, ports: PaletteEntry['inputs']): readonly string[] =>
    ports.length === 0
      ? []
      : [`${title}: ${ports.map((port) => `${portLabel(port.name)} (${typeLabel(port.type)})`).join(', ')}`];
  return [
    name,
    ...(problem === undefined ? [] : [problem]),
    ...(description === undefined ? [] : [description]),
    ...list('Inputs', inputs),
    ...list('Outputs', outputs),
    origin,
  ].join('\n');
}

function add(edit: EditStore, entry: PaletteEntry): void {
  void edit.addFromPalette(entry.id, currentGroup(edit));
}

function dragEntry(
  edit: EditStore,
  press: { readonly clientX: number; readonly clientY: number; readonly pointerId: number },
  entry: PaletteEntry,
): void {
  const groupAt = (at: { readonly x: number; readonly y: number }): string | undefined =>
    document.elementFromPoint(at.x, at.y)?.closest('.canvas') === null
      ? undefined
      : edit.geometry?.hit(at).group;
  followPointer(press, {
    onMove: (at) => edit.carry({ label: entry.name, over: groupAt(at) }, at),
    onDrop: (at) => {
      edit.set({ cargo: undefined });
      const group = groupAt(at);
      if (group !== undefined) void edit.addFromPalette(entry.id, group, {}, at);
    },
    onCancel: () => edit.set({ cargo: undefined }),
  });
}

/** What the host finds; asked again when the document changes, whose own components are among them, or a file of components. */
function usePaletteSearch(): Search<readonly PaletteEntry[]> {
  const edit = useEdit();
  const revision = useSelected((snapshot) => snapshot.drawingRevision);
  const palette = useSelected(({ host }) => host?.paletteRevision);
  return useCallback(
    (query, signal) => edit.graph.ask('palette', { query }, { signal, timeoutMs: 60_000 }),
    // Other revisions may have other components.
    [edit, revision, palette],
  );
}
