import { createRoot } from 'react-dom/client';
import type { CanvasContract } from '../../src/core/protocol/canvas.ts';
import { keepFocus } from '../shared/focus.ts';
import { connect, savedViewState, saveViewState } from '../shared/host.ts';
import { App, stageElement } from './runGraph/app.tsx';
import { StoreProvider } from './runGraph/context.ts';
import { EditProvider } from './runGraph/edit/context.ts';
import { EditStore } from './runGraph/edit/editStore.ts';
import { keepTyping } from './runGraph/edit/keys.ts';
import { GraphStore } from './runGraph/store.ts';
import { parseViewState } from './runGraph/viewState.ts';
import '@xyflow/react/dist/style.css';
import '../shared/base.css';
import './runGraph.css';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element.');
const channel = connect<CanvasContract>((state) => store.receive(state));
const store = new GraphStore(channel, parseViewState(savedViewState()), saveViewState);
createRoot(root).render(
  <StoreProvider value={store}>
    <EditProvider value={new EditStore(store)}>
      <App />
    </EditProvider>
  </StoreProvider>,
);
keepFocus(stageElement);
keepTyping(stageElement);
channel.start();
