/** What an earlier agent left of a pod's containers. */
import { join } from 'node:path';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import { endBesides } from './besides.ts';
import { specsOf, type ContainerEnd } from './containerView.ts';
import { Instance, UNKNOWN_END } from './instance.ts';
import type { PodStatus } from './podStatus.ts';
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
      for (const instance of instances) await endBesides(instance.besidesFolder);
      if (instances[0]?.running !== undefined) await instances[0].save({ isUp: true });
      const old = known.find(({ name }) => name === spec.name);
      // Init containers run once more: what they made is gone, too.
      const lost = instances.length > 0 || role === 'init' ? undefined : lostEnd(old);
      const isNewlyLost = lost !== undefined && old?.state?.running !== undefined;
      return new PodContainer({
        spec,
        role,
        podFolder: folder,
        backOff: context.crashBackOff,
        instances,
        restartCount: (old?.restartCount ?? 0) + (isNewlyLost ? 1 : 0),
        lost,
        onError,
      });
    }),
  );
}

/** Of a container of which nothing is left on the disk: its node was taken away, and another has its name. */
function lostEnd(
  old: NonNullable<PodStatus['containerStatuses']>[number] | undefined,
): ContainerEnd | undefined {
  const end = old?.state?.terminated ?? old?.lastState?.terminated;
  if (end === undefined && old?.state?.running === undefined) return undefined;
  const time = (text: string | undefined): number | undefined => Date.parse(text ?? '') || undefined;
  return {
    exitCode: end?.exitCode ?? 137,
    reason: end?.reason ?? UNKNOWN_END,
    message:
      end === undefined
        ? 'The container could not be located when the pod was deleted.  The container used to be Running'
        : end.message,
    startedAt: time(end?.startedAt),
    finishedAt: time(end?.finishedAt),
    containerId: end?.containerID,
  };
}
