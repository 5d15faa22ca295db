import { createRoot } from 'react-dom/client';
import type { RunFormContract, RunFormState } from '../../src/core/protocol/runForm.ts';
import { keepFocus } from '../shared/focus.ts';
import { connect, savedViewState, saveViewState } from '../shared/host.ts';
import { Form, initialDraft } from './runForm/form.tsx';
import { savedDraft } from './runForm/savedDraft.ts';
import '../shared/base.css';
import './runForm.css';

const element = document.getElementById('root');
if (element === null) throw new Error('The page has no root element.');
const root = createRoot(element);
const saved = savedDraft(savedViewState());

const channel = connect<RunFormContract>((state) => show(state));
// Nothing is gone in this page, so the first field only counts before anything had the focus.
keepFocus(() => document.querySelector<HTMLElement>('vscode-text-field, vscode-text-area, vscode-dropdown'));
channel.start();

function show(state: RunFormState): void {
  const { target } = state;
  if (state.problem !== undefined) {
    saveViewState({ ...savedViewState(), target });
    root.render(
      <main className="form">
        <div className="problem" role="alert">
          {state.problem}
        </div>
      </main>,
    );
    return;
  }
  const initial = saved ?? initialDraft(state);
  saveViewState({ target, draft: initial });
  root.render(
    <Form
      state={state}
      initial={initial}
      onDraft={(draft) => saveViewState({ target, draft })}
      // Starting a run may start the service, which may take as long as an installation.
      onSubmit={(answer) => channel.request('submit', answer, { timeoutMs: 15 * 60_000 })}
      onCancel={() => void channel.request('cancel', {}).catch(() => undefined)}
    />,
  );
}
