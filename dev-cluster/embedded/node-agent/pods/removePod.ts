/** The end of a pod that is deleted: what it had on the host is given back, then its object may go. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { HttpError } from '../../../../src/clients/http.ts';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import type { PodSandbox } from '../contract.ts';
import type { PodContext } from './podContext.ts';
import { podFolder } from './restore.ts';

const TIMEOUT_MS = 15_000;
/** Another pod has the name by now, or none. */
const GONE = [404, 409];

/** For when nothing of the pod runs any more. */
export async function removePod(
  context: PodContext,
  pod: Pod,
  sandbox: PodSandbox | undefined,
  isObjectGone: boolean,
): Promise<void> {
  const { api, environment, host } = context;
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const folder = podFolder(context, pod);
  // An agent that starts anew has to be told where things are before it can give them back.
  const place =
    sandbox ??
    (existsSync(folder) ? await environment.prepare(pod, host, signal).catch(() => undefined) : undefined);
  if (place !== undefined) await environment.release(place, signal);
  await rm(folder, { recursive: true, force: true });
  if (isObjectGone) return;
  const options = { gracePeriodSeconds: 0, preconditions: { uid } };
  await api
    .delete(`/api/v1/namespaces/${namespace}/pods/${name}`, signal, options)
    .catch((error: unknown) => {
      if (!(error instanceof HttpError && GONE.includes(error.status ?? 0))) throw error;
    });
}
