/**
 * What in-cluster configuration is to a container. Clients look for the token at a constant path, which no process here
 * has; all of them take a kubeconfig first.
 */
import { readFile } from 'node:fs/promises';
import { writePrivateFile } from '../../files.ts';

export const SERVICE_ACCOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** `folder`: where the service account's volume is on the host; its token is read anew by clients as it changes. */
export async function writePodKubeconfig(
  path: string,
  {
    server,
    folder,
    namespace,
  }: { readonly server: string; readonly folder: string; readonly namespace: string },
): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'in-cluster', cluster: { server, 'certificate-authority': `${folder}/ca.crt` } }],
    users: [{ name: 'pod', user: { tokenFile: `${folder}/token` } }],
    contexts: [{ name: 'in-cluster', context: { cluster: 'in-cluster', user: 'pod', namespace } }],
    'current-context': 'in-cluster',
  };
  const text = `${JSON.stringify(config, undefined, 2)}\n`;
  if ((await readFile(path, 'utf8').catch(() => undefined)) !== text) await writePrivateFile(path, text);
}
