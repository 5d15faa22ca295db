import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { KubernetesAccess } from './environment.ts';

/**
 * `KUBECONFIG` that makes kubectl use the access's context without touching the person's files: a file that holds only
 * the name of the context stands first, and kubectl takes it from there.
 */
export async function contextVariables(
  access: KubernetesAccess,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  if (access.context === undefined) return { KUBECONFIG: access.paths.join(delimiter) };
  const name = createHash('sha256').update(access.context).digest('hex').slice(0, 16);
  const path = join(folder, `context-${name}.yaml`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const text = `apiVersion: v1\nkind: Config\ncurrent-context: ${JSON.stringify(access.context)}\n`;
  await writeFile(path, text, { mode: 0o600 });
  return { KUBECONFIG: [path, ...access.paths].join(delimiter) };
}
