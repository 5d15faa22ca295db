import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../dev-cluster/embedded/python/lock.ts';

const signal = new AbortController().signal;

describe('withLock', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-lock-'));
    path = join(folder, 'below', 'one.lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('lets one in at a time and tells the others that they wait', async () => {
    let inside = 0;
    let most = 0;
    let waits = 0;
    const othersWait = Promise.withResolvers<undefined>();
    const onWait = (): void => {
      if (++waits === 2) othersWait.resolve(undefined);
    };
    const enter = (): Promise<void> =>
      withLock(
        path,
        async () => {
          most = Math.max(most, ++inside);
          await othersWait.promise;
          inside--;
        },
        { signal, onWait },
      );
    await Promise.all([enter(), enter(), enter()]);
    expect(most).toBe(1);
    expect(waits).toBe(2);
  });

  it('is free again after a failure', async () => {
    await expect(withLock(path, () => Promise.reject(new Error('inside')), { signal })).rejects.toThrow(
      'inside',
    );
    expect(await withLock(path, () => Promise.resolve('in'), { signal })).toBe('in');
  });

  it('stops waiting when told to', async () => {
    const controller = new AbortController();
    await withLock(
      path,
      async () => {
        const waiting = withLock(path, () => Promise.resolve(), {
          signal: controller.signal,
          onWait: () => controller.abort(),
        });
        await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
      },
      { signal },
    );
  });

  it('is free at once when the process that holds it is killed', async () => {
    const module = resolve('dev-cluster/embedded/python/lock.ts');
    const holder = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { withLock } from ${JSON.stringify(module)};
       const hold = () => new Promise(() => { console.log('held'); setInterval(() => {}, 1000); });
       await withLock(${JSON.stringify(path)}, hold, { signal: new AbortController().signal });`,
    ]);
    await once(holder.stdout, 'data');
    const controller = new AbortController();
    await expect(
      withLock(path, () => Promise.resolve(), {
        signal: controller.signal,
        onWait: () => controller.abort(),
      }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await withLock(path, () => Promise.resolve('mine'), { signal })).toBe('mine');
  });
});
