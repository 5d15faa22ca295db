/** Find in the graph: Ctrl+F, Enter for the next match, Escape back to the canvas. */
import { useMemo, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import { Button, TextField } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { StepButtons } from '../../shared/stepButtons.tsx';

export function Search(props: {
  drawing: LaidOutGraph;
  onGoTo: (nodeId: string) => void;
  onClose: () => void;
}): ReactElement {
  const [text, setText] = useState('');
  const [at, setAt] = useState(-1);
  const matches = useMemo(() => findNodes(props.drawing, text), [props.drawing, text]);

  const step = (by: number): void => {
    if (matches.length === 0) return;
    const next = (at + by + matches.length) % matches.length;
    setAt(next);
    const id = matches[next];
    if (id !== undefined) props.onGoTo(id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') props.onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="search" role="search" onKeyDown={onKeyDown}>
      <TextField
        value={text}
        label="Find a step"
        placeholder="Find a step"
        testId="search-field"
        hasFocus
        onInput={(value) => {
          setText(value);
          setAt(-1);
        }}
      />
      <span className="search-count" role="status">
        {text === ''
          ? ''
          : matches.length === 0
            ? 'No results'
            : `${Math.max(at, 0) + 1} of ${matches.length}`}
      </span>
      <StepButtons what="match" isEmpty={matches.length === 0} onStep={step} />
      <Button appearance="icon" label="Close search" onClick={props.onClose}>
        <Icon name="close" />
      </Button>
    </div>
  );
}

/** Ids of visible nodes whose label, component or detail holds the text, whatever the case. */
function findNodes(drawing: LaidOutGraph, text: string): readonly string[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  return drawing.graph.nodes
    .filter((node) => drawing.boxes[node.id] !== undefined)
    .filter((node) =>
      [node.label, node.component ?? '', node.detail].some((part) => part.toLowerCase().includes(wanted)),
    )
    .map((node) => node.id);
}
