/** What a pod asks of a container's walls, which processes of one user on one machine have not. */
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Volume = NonNullable<PodSpec['volumes']>[number];

/** One sentence for people; `undefined` when all that the pod asks for is given. `inEngine`: containers with walls. */
export function notEnforced(pod: Pod, inEngine: ReadonlySet<string> = new Set()): string | undefined {
  const { initContainers = [], containers = [], volumes = [], securityContext } = pod.spec ?? {};
  const all = [...initContainers, ...containers].filter(({ name }) => !inEngine.has(name));
  if (all.length === 0) return undefined;
  const writable = new Set(volumes.filter(canBeWritten).map(({ name }) => name));
  const readOnly = new Set(
    all.flatMap(({ volumeMounts = [] }) =>
      volumeMounts.flatMap(({ name, readOnly: isReadOnly }) =>
        isReadOnly === true && writable.has(name) ? [name] : [],
      ),
    ),
  );
  const contexts = [securityContext, ...all.map((container) => container.securityContext)];
  const asked = [
    ...(readOnly.size === 0 ? [] : [`read-only mounts (${[...readOnly].join(', ')})`]),
    ...(securityContext?.fsGroup === undefined ? [] : ['fsGroup']),
    ...(contexts.every((context) => context?.runAsUser === undefined) ? [] : ['runAsUser']),
    ...(all.some((container) => container.securityContext?.readOnlyRootFilesystem === true)
      ? ['readOnlyRootFilesystem']
      : []),
  ];
  return asked.length === 0
    ? undefined
    : `Not enforced here, where containers are processes of your user: ${asked.join(', ')}.`;
}

/** Secrets, ConfigMaps and tokens are written anew by the node agent, whatever is done to them. */
function canBeWritten({ secret, configMap, projected, downwardAPI }: Volume): boolean {
  return [secret, configMap, projected, downwardAPI].every((source) => source === undefined);
}
