import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseImageName } from '../../../dev-cluster/embedded/node-agent/images/imageName.ts';
import { findProfile, ImageStore } from '../../../dev-cluster/embedded/node-agent/images/imageStore.ts';
import { mapImage } from '../../../dev-cluster/embedded/node-agent/images/userImages.ts';

const never = new AbortController().signal;
const silent = (): void => undefined;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-images-'));
});
afterEach(() => rm(home, { recursive: true }));

describe('images', () => {
  it.each([
    ['python:3.12-slim', 'python'],
    ['python:3', 'python'],
    ['localhost:5000/library/python:3', 'python'],
    ['docker.io/library/python', 'python'],
    ['python@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', 'python'],
    ['kserve/sklearnserver:v0.20.0', 'kserve-sklearnserver'],
    ['registry.example:5000/kserve/sklearnserver:v0.20.0', 'kserve-sklearnserver'],
    ['kserve/storage-initializer:latest', 'kserve-storage-initializer'],
    ['kserve/agent', 'kserve-agent'],
    ['kserve/some-transformer:1', 'kserve-python'],
    ['nvcr.io/nvidia/jax:25.10-py3', 'jax'],
    ['busybox', 'host'],
    ['registry.k8s.io/pause:3.10', 'pause'],
    ['team/python', undefined],
    ['mypython:3', undefined],
    ['nginx', undefined],
  ])('%s runs as %s', (image, profile) => {
    const name = parseImageName(image);
    expect(name && findProfile(name)?.name).toBe(profile);
  });

  it.each(['', 'UPPER case', 'a:b:c', 'a//b', '-x'])('"%s" is no name', (image) => {
    expect(parseImageName(image)).toBeUndefined();
  });

  it('that nothing can run say what to do', async () => {
    // Without docker or podman on PATH.
    const get = new ImageStore({ home, path: home }).get({ name: 'c', image: 'team/app:2' }, silent, never);
    await expect(get).rejects.toMatchObject({
      reason: 'ErrImagePull',
      action: 'Map this image to a Python environment: slipway images map team/app:2 --requirements FILE',
    });
  });

  it.each([
    ['of its own', { image: 'kserve/sklearnserver' }, [8080, 8081]],
    ['none', { image: 'kserve/sklearnserver', command: ['sleep', '9'] }, []],
    [
      'that KServe adds',
      { image: 'team/app', command: ['app'], args: ['--http_port', '8080'] },
      [8080, 8081],
    ],
    ['that people give', { image: 'team/app', args: ['--grpc_port=9000'] }, [8080, 8081]],
    ['none that anyone knows', { image: 'team/app', args: ['--port', '8080'] }, []],
  ])('take ports by flags: %s', (_what, container, ports) => {
    const flags = new ImageStore({ home }).portFlags({ name: 'c', ...container });
    expect(Object.values(flags)).toEqual(ports);
  });

  it('run as people map them, profiles notwithstanding', async () => {
    const python = join(home, 'bin-python');
    await writeFile(python, '#!/bin/sh\n', { mode: 0o755 });
    await mapImage({ image: 'team/*', environment: { kind: 'interpreter', python } }, home);
    await mapImage(
      { image: 'docker.io/library/python:3.9', environment: { kind: 'interpreter', python } },
      home,
    );
    const store = new ImageStore({ home, path: '/bin' });
    for (const image of ['team/app:2', 'python:3.9'])
      expect((await store.get({ name: 'c', image }, silent, never)).env['PATH']).toBe(`${home}:/bin`);
    expect(await store.has({ name: 'c', image: 'team/app:2' }, never)).toBe(true);
  });
});
