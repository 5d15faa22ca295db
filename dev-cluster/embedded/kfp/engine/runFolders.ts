/** Where a run keeps its files. Everything here can be made again from the store: a new service finds the same paths. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseS3Uri } from '../../../../src/clients/s3.ts';
import type { Place } from '../store/runs.ts';
import { safeName } from './executorInput.ts';

export interface RunFolders {
  /** Logs, and a folder per attempt. */
  readonly run: string;
  /** What `{{$.workspace_path}}` gives: shared by the run's steps. */
  readonly workspace: string;
  /** What `{{$.pipeline_root}}` gives: a folder, or a uri. */
  readonly root: string;
  /** `<root>/<pipeline>/<run id>`. */
  readonly artifacts: string;
  /** Copies of what is in object stores; `undefined` when the root is a folder. */
  readonly mirror: string | undefined;
}

/** Upstream's default pipeline root. */
const OBJECT_STORE_ROOT = 's3://mlpipeline/v2/artifacts';

/**
 * `wanted` is the run's or the document's pipeline root. Pods write to the object store, steps that are processes to a
 * folder. Where the wanted root can't be used the artifacts go to the default one, and `isElsewhere` says so.
 */
export function runFolders(
  home: string,
  run: {
    readonly id: string;
    readonly pipelineName: string;
    readonly wanted: string | undefined;
    readonly place: Place;
  },
): RunFolders & { readonly isElsewhere: boolean } {
  const own = join(home, 'runs', safeName(run.id));
  const isPod = run.place === 'pod';
  const usable = isPod ? objectStoreRoot(run.wanted) : localRoot(run.wanted);
  const root = usable ?? (isPod ? OBJECT_STORE_ROOT : join(home, 'artifacts'));
  return {
    run: own,
    workspace: join(own, 'workspace'),
    root,
    artifacts: `${root}/${safeName(run.pipelineName)}/${safeName(run.id)}`,
    mirror: isPod ? join(own, 'mirror') : undefined,
    isElsewhere: usable === undefined && run.wanted !== undefined && run.wanted !== '',
  };
}

function objectStoreRoot(wanted: string | undefined): string | undefined {
  return wanted !== undefined && parseS3Uri(wanted) !== undefined ? wanted.replace(/\/+$/, '') : undefined;
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
