/** The whole cluster where it has it hard. */
import { afterEach, describe, it } from 'vitest';
import { FaultCluster } from './faultCluster.ts';

const TEST_MS = 900_000;
/** For a network namespace. */
const canDo = process.platform === 'linux' && process.getuid?.() === 0;

let cluster: FaultCluster | undefined;
afterEach(async () => {
  await cluster?.remove();
  cluster = undefined;
}, TEST_MS);

describe.runIf(canDo)('[nightly] All of it comes up', () => {
  it('with no network but loopback, when everything is in the cache', { timeout: TEST_MS }, async () => {
    const script = 'ip link set lo up && exec "$@"';
    cluster = await FaultCluster.make({ through: ['unshare', '--net', 'sh', '-c', script, 'sh'] });
    await cluster.up();
    await cluster.whole();
  });
});
