import { createRoot } from 'react-dom/client';
import type { GraphDiffContract } from '../../src/core/protocol/graphDiff.ts';
import { keepFocus } from '../shared/focus.ts';
import { connect, savedViewState, saveViewState } from '../shared/host.ts';
import { drawingOnly } from './graphDiff/canvasChannel.ts';
import { DiffProvider } from './graphDiff/context.ts';
import { DiffStore } from './graphDiff/diffStore.ts';
import { DiffPage, stageElement } from './graphDiff/page.tsx';
import { StoreProvider } from './runGraph/context.ts';
import { EditProvider } from './runGraph/edit/context.ts';
import { EditStore } from './runGraph/edit/editStore.ts';
import { GraphStore } from './runGraph/store.ts';
import { parseViewState } from './runGraph/viewState.ts';
import '@xyflow/react/dist/style.css';
import '../shared/base.css';
import './runGraph.css';
import './graphDiff.css';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element.');
const channel = connect<GraphDiffContract>((state) => diff.receive(state));
const graph = new GraphStore(drawingOnly(channel), parseViewState(savedViewState()), (view) =>
  // The serializer wants to know what is compared, not what the canvas calls its target.
  saveViewState({ ...(typeof view === 'object' ? view : {}), target: diff.getSnapshot().host?.target }),
);
const edit = new EditStore(graph);
const diff = new DiffStore(channel, graph, edit);
createRoot(root).render(
  <StoreProvider value={graph}>
    <EditProvider value={edit}>
      <DiffProvider value={diff}>
        <DiffPage />
      </DiffProvider>
    </EditProvider>
  </StoreProvider>,
);
keepFocus(stageElement);
channel.start();
