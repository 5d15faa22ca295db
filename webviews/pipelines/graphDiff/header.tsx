/** What is compared, how much is different, and the way from one change to the next. */
import type { ReactElement } from 'react';
import { countMarks } from '../../../src/core/ir/diff/summary.ts';
import type { GraphDiffState, Side } from '../../../src/core/protocol/graphDiff.ts';
import { Button } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { StepButtons } from '../../shared/stepButtons.tsx';
import { MARK_ICON, MARK_TEXT } from '../runGraph/marks.tsx';
import { useDiff, useDiffSelected } from './context.ts';

const marks = ['added', 'removed', 'changed'] as const;

export function Header({ host }: { host: GraphDiffState }): ReactElement {
  const diff = useDiff();
  const items = useDiffSelected((snapshot) => snapshot.items);
  const chosen = useDiffSelected((snapshot) => snapshot.chosen);
  const at = items.findIndex(({ key }) => key === chosen) + 1;
  return (
    <header className="toolbar diff-header">
      <div className="diff-sides">
        <SideLink side="before" host={host} />
        <Button
          appearance="icon"
          label="Swap sides"
          testId="swap-sides"
          onClick={() => void diff.request('swap', {})}
        >
          <Icon name="arrow-swap" />
        </Button>
        <SideLink side="after" host={host} />
      </div>
      <Counts />
      <span className="grow" />
      <div className="toolbar-part" role="toolbar" aria-label="Changes">
        <span className="hint diff-position" data-testid="change-position">
          {items.length === 0 ? '' : at === 0 ? `${items.length} in all` : `${at} of ${items.length}`}
        </span>
        <StepButtons
          what="change"
          keys={{ previous: 'Shift+F7', next: 'F7' }}
          isEmpty={items.length === 0}
          onStep={(by) => diff.step(by)}
        />
        <Button
          appearance="icon"
          label="Compare the texts"
          testId="open-texts"
          onClick={() => void diff.request('openTexts', {})}
        >
          <Icon name="diff" />
        </Button>
      </div>
    </header>
  );
}

function SideLink({ side, host }: { side: Side; host: GraphDiffState }): ReactElement {
  const diff = useDiff();
  const { label, detail } = host.sides[side];
  return (
    <button
      type="button"
      className="link-button ellipsis"
      title={`${detail}\nClick to open it`}
      data-testid={`open-${side}`}
      onClick={() => void diff.request('openSide', { side })}
    >
      <span className="screen-reader-only">{side === 'before' ? 'Before: ' : 'After: '}</span>
      {label}
    </button>
  );
}

function Counts(): ReactElement | null {
  const changes = useDiffSelected((snapshot) => snapshot.changes);
  if (changes === undefined || changes.isSame) return null;
  const counts = countMarks(changes);
  return (
    <div className="diff-counts" data-testid="diff-counts">
      {marks
        .filter((mark) => counts[mark] > 0)
        .map((mark) => (
          <span key={mark}>
            <span className={`diff-icon diff-${mark}`}>
              <Icon name={MARK_ICON[mark]} />
            </span>
            {counts[mark]} {MARK_TEXT[mark].toLowerCase()}
          </span>
        ))}
    </div>
  );
}
