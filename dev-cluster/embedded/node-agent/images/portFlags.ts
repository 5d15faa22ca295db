import type { Container } from '../environment/podSpec.ts';
import { KSERVE_PORTS } from './profiles.ts';

/**
 * The flags that a container's program takes a port by: `ofImage` those of its image's entrypoint. A command of its own
 * takes KServe's when it is given one, as KServe's controller does for transformers and predictors of people's own.
 */
export function takenPortFlags(
  { command = [], args = [] }: Container,
  ofImage: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const isKserve = [...command, ...args].some((word) =>
    Object.keys(KSERVE_PORTS).some((flag) => word === flag || word.startsWith(`${flag}=`)),
  );
  return { ...(command.length === 0 ? ofImage : {}), ...(isKserve ? KSERVE_PORTS : {}) };
}
