import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resourcePath } from '../../../dev-cluster/embedded/python/resources.ts';

const shipped = ['uv', 'kfp-runtime', 'kfp'].map((name) =>
  resourcePath('dev-cluster', 'embedded', 'python', `${name}.lock.txt`),
);
const tests = [resourcePath('test', 'python', 'kfp-local.lock.txt')];

/** Requirement → its hashes. */
function requirementsIn(path: string): ReadonlyMap<string, readonly string[]> {
  const joined = readFileSync(path, 'utf8').replaceAll(/#.*/g, '').replaceAll('\\\n', ' ');
  return new Map(
    joined
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => [line.trim().split(' ')[0] ?? '', line.match(/--hash=sha256:[0-9a-f]{64}/g) ?? []]),
  );
}

describe.each([...shipped, ...tests])('%s', (path) => {
  const requirements = requirementsIn(path);

  it('pins every package to one version, by hash', () => {
    expect(requirements.size).toBeGreaterThan(0);
    for (const [requirement, hashes] of requirements) {
      expect(requirement).toMatch(/^[a-z0-9-]+==[\w.]+$/);
      expect(hashes, requirement).not.toHaveLength(0);
    }
  });

  it('has what its .in file asks for', () => {
    const wanted = readFileSync(path.replace('.lock.txt', '.in'), 'utf8').match(/^[a-z][\w-]*==.*$/gm) ?? [];
    expect(wanted).not.toHaveLength(0);
    for (const requirement of wanted) expect([...requirements.keys()], basename(path)).toContain(requirement);
  });
});

it('a step runs on the kfp that the SDK compiles for', () => {
  const kfpIn = (name: string): readonly string[] =>
    [...requirementsIn(resourcePath('dev-cluster', 'embedded', 'python', name)).keys()].filter((one) =>
      one.startsWith('kfp=='),
    );
  expect(kfpIn('kfp-runtime.lock.txt')).toEqual(kfpIn('kfp.lock.txt'));
});
