import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findInterpreter } from '../../../dev-cluster/embedded/python/interpreter.ts';

const signal = new AbortController().signal;

// The stand-ins are shell scripts.
describe.skipIf(process.platform === 'win32')('findInterpreter', () => {
  let folder: string;
  beforeEach(async () => (folder = await realpath(await mkdtemp(join(tmpdir(), 'slipway-python-')))));
  afterEach(() => rm(folder, { recursive: true }));

  async function fake(name: string, version: readonly number[]): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\necho '${JSON.stringify({ path, version })}'\n`);
    await chmod(path, 0o755);
    return path;
  }

  it('takes python3 when it is new enough', async () => {
    const path = await fake('python3', [3, 10, 0]);
    await fake('python3.13', [3, 13, 1]);
    expect(await findInterpreter({ PATH: folder }, signal)).toEqual({ path, version: '3.10.0' });
  });

  it('looks further when python3 is too old', async () => {
    await fake('python3', [3, 9, 18]);
    const path = await fake('python3.12', [3, 12, 4]);
    expect(await findInterpreter({ PATH: folder }, signal)).toEqual({ path, version: '3.12.4' });
  });

  it('passes over a name that does not run as a Python', async () => {
    await writeFile(join(folder, 'python3'), '#!/bin/sh\nexit 9\n', { mode: 0o755 });
    const path = await fake('python', [3, 11, 2]);
    expect(await findInterpreter({ PATH: folder }, signal)).toEqual({ path, version: '3.11.2' });
  });

  it('names the versions that are too old', async () => {
    await fake('python3', [3, 9, 18]);
    await expect(findInterpreter({ PATH: folder }, signal)).rejects.toMatchObject({
      reason: 'python-too-old',
      message: 'Slipway needs Python 3.10 or newer, but python3 is 3.9.18.',
      action: expect.stringContaining('apt-get install') as string,
    });
  });

  it('says what to install when there is none', async () => {
    await expect(findInterpreter({ PATH: folder }, signal)).rejects.toMatchObject({
      reason: 'python-missing',
      action: expect.stringContaining('Install Python 3.10') as string,
    });
  });

  it('uses SLIPWAY_PYTHON and nothing else when it is set', async () => {
    await fake('python3', [3, 12, 0]);
    const path = await fake('mine', [3, 13, 0]);
    expect(await findInterpreter({ PATH: folder, SLIPWAY_PYTHON: path }, signal)).toEqual({
      path,
      version: '3.13.0',
    });
    await expect(
      findInterpreter({ PATH: folder, SLIPWAY_PYTHON: '/not/there' }, signal),
    ).rejects.toMatchObject({ reason: 'python-missing' });
  });

  it('stops when told to', async () => {
    await expect(findInterpreter({ PATH: folder }, AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
