/** Two versions in one drawing, and the list of what they do not have in common. */
import { useEffect, type ReactElement } from 'react';
import type { GraphDiffState, Side } from '../../../src/core/protocol/graphDiff.ts';
import { rescueFocus } from '../../shared/focus.ts';
import { Button } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { Canvas } from '../runGraph/canvas.tsx';
import { useSelected } from '../runGraph/context.ts';
import { Breadcrumbs } from '../runGraph/edit/breadcrumbs.tsx';
import { MarksProvider } from '../runGraph/marks.tsx';
import { ChangeList } from './changeList.tsx';
import { useDiff, useDiffSelected } from './context.ts';
import { Header } from './header.tsx';

/** Where the keyboard is at home. */
export function stageElement(): HTMLElement | null {
  return document.querySelector<HTMLElement>('.canvas, .panel-body');
}

export function DiffPage(): ReactElement {
  const host = useDiffSelected((snapshot) => snapshot.host);
  const marks = useDiffSelected((snapshot) => snapshot.marks);
  const drawing = useSelected((snapshot) => snapshot.drawing);
  const announcement = useSelected((snapshot) => snapshot.announcement);
  useEffect(() => rescueFocus(stageElement));
  if (host === undefined) return <main className="app" aria-busy="true" />;
  return (
    <main
      className="app"
      aria-label={`Comparison of ${host.sides.before.label} with ${host.sides.after.label}`}
    >
      <h1 className="screen-reader-only">{host.title}</h1>
      <Header host={host} />
      <Problems host={host} />
      <Breadcrumbs />
      <div className="body">
        <section id="stage" className="stage" aria-label="Graph of both versions">
          {drawing === undefined ? (
            <Nothing host={host} />
          ) : (
            <MarksProvider value={marks}>
              <Canvas drawing={drawing} />
            </MarksProvider>
          )}
        </section>
        {host.comparison.kind === 'compared' ? <ChangeList comparison={host.comparison} /> : null}
      </div>
      <div className="screen-reader-only" aria-live="polite" data-testid="announcer">
        {announcement}
      </div>
    </main>
  );
}

const SIDES: readonly Side[] = ['before', 'after'];
const SIDE_TEXT: Readonly<Record<Side, string>> = { before: 'Before', after: 'After' };

function Problems({ host }: { host: GraphDiffState }): ReactElement {
  const diff = useDiff();
  const notice = useSelected((snapshot) => snapshot.notice);
  const isStale = host.comparison.kind === 'compared' && host.comparison.isStale;
  return (
    <div className="banners">
      {SIDES.map((side) => {
        const { label, problem } = host.sides[side];
        if (problem === undefined) return null;
        return (
          <div key={side} className="banner banner-error" role="status" data-testid={`diff-problem-${side}`}>
            <Icon name="error" />
            <span className="grow">
              {SIDE_TEXT[side]}, {label}
              {problem.line === undefined ? '' : `, line ${problem.line}`}: {sentence(problem.message)}
              {isStale ? ' What is drawn is the last that could be compared.' : ''}
            </span>
            {problem.line === undefined ? null : (
              <Button testId={`show-problem-${side}`} onClick={() => void diff.request('openSide', { side })}>
                Show in text
              </Button>
            )}
          </div>
        );
      })}
      {notice === undefined ? null : (
        <div className="banner banner-error" role="alert" data-testid="graph-notice">
          <Icon name="error" />
          <span className="grow">{notice.message}</span>
          {notice.action === undefined ? null : <span className="hint">{notice.action}</span>}
          <Button appearance="icon" label="Dismiss" onClick={() => diff.graph.dismissNotice()}>
            <Icon name="close" />
          </Button>
        </div>
      )}
    </div>
  );
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function Nothing({ host }: { host: GraphDiffState }): ReactElement {
  const { comparison } = host;
  if (comparison.kind === 'unreadable')
    return (
      <div className="empty" data-testid="diff-empty">
        <Icon name="error" />
        <h2>These can’t be compared yet</h2>
        <p>As soon as both can be read as pipelines, what is different shows here.</p>
      </div>
    );
  if (comparison.kind === 'compared' && !comparison.isDrawn)
    return (
      <div className="empty" data-testid="diff-empty">
        <Icon name="symbol-method" />
        <h2>Neither version has steps</h2>
        <p>What else is different stands in the list.</p>
      </div>
    );
  return (
    <div className="empty" aria-busy="true" data-testid="diff-empty">
      <Icon name="loading" spin />
      <p>Comparing…</p>
    </div>
  );
}
