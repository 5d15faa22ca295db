import { join } from 'node:path';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';

/** Logs, reports and screenshots of a run; Git ignores it. */
export const outputFolder = join(repositoryRoot, 'test', '.out');
