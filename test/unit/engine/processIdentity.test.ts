/** Who lives, by lines as Linux's /proc/<pid>/stat has them (proc_pid_stat(5)). */
import { expect, it } from 'vitest';
import { identityFromProc } from '../../../dev-cluster/embedded/kfp/engine/processIdentity.ts';

const line = (name: string, state: string, threads: number): string =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194560 1 0 0 0 5 3 0 0 20 0 ${threads} 0 987654 0 0`;

it.each([
  ['sleeps', line('node', 'S', 11), 'boot:987654'],
  ['has a name with brackets and spaces', line('a ) Z (b', 'R', 1), 'boot:987654'],
  ['is a zombie', line('sh', 'Z', 1), undefined],
  ['is dead', line('sh', 'X', 0), undefined],
  // Its other threads still hold its ports.
  ['ends', line('kube-apiserver', 'Z', 9), 'boot:987654'],
])('a process that %s', (_, stat, identity) => {
  expect(identityFromProc('boot\n', stat)).toBe(identity);
});
