/** Tells a process from a later one with the same pid: by boot and start time. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** `undefined` when there is no such process. */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      return identityFromProc(bootId(), readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return undefined;
    }
  }
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? undefined : started;
  } catch {
    return undefined;
  }
}

/**
 * From the text of `/proc/<pid>/stat`; zombies count as gone. While other threads of it still end, the process has its
 * ports and files, although its first thread is a zombie already.
 */
export function identityFromProc(boot: string, stat: string): string | undefined {
  // The command name may hold spaces and brackets: fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isZombie = fields[0] === 'Z' || fields[0] === 'X';
  if (isZombie && Number(fields[17]) <= 1) return undefined;
  return `${boot.trim()}:${fields[19] ?? ''}`;
}

let boot: string | undefined;
function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  return boot;
}
