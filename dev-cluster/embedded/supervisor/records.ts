/** Which process each service is: on disk from the moment it runs, so that whoever comes next can adopt or stop it. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readStateFile } from '../files.ts';
import { isSameProcess, processRecord } from '../processes.ts';
import { supervisorPaths } from './paths.ts';

/**
 * With the component's version and the build of Slipway that started it: a process of another one isn't adopted, its
 * flags and its code may be other ones. Records without a build are of the first ones.
 */
const serviceRecord = processRecord.extend({ version: z.string(), build: z.string().default('') });
export type ServiceRecord = z.infer<typeof serviceRecord>;

function recordPath(name: string): string {
  return join(supervisorPaths().processes, `${name}.json`);
}

/** The service's process, if it lives: whoever started it. */
export async function livingService(name: string): Promise<ServiceRecord | undefined> {
  const record = await readStateFile(recordPath(name), serviceRecord);
  return record !== undefined && isSameProcess(record.pid, record.started) ? record : undefined;
}

/** At once: between the start of a process and its record nothing else may happen. */
export function recordService(name: string, record: ServiceRecord): void {
  const path = recordPath(name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.partial`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.partial`, path);
}

export function forgetService(name: string): Promise<void> {
  return rm(recordPath(name), { force: true });
}
