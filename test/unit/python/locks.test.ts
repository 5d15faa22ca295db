import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resourcePath } from '../../../dev-cluster/embedded/python/resources.ts';

const PLACES = [resourcePath('dev-cluster', 'embedded', 'python'), resourcePath('test', 'python')];
const locks = PLACES.flatMap((place) =>
  readdirSync(place)
    .filter((name) => name.endsWith('.lock.txt'))
    .map((name) => join(place, name)),
);

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

describe.each(locks)('%s', (path) => {
  const requirements = requirementsIn(path);

  it('pins every package to one version, by hash', () => {
    expect(requirements.size).toBeGreaterThan(0);
    for (const [requirement, hashes] of requirements) {
      expect(requirement).toMatch(/^[a-z0-9-]+==[\w.]+$/);
      expect(hashes, requirement).not.toHaveLength(0);
    }
  });

  it('has what its .in file asks for', () => {
    const text = readFileSync(path.replace('.lock.txt', '.in'), 'utf8');
    const wanted = [...text.matchAll(/^([a-z][\w-]*)(?:==(\S+))?/gm)];
    expect(wanted).not.toHaveLength(0);
    for (const [, name = '', version] of wanted) {
      const locked = [...requirements.keys()].filter((one) => one.startsWith(`${name}==`));
      expect(locked, basename(path)).not.toHaveLength(0);
      if (version !== undefined) expect(locked).toEqual([`${name}==${version}`]);
    }
  });
});

it('a step runs on the kfp that the SDK compiles for', () => {
  const kfpIn = (name: string): readonly string[] =>
    [...requirementsIn(resourcePath('dev-cluster', 'embedded', 'python', name)).keys()].filter((one) =>
      one.startsWith('kfp=='),
    );
  expect(kfpIn('kfp-runtime.lock.txt')).toEqual(kfpIn('kfp.lock.txt'));
});
