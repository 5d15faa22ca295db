import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../../dev-cluster/start/root.ts';

describe('bootstrap.mjs', () => {
  let clone: string;
  beforeAll(() => {
    clone = mkdtempSync(join(tmpdir(), 'slipway-bootstrap-'));
    for (const file of ['bootstrap.mjs', 'package.json'])
      cpSync(join(repositoryRoot, file), join(clone, file));
    writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages: {} }));
  });
  afterAll(() => rmSync(clone, { recursive: true, force: true }));

  const bootstrap = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [join(clone, 'bootstrap.mjs'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });

  it('says how to use it', () => {
    const { status, stderr } = bootstrap(['dance']);
    expect(status).toBe(2);
    expect(stderr).toContain('start|test');
  });

  it('says that the registry cannot be reached, and what to check', () => {
    const unreachable = { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' };
    writeFileSync(
      join(clone, 'package-lock.json'),
      JSON.stringify({
        lockfileVersion: 3,
        packages: {
          '': { dependencies: { zod: '4.6.7' } },
          'node_modules/zod': { version: '4.6.7', integrity: `sha512-${'A'.repeat(86)}==` },
        },
      }),
    );
    writeFileSync(
      join(clone, 'package.json'),
      JSON.stringify({ name: 'slipway', dependencies: { zod: '4.6.7' } }),
    );
    const { status, stderr } = bootstrap(['test'], unreachable);
    expect(status).toBe(2);
    expect(stderr).toContain('The npm registry cannot be reached.');
  });
});
