/** Who runs in a home, told by the system's own process table: no list of ours is asked. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** `pid command` of each living process that has the folder in its command line, environment or working folder. */
export function processesIn(folder: string): readonly string[] {
  if (process.platform !== 'linux') {
    const rows = execFileSync('ps', ['-axww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n');
    return rows.filter((row) => row.includes(folder) && Number.parseInt(row, 10) !== process.pid);
  }
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // Of a zombie both are empty.
      const where = [command, readFileSync(`/proc/${pid}/environ`, 'utf8'), readlinkSync(`/proc/${pid}/cwd`)];
      if (where.some((text) => text.includes(folder))) found.push(`${pid} ${command}`);
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
  return found;
}
