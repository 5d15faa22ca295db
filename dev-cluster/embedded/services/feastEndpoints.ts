import type { EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { resourcePath } from '../python/resources.ts';
import { postgresPasswordFile, postgresUrl } from './addresses.ts';

/** Where the demo's repository, the registry and the stores are; the servers are no part of it. */
export async function feastEndpoints(signal: AbortSignal): Promise<NonNullable<EmbeddedEndpoints['feast']>> {
  const url = await postgresUrl('feast', signal);
  return {
    repository: resourcePath('dev-cluster', 'seed', 'features'),
    registryUrl: `${url}?passfile=${encodeURIComponent(postgresPasswordFile())}`,
  };
}
