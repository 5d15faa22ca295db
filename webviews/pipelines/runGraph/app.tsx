import { useEffect, type ReactElement } from 'react';
import { rescueFocus } from '../../shared/focus.ts';
import { Banners, EmptyState } from './banner.tsx';
import { Canvas } from './canvas.tsx';
import { useSelected } from './context.ts';
import { Breadcrumbs } from './edit/breadcrumbs.tsx';
import { useCanEdit, useEditSelected } from './edit/context.ts';
import { EditToolbar } from './edit/editToolbar.tsx';
import { CargoNote, FirstHint, RefusalNote } from './edit/notes.tsx';
import { PalettePanel } from './edit/palette.tsx';
import { Popups } from './edit/popups.tsx';
import { ProblemsPanel } from './edit/problemsPanel.tsx';
import { StartState } from './edit/startState.tsx';
import { WireLayer } from './edit/wireLayer.tsx';
import { ListTab } from './listTab.tsx';
import { SidePanel } from './sidePanel.tsx';
import { TimelineTab } from './timelineTab.tsx';
import { Toolbar } from './toolbar.tsx';

/** The graph, the timeline or the list: where the keyboard is at home. */
export function stageElement(): HTMLElement | null {
  return document.querySelector<HTMLElement>('.canvas, .rows');
}

export function App(): ReactElement {
  const host = useSelected((snapshot) => snapshot.host);
  const drawing = useSelected((snapshot) => snapshot.drawing);
  const tab = useSelected((snapshot) => snapshot.view.tab);
  const selected = useSelected((snapshot) => snapshot.view.selected);
  const canEdit = useCanEdit();
  const panel = useEditSelected((snapshot) => snapshot.panel);
  const announcement = useSelected((snapshot) => snapshot.announcement);
  useEffect(() => rescueFocus(stageElement));
  if (host === undefined) return <main className="app" aria-busy="true" />;
  return (
    <main className="app" aria-label={`Pipeline ${host.title}`}>
      <h1 className="screen-reader-only">{host.title}</h1>
      <Toolbar host={host} />
      <Banners host={host} />
      {canEdit ? <EditToolbar /> : null}
      {canEdit && tab === 'graph' ? <FirstHint /> : null}
      <Breadcrumbs />
      <div className="body">
        {canEdit && panel === 'palette' ? <PalettePanel /> : null}
        {canEdit && panel === 'problems' ? <ProblemsPanel /> : null}
        <section id="stage" className="stage" role="tabpanel" aria-labelledby={`tab-${tab}`}>
          {drawing === undefined ? (
            canEdit && host.document.kind === 'empty' ? (
              <StartState />
            ) : (
              <EmptyState host={host} />
            )
          ) : tab === 'graph' ? (
            <Canvas drawing={drawing} />
          ) : tab === 'timeline' ? (
            <TimelineTab />
          ) : (
            <ListTab />
          )}
        </section>
        {selected === undefined ? null : <SidePanel nodeId={selected} />}
      </div>
      <Popups />
      <RefusalNote />
      <CargoNote />
      <WireLayer />
      <div className="screen-reader-only" aria-live="polite" data-testid="announcer">
        {announcement}
      </div>
    </main>
  );
}
