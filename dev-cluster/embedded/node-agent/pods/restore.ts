/** What an earlier agent left of a pod's containers. */
import { join } from 'node:path';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import { specsOf } from './containerView.ts';
import { Instance } from './instance.ts';
import { containerFolder, PodContainer } from './podContainer.ts';
import type { PodContext } from './podContext.ts';

export function podFolder({ host }: PodContext, pod: Pod): string {
  return join(host.folder, 'pods', pod.metadata?.uid ?? '');
}

/** All of the pod's, in the order in which they start; those that run are found running. */
export async function restoreContainers(
  context: PodContext,
  pod: Pod,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<readonly PodContainer[]> {
  const folder = podFolder(context, pod);
  const { status } = pod;
  const known = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return Promise.all(
    specsOf(pod).map(async ({ spec, role }) => {
      const instances = await Instance.restore(containerFolder(folder, spec.name), signal);
      // Its postStart hook may have been cut off; it isn't run twice.
      if (instances[0]?.running !== undefined) await instances[0].save({ isUp: true });
      return new PodContainer({
        spec,
        role,
        podFolder: folder,
        backOff: context.crashBackOff,
        instances,
        restartCount: known.find(({ name }) => name === spec.name)?.restartCount ?? 0,
        onError,
      });
    }),
  );
}
