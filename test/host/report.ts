import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const schema = z.object({
  found: z.int(),
  passed: z.int(),
  failures: z.array(z.object({ title: z.string(), message: z.string() })),
  /** False while the suite runs, and for ever when the host died in it. */
  finished: z.boolean(),
});

export type HostReport = z.infer<typeof schema>;

/** A run of the suite in one editor: good when there are no faults. */
export interface HostRun {
  readonly report: HostReport | undefined;
  readonly faults: readonly string[];
}

/** `undefined` when the host never got as far as counting its tests. */
export async function readHostReport(path: string): Promise<HostReport | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Why a run is not good, in sentences; empty when every test found ran and passed. */
export function faults(report: HostReport | undefined): string[] {
  if (report === undefined) return ['The extension host wrote no report: it ended before the tests began.'];
  const ran = report.passed + report.failures.length;
  return [
    ...(report.finished ? [] : ['The extension host ended in the middle of the suite.']),
    ...(report.found === 0 ? ['The suite holds no tests.'] : []),
    ...(report.finished && ran < report.found
      ? [`${report.found - ran} tests were found but did not run.`]
      : []),
    ...report.failures.map(({ title, message }) => `${title}\n${message}`),
  ];
}
