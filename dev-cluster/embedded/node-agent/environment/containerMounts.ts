/** What a container has of its pod's volumes, and where. */
import type { PodSandbox } from '../contract.ts';
import { resolveSubPath } from '../volumes/subPath.ts';
import { expand } from './expansion.ts';
import type { Container } from './podSpec.ts';

/** Where a container leaves its last word when it doesn't say so. */
export const TERMINATION_LOG = '/dev/termination-log';

export interface ContainerMount {
  /** In the container, without a slash at its end. */
  readonly mountPath: string;
  /** On the host. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** `variables`: for `subPathExpr`. */
export async function containerMounts(
  container: Container,
  { volumes }: PodSandbox,
  variables: ReadonlyMap<string, string>,
): Promise<readonly ContainerMount[]> {
  const mounts: ContainerMount[] = [];
  for (const { name, mountPath, subPath, subPathExpr, readOnly = false } of container.volumeMounts ?? []) {
    const volume = volumes.get(name);
    if (volume === undefined) continue;
    const part =
      subPathExpr === undefined
        ? (subPath ?? '')
        : expand(subPathExpr, (variable) => variables.get(variable));
    const path =
      part === '' ? volume : await resolveSubPath(volume, part, { name, container: container.name });
    mounts.push({ mountPath: mountPath.replace(/\/+$/, ''), path, readOnly });
  }
  return mounts;
}
