/** What the commands ask of the panels; src/pipelines/graph and runForm.ts are the panels. */
import type { Uri } from 'vscode';
import type { Runnable } from './runnable.ts';

export interface GraphPanels {
  /** The graph of a pipeline file, with ▶ on it. */
  openFile(uri: Uri): Promise<void>;
  /** A run's live graph: in the panel of `uri`, when the run was just started from that file. */
  openRun(runId: string, uri?: Uri): Promise<void>;
}

export interface RunForms {
  /** The typed form; starts the run when it is sent. */
  open(runnable: Runnable): void;
}
