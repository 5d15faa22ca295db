import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasDesktopEditor } from '../../../dev-cluster/start/desktopEditor.ts';
import { isAtLeast } from '../../../src/core/base/versions.ts';

describe('isAtLeast', () => {
  it.each([
    ['1.129.0', true],
    ['1.129.1', true],
    ['1.130.0-insider', true],
    ['2.0.0', true],
    ['1.128.9', false],
    ['1.99.3', false],
    ['', false],
    ['not a version', false],
  ])('%s', (version, expected) => {
    expect(isAtLeast(version, '1.129.0')).toBe(expected);
  });
});

describe.skipIf(process.platform === 'win32')('hasDesktopEditor', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'slipway-code-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A machine on which `code --version` says this; without a display unless told. */
  async function machine(script: string, env: Record<string, string> = { DISPLAY: ':0' }) {
    const path = join(folder, 'code');
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return { PATH: `${folder}:/usr/bin:/bin`, ...env };
  }
  const signal = new AbortController().signal;

  it('takes a new enough VS Code', async () => {
    expect(await hasDesktopEditor(signal, await machine('echo 1.139.1; echo commit; echo x64'))).toBe(true);
  });

  it('refuses an old one', async () => {
    expect(await hasDesktopEditor(signal, await machine('echo 1.100.0'))).toBe(false);
  });

  it('refuses one that cannot say its version', async () => {
    expect(await hasDesktopEditor(signal, await machine('exit 3'))).toBe(false);
  });

  it('refuses one without a display on Linux', async () => {
    const env = await machine('echo 1.139.1', {});
    expect(await hasDesktopEditor(signal, env)).toBe(process.platform !== 'linux');
  });

  it('does without when there is none', async () => {
    expect(await hasDesktopEditor(signal, { PATH: '/nowhere', DISPLAY: ':0' })).toBe(false);
  });
});
