/** Where a run keeps its files. Everything here can be made again from the store: a new service finds the same paths. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { safeName } from './executorInput.ts';

export interface RunFolders {
  /** Logs, and a folder per attempt. */
  readonly run: string;
  /** What `{{$.workspace_path}}` gives: shared by the run's steps. */
  readonly workspace: string;
  /** What `{{$.pipeline_root}}` gives. */
  readonly root: string;
  /** `<root>/<pipeline>/<run id>`. */
  readonly artifacts: string;
}

/**
 * `wanted` is the run's or the document's pipeline root. A local one is used; steps that are processes can't write to
 * an object store, so for others the artifacts stay under `home`, and `isElsewhere` says so.
 */
export function runFolders(
  home: string,
  run: { readonly id: string; readonly pipelineName: string; readonly wanted: string | undefined },
): RunFolders & { readonly isElsewhere: boolean } {
  const local = localRoot(run.wanted);
  const root = local ?? join(home, 'artifacts');
  return {
    run: join(home, 'runs', safeName(run.id)),
    workspace: join(home, 'runs', safeName(run.id), 'workspace'),
    root,
    artifacts: join(root, safeName(run.pipelineName), safeName(run.id)),
    isElsewhere: local === undefined && run.wanted !== undefined && run.wanted !== '',
  };
}

function localRoot(wanted: string | undefined): string | undefined {
  if (wanted === undefined || wanted === '') return undefined;
  if (wanted.startsWith('/')) return resolve(wanted);
  if (!wanted.startsWith('file://')) return undefined;
  try {
    return fileURLToPath(wanted);
  } catch {
    return undefined;
  }
}
