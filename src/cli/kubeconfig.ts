/** `slipway kubeconfig`: where the embedded cluster's kubeconfig is, or its context in yours. */
import { readFile, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { mergeKubeconfig } from '../../dev-cluster/embedded/control-plane/mergeKubeconfig.ts';
import { writePrivateFile } from '../../dev-cluster/embedded/files.ts';
import { readEmbeddedEndpoints } from '../clients/embedded.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { ExitCode, Input } from './command.ts';

export async function kubeconfig({ flag }: Input): Promise<ExitCode> {
  const own = (await readEmbeddedEndpoints())?.kubernetes?.kubeconfig;
  if (own === undefined)
    throw new SlipwayError('notRunning', 'The embedded cluster has no Kubernetes API yet.', {
      action: 'Start it with slipway up --wait.',
    });
  const path = flag('merge') ? await merged(own) : own;
  if (flag('json')) process.stdout.write(`${JSON.stringify({ kubeconfig: path, context: 'slipway' })}\n`);
  else if (flag('merge'))
    process.stdout.write(`${path} has the context slipway. Use it: kubectl --context slipway get nodes\n`);
  else process.stdout.write(`${path}\n`);
  return 0;
}

/** Into the file that kubectl writes to: the first of $KUBECONFIG, else ~/.kube/config. */
async function merged(own: string): Promise<string> {
  const [first] = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const named = first ?? join(homedir(), '.kube', 'config');
  // Through a link: it must not be replaced by a file.
  const path = await realpath(named).catch(() => named);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  await writePrivateFile(path, mergeKubeconfig(text, await readFile(own, 'utf8')));
  return path;
}
