import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { safePaths } from '../../../dev-cluster/embedded/node-agent/environment/safePaths.ts';
import { writeAtomically } from '../../../dev-cluster/embedded/node-agent/volumes/atomicFolder.ts';
import {
  volumePayload,
  type PayloadSources,
} from '../../../dev-cluster/embedded/node-agent/volumes/payload.ts';
import { resolveSubPath } from '../../../dev-cluster/embedded/node-agent/volumes/subPath.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-volumes-'));
});
afterEach(() => rm(folder, { recursive: true }));

const never = new AbortController().signal;
const file = (text: string, mode = 0o644): { data: Buffer; mode: number } => ({
  data: Buffer.from(text),
  mode,
});

describe('folders that change at once', () => {
  it('have what they are given, with its modes, through ..data', async () => {
    await writeAtomically(
      folder,
      new Map([
        ['a', file('1', 0o400)],
        ['sub/b', file('2')],
      ]),
    );
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('1');
    expect(await readFile(join(folder, 'sub', 'b'), 'utf8')).toBe('2');
    expect(await readlink(join(folder, 'a'))).toBe('..data/a');
    expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o400);
  });

  it('lose what is gone, and leave nothing behind', async () => {
    await writeAtomically(
      folder,
      new Map([
        ['a', file('1')],
        ['b', file('2')],
      ]),
    );
    expect(await writeAtomically(folder, new Map([['a', file('3')]]))).toBe(true);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('3');
    const names = await readdir(folder);
    expect(names.filter((name) => !name.startsWith('..'))).toEqual(['a']);
    expect(names).toHaveLength(3);
    expect(await writeAtomically(folder, new Map([['a', file('3')]]))).toBe(false);
  });
});

const sources: PayloadSources = {
  pod: {
    metadata: { name: 'p', namespace: 'ns', labels: { b: 'x"y', a: '1' } },
    spec: { containers: [{ name: 'c' }] },
  },
  podIp: '10.42.0.1',
  hostIp: '10.42.255.1',
  allocatable: { memory: '1Gi' },
  objects: {
    configMap: (_, name) =>
      Promise.resolve(name === 'cm' ? { data: { k: 'v' }, binaryData: { n: 'AAE=' } } : undefined),
    secret: (_, name) => Promise.resolve(name === 's' ? { data: { p: 'cHc=' } } : undefined),
  },
  tokens: { token: () => Promise.resolve('t') },
};
const texts = async (volume: Parameters<typeof volumePayload>[0]): Promise<Record<string, string>> =>
  Object.fromEntries(
    [...((await volumePayload(volume, sources, never)) ?? [])].map(([path, { data }]) => [
      path,
      data.toString(),
    ]),
  );

describe('what is in volumes', () => {
  it('is a config map, all of it or its items', async () => {
    expect(await texts({ name: 'v', configMap: { name: 'cm' } })).toEqual({ k: 'v', n: '\0\u0001' });
    expect(await texts({ name: 'v', configMap: { name: 'cm', items: [{ key: 'k', path: 'd/e' }] } })).toEqual(
      { 'd/e': 'v' },
    );
  });

  it('is many things projected into one', async () => {
    const volume = {
      name: 'v',
      projected: {
        sources: [
          { secret: { name: 's' } },
          { serviceAccountToken: { path: 'token' } },
          {
            downwardAPI: {
              items: [
                { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                {
                  path: 'memory',
                  resourceFieldRef: { containerName: 'c', resource: 'limits.memory', divisor: '1Mi' },
                },
              ],
            },
          },
        ],
      },
    };
    expect(await texts(volume)).toEqual({ p: 'pw', token: 't', labels: 'a="1"\nb="x\\"y"', memory: '1024' });
  });

  it.each([
    [{ configMap: { name: 'no' } }, 'MountVolume.SetUp failed for volume "v" : configmap "no" not found'],
    [{ secret: { secretName: 'no' } }, 'MountVolume.SetUp failed for volume "v" : secret "no" not found'],
    [
      { secret: { secretName: 's', items: [{ key: 'q', path: 'q' }] } },
      'MountVolume.SetUp failed for volume "v" : references non-existent secret key: q',
    ],
  ])('fails as the kubelet when it is missing', async (volume, message) => {
    await expect(texts({ name: 'v', ...volume })).rejects.toMatchObject({ reason: 'FailedMount', message });
  });

  it('may be missing when it is optional', async () => {
    expect(await texts({ name: 'v', configMap: { name: 'no', optional: true } })).toEqual({});
  });
});

describe('parts of volumes', () => {
  const mount = { name: 'v', container: 'c' };

  it('are made when they are not there', async () => {
    const path = await resolveSubPath(folder, 'a/b', mount);
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it('never lead out', async () => {
    await mkdir(join(folder, 'volume'));
    await symlink(folder, join(folder, 'volume', 'out'));
    for (const part of ['../x', '/etc', 'out'])
      await expect(resolveSubPath(join(folder, 'volume'), part, mount)).rejects.toMatchObject({
        reason: 'CreateContainerConfigError',
      });
  });
});

it('gives a home with spaces a name that shells take', async () => {
  const home = join(folder, 'Zoë’s home');
  await mkdir(join(home, 'x'), { recursive: true });
  const safe = await safePaths(home);
  expect(safe(join(home, 'x'))).toMatch(/^[\w./-]+$/);
  expect((await stat(safe(join(home, 'x')))).isDirectory()).toBe(true);
  expect(safe('/elsewhere/a b')).toBe('/elsewhere/a b');
  await rm(safe(home));
});
