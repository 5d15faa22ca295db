import { join } from 'node:path';

/** The repository: everything under dev-cluster/start runs from a clone, never from the extension. */
export const repositoryRoot = join(import.meta.dirname, '..', '..');
