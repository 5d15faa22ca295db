import { createRoot } from 'react-dom/client';
import type { DoctorContract, DoctorState } from '../../src/core/protocol/doctor.ts';
import { keepFocus } from '../shared/focus.ts';
import { connect } from '../shared/host.ts';
import { Page } from './doctor/page.tsx';
import '../shared/base.css';
import './doctor.css';

const element = document.getElementById('root');
if (element === null) throw new Error('The page has no root element.');
const root = createRoot(element);

const channel = connect<DoctorContract>((state) => show(state));
keepFocus(() => document.querySelector<HTMLElement>('vscode-button'));
channel.start();

/** A check of the machine may take long, and starting the cluster longer. */
const LONG_MS = 15 * 60_000;

function ignore(work: Promise<unknown>): void {
  // What went wrong is on the page, or was shown by the host.
  void work.catch(() => undefined);
}

function show(state: DoctorState): void {
  root.render(
    <Page
      state={state}
      onRecheck={() => ignore(channel.request('recheck', {}, { timeoutMs: LONG_MS }))}
      onCopy={() => ignore(channel.request('copy', {}))}
      onAct={(id) => ignore(channel.request('act', { id }, { timeoutMs: LONG_MS }))}
    />,
  );
}
