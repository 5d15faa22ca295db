/** A process is its pid and its start time: pids are used again. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The start time as the system counts it, or `undefined` when no process (or only a zombie) has the pid. */
export function processStarted(pid: number): string | undefined {
  return process.platform === 'linux' ? linuxStarted(pid) : psStarted(pid);
}

/** True while the very process that had this start time lives. */
export function isSameProcess(pid: number, started: string): boolean {
  return processStarted(pid) === started;
}

/** Clock ticks since boot: field 22 of /proc/<pid>/stat, behind a name that may hold spaces and brackets. */
function linuxStarted(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields[19];
  return fields[0] === 'Z' || ticks === undefined ? undefined : `${bootId()}:${ticks}`;
}

let boot: string | undefined;

/** Ticks begin anew with each boot. */
function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  return boot;
}

function psStarted(pid: number): string | undefined {
  try {
    const said = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    }).trim();
    return said === '' || said.startsWith('Z') ? undefined : said.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/** Resident memory in MiB; `undefined` when it can't be told. */
export function processMemoryMiB(pid: number): number | undefined {
  try {
    if (process.platform === 'linux') {
      const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
    }
    return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024);
  } catch {
    return undefined;
  }
}
