import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../../dev-cluster/start/root.ts';

export interface Workspace {
  readonly folder: string;
  remove(): Promise<void>;
}

/** A copy of a folder of the repository, e.g. `dev-cluster/seed`, that a test may change. */
export async function copyWorkspace(source: string): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'slipway-workspace-'));
  const folder = join(root, 'project');
  await cp(join(repositoryRoot, source), folder, { recursive: true });
  return { folder, remove: () => rm(root, { recursive: true, force: true, maxRetries: 5 }) };
}
