/** Kubeconfig files of the embedded cluster: one per user, 0600, self-contained. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { readStateFile, writePrivateFile } from '../files.ts';
import { stablePort } from '../ports.ts';
import { issueCertificate } from './pki.ts';

/** Name of the API server's listener in the ports file. */
export const API_SERVER_PORT = 'kube-apiserver';

/** People's: may do everything (group `system:masters`). */
export function adminKubeconfigPath(home = slipwayHome()): string {
  return join(home, 'embedded', 'kubeconfig');
}

/** Where the API server listens, running or not. */
export async function apiServerUrl(signal: AbortSignal, home = slipwayHome()): Promise<string> {
  return `https://127.0.0.1:${await stablePort(API_SERVER_PORT, signal, { home, isOurs: true })}`;
}

/** Writes the kubeconfig of people and returns its path. */
export async function adminKubeconfig(signal: AbortSignal, home = slipwayHome()): Promise<string> {
  const organizations = ['system:masters'];
  return write(adminKubeconfigPath(home), 'slipway-admin', organizations, signal, home);
}

/** Writes the kubeconfig of this Kubernetes user (its RBAC is the caller's business) and returns its path. */
export async function kubeconfigFor(
  user: string,
  signal: AbortSignal,
  {
    organizations = [],
    home = slipwayHome(),
  }: { readonly organizations?: readonly string[]; readonly home?: string } = {},
): Promise<string> {
  const path = join(kubeconfigsFolder(home), `${fileName(user)}.kubeconfig`);
  return write(path, user, organizations, signal, home);
}

function kubeconfigsFolder(home: string): string {
  return join(home, 'embedded', 'kubeconfigs');
}

/** Has every kubeconfig that there is name the API server's address of now: whoever runs already follows its file. */
export async function moveKubeconfigs(signal: AbortSignal, home = slipwayHome()): Promise<void> {
  const server = await apiServerUrl(signal, home);
  const folder = kubeconfigsFolder(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const config = await readStateFile(path, movable);
    if (config === undefined || config.clusters.every(({ cluster }) => cluster.server === server)) continue;
    const clusters = config.clusters.map((one) => ({ ...one, cluster: { ...one.cluster, server } }));
    await writePrivateFile(path, serialize({ ...config, clusters }));
  }
}

const movable = z.looseObject({
  clusters: z.array(z.looseObject({ cluster: z.looseObject({ server: z.string() }) })),
});

async function write(
  path: string,
  user: string,
  organizations: readonly string[],
  signal: AbortSignal,
  home: string,
): Promise<string> {
  const name = `user-${fileName(user)}`;
  const server = await apiServerUrl(signal, home);
  const files = await issueCertificate({ name, commonName: user, organizations, signal }, home);
  const base64 = async (file: string): Promise<string> => (await readFile(file)).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'slipway', cluster: { server, 'certificate-authority-data': await base64(files.ca) } },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': await base64(files.cert),
          'client-key-data': await base64(files.key),
        },
      },
    ],
    contexts: [{ name: 'slipway', context: { cluster: 'slipway', user } }],
    'current-context': 'slipway',
  };
  await writePrivateFile(path, serialize(config));
  return path;
}

/** JSON is YAML. */
function serialize(config: object): string {
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** `system:node:laptop` has colons, which not every file system takes. */
function fileName(user: string): string {
  return user.replaceAll(/[^A-Za-z0-9.-]/g, '_');
}
