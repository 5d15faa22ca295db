import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Kubeconfig files as kubectl finds them: `$KUBECONFIG`, else `~/.kube/config`; `configured` (a setting) wins. Files
 * that aren't there are in the list too.
 */
export function kubeconfigPaths(env: NodeJS.ProcessEnv, configured = ''): readonly string[] {
  const listed = configured === '' ? (env['KUBECONFIG'] ?? '') : configured;
  const paths = listed
    .split(delimiter)
    .filter((path) => path !== '')
    .map((path) => (path.startsWith('~/') ? join(homedir(), path.slice(2)) : path));
  return paths.length > 0 ? [...new Set(paths)] : [join(homedir(), '.kube', 'config')];
}
