/** The cluster as a whole: every component is ready, and no two run twice. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { components } from '../../dev-cluster/embedded/supervisor/components.ts';
import { cluster } from './cluster.ts';

interface Reported {
  readonly name: string;
  readonly state: string;
}

it('has every component, ready', async () => {
  const { code, stdout } = await cluster.slipway('status', '--json');
  const { components: reported } = JSON.parse(stdout) as { components: readonly Reported[] };
  const wanted = components.filter(({ isOnDemand }) => isOnDemand !== true).map(({ name }) => name);
  expect(
    reported.filter(({ name }) => wanted.includes(name)).map(({ name, state }) => [name, state]),
  ).toEqual(wanted.map((name) => [name, 'ready']));
  expect(code).toBe(0);
});

it('tells its addresses and credentials to its user alone', async () => {
  expect((await stat(join(cluster.home, 'embedded'))).mode & 0o077).toBe(0);
  for (const file of ['endpoints.json', 'status.json'])
    expect((await stat(join(cluster.home, 'embedded', file))).mode & 0o777).toBe(0o600);
});
