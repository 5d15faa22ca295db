import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  groupUsage,
  membersOf,
  rowFromStat,
  rowsFromPs,
  type ProcessRow,
} from '../../../dev-cluster/embedded/node-agent/usage.ts';

function row(pid: number, parent: number, group: number, session: number): ProcessRow {
  return { pid, parent, group, session, cpuSeconds: 0, residentBytes: 0 };
}

const pidsOf = (members: ReadonlyMap<number, readonly ProcessRow[]>): Record<number, readonly number[]> =>
  Object.fromEntries(Array.from(members, ([leader, rows]) => [leader, rows.map(({ pid }) => pid)]));

describe('members of a container', () => {
  it('are its group, its session and all descendants, in sessions of their own too', () => {
    const table = [
      row(1, 0, 1, 1),
      row(10, 1, 10, 10),
      row(11, 10, 10, 10), // same group
      row(12, 11, 12, 10), // own group, same session (a shell's job)
      row(13, 12, 13, 13), // own session
      row(14, 13, 13, 13),
      row(15, 1, 10, 10), // its parent ended
      row(20, 1, 20, 20),
      row(30, 1, 30, 30),
    ];
    expect(pidsOf(membersOf([10, 20, 40], table))).toEqual({ 10: [10, 11, 12, 13, 14, 15], 20: [20] });
  });

  it('count once, for the nearest leader', () => {
    const table = [row(10, 1, 10, 10), row(11, 10, 11, 11), row(12, 11, 11, 11)];
    expect(pidsOf(membersOf([10, 11], table))).toEqual({ 10: [10], 11: [11, 12] });
  });

  it('are found in a table whose parents go in a circle', () => {
    expect(pidsOf(membersOf([5], [row(2, 3, 2, 2), row(3, 2, 3, 3), row(5, 1, 5, 5)]))).toEqual({ 5: [5] });
  });
});

describe('the process table', () => {
  it('reads /proc/<pid>/stat, whatever the name of the program', () => {
    const stat =
      '4242 (a ) b (c) R 7 8 9 34816 4242 4194304 100 0 0 0 150 25 300 25 20 0 1 0 99 1000 50 18446744073709551615';
    expect(rowFromStat(stat)).toEqual({
      pid: 4242,
      parent: 7,
      group: 8,
      session: 9,
      cpuSeconds: 5,
      residentBytes: 0,
    });
  });

  it('reads what ps prints on macOS and on Linux', () => {
    expect(rowsFromPs('    1     0     1   1024   0:01.50\n  501     1   501     10 2-03:04:05\n')).toEqual([
      { pid: 1, parent: 0, group: 1, session: 0, cpuSeconds: 1.5, residentBytes: 1024 * 1024 },
      { pid: 501, parent: 1, group: 501, session: 0, cpuSeconds: 183_845, residentBytes: 10 * 1024 },
    ]);
  });
});

describe('usage', () => {
  it('grows with what a group and its child in an own session hold and compute', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const held = Buffer.alloc(64 * 1024 * 1024, 1);
      const end = process.cpuUsage().user + 100_000;
      while (process.cpuUsage().user < end);
      if (process.argv[1] === 'parent') {
        const child = spawn(process.execPath, ['-e', process.argv[2], 'child'], { detached: true, stdio: ['pipe', 'inherit', 'inherit'] });
        process.stdin.on('end', () => process.exit());
        process.stdin.resume();
      } else {
        process.stdin.on('end', () => process.exit());
        process.stdin.resume();
        console.log('ready', held.length);
      }`;
    const group = spawn(process.execPath, ['-e', script, 'parent', script], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await once(group.stdout, 'data');
      const pid = group.pid ?? 0;
      const usage = (await groupUsage([pid, 2 ** 22 - 1])).get(pid);
      expect(usage?.memoryBytes).toBeGreaterThan(128 * 1024 * 1024);
      expect(usage?.memoryBytes).toBeLessThan(512 * 1024 * 1024);
      expect(usage?.cpuSeconds).toBeGreaterThanOrEqual(0.2);
      expect(usage?.cpuSeconds).toBeLessThan(20);
    } finally {
      group.stdin.end();
      await once(group, 'exit');
    }
  });
});
