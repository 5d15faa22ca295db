/** What containers use: memory and CPU time of process groups and all that they started. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface Usage {
  /** Proportional set size on Linux, so that shared pages count once; resident size elsewhere. */
  readonly memoryBytes: number;
  /** User and system time since the group started, with children that have ended and been waited for. */
  readonly cpuSeconds: number;
}

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** 0 where the system doesn't tell. */
  readonly session: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Of USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * By the leader's pid. Counts the leader's process group, its session, and their descendants, in sessions of their own
 * too; a process that left both its session and its parents is not seen. Leaders that are gone are absent, unless others
 * of their group live. One look at the process table, and one more file per process counted.
 */
export async function groupUsage(leaders: readonly number[]): Promise<Map<number, Usage>> {
  if (leaders.length === 0) return new Map();
  const members = membersOf(leaders, await processTable());
  const usage = new Map<number, Usage>();
  await Promise.all(
    Array.from(members, async ([leader, rows]) => {
      const memory = await Promise.all(rows.map(memoryOf));
      usage.set(leader, {
        memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0),
        cpuSeconds: rows.reduce((sum, row) => sum + row.cpuSeconds, 0),
      });
    }),
  );
  return usage;
}

/** Pids of each leader's group, session and descendants, as `groupUsage` counts them: whom to kill with a container. */
export async function groupMembers(leaders: readonly number[]): Promise<Map<number, readonly number[]>> {
  if (leaders.length === 0) return new Map();
  const members = membersOf(leaders, await processTable());
  return new Map(Array.from(members, ([leader, rows]) => [leader, rows.map(({ pid }) => pid)]));
}

/** Each process counts for one leader: the nearest above it, itself included. */
export function membersOf(
  leaders: readonly number[],
  table: readonly ProcessRow[],
): Map<number, readonly ProcessRow[]> {
  const isLeader = new Set(leaders);
  const rows = new Map(table.map((row) => [row.pid, row]));
  const owners = new Map<number, number | undefined>();
  const ownerOf = (row: ProcessRow): number | undefined => {
    if (owners.has(row.pid)) return owners.get(row.pid);
    owners.set(row.pid, undefined); // The table isn't read at one instant: a reused pid can make a circle of parents.
    let owner: number | undefined;
    if (isLeader.has(row.pid)) owner = row.pid;
    else if (isLeader.has(row.group)) owner = row.group;
    else if (isLeader.has(row.session)) owner = row.session;
    else {
      const parent = rows.get(row.parent);
      owner = parent === undefined ? undefined : ownerOf(parent);
    }
    owners.set(row.pid, owner);
    return owner;
  };
  const members = new Map<number, ProcessRow[]>();
  for (const row of table) {
    const owner = ownerOf(row);
    if (owner === undefined) continue;
    const known = members.get(owner);
    if (known === undefined) members.set(owner, [row]);
    else known.push(row);
  }
  return members;
}

/** All processes that this user may see. */
export async function processTable(): Promise<readonly ProcessRow[]> {
  if (process.platform !== 'linux') {
    const columns = 'pid=,ppid=,pgid=,rss=,time=';
    const { stdout } = await promisify(execFile)('ps', ['-axo', columns], { maxBuffer: 16 * 1024 * 1024 });
    return rowsFromPs(stdout);
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(
    pids.map(async (pid) => {
      try {
        return rowFromStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
      } catch {
        return undefined; // It ended meanwhile.
      }
    }),
  );
  return rows.filter((row) => row !== undefined);
}

/** From the text of `/proc/<pid>/stat`. */
export function rowFromStat(stat: string): ProcessRow {
  // The command name may hold spaces and brackets: fields are counted from its end, the state being the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(stat, 10),
    parent: field(4),
    group: field(5),
    session: field(6),
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / TICKS_PER_SECOND,
    residentBytes: 0,
  };
}

/** From `ps -axo pid=,ppid=,pgid=,rss=,time=`; the time is `[[days-]hours:]minutes:seconds[.fraction]`. */
export function rowsFromPs(text: string): readonly ProcessRow[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [pid = '', parent = '', group = '', kib = '', time = ''] = line.trim().split(/\s+/);
      const [days, clock] = time.includes('-') ? time.split('-', 2) : ['0', time];
      const seconds = (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
      return {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        session: 0,
        cpuSeconds: Number(days) * 86_400 + seconds,
        residentBytes: Number(kib) * 1024,
      };
    });
}

/** As `Usage.memoryBytes`, of one process. */
export async function memoryOf({ pid, residentBytes }: ProcessRow): Promise<number> {
  if (process.platform !== 'linux') return residentBytes;
  const proportional = await bytesFrom(`/proc/${pid}/smaps_rollup`, 'Pss');
  return proportional ?? (await bytesFrom(`/proc/${pid}/status`, 'VmRSS')) ?? 0;
}

/** Bytes of a `Name:  123 kB` line; `undefined` when the file may not be read (another user's) or is gone. */
async function bytesFrom(path: string, field: string): Promise<number | undefined> {
  try {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(await readFile(path, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
