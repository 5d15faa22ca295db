import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { terminationMessage } from '../../../dev-cluster/embedded/node-agent/pods/terminationMessage.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway message '));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function message(options: {
  readonly file?: string;
  readonly log?: string;
  readonly policy?: string;
  readonly exitCode?: number;
  readonly containers?: number;
}): Promise<string | undefined> {
  const [messageFile, logFile] = [join(folder, 'message'), join(folder, 'log')];
  if (options.file !== undefined) await writeFile(messageFile, options.file);
  await writeFile(logFile, options.log ?? '');
  return terminationMessage({
    spec: {
      name: 'c',
      ...(options.policy === undefined ? {} : { terminationMessagePolicy: options.policy }),
    },
    exitCode: options.exitCode ?? 1,
    messageFile,
    logFile,
    containersOfPod: options.containers ?? 1,
  });
}

it('is the file, up to 4096 bytes, fewer when the pod has many containers', async () => {
  expect(await message({ file: 'bye\n' })).toBe('bye\n');
  expect((await message({ file: 'x'.repeat(9000) }))?.length).toBe(4096);
  expect((await message({ file: 'x'.repeat(9000), containers: 6 }))?.length).toBe(2048);
});

it('falls back to the end of the log, where the policy says so and it failed', async () => {
  const log = Array.from({ length: 200 }, (_, index) => `l${index}\n`).join('');
  const policy = 'FallbackToLogsOnError';
  expect(await message({ log })).toBeUndefined();
  expect(await message({ log, policy, exitCode: 0 })).toBeUndefined();
  const text = await message({ log, policy, file: '' });
  expect(text?.split('\n').slice(0, -1)).toEqual(Array.from({ length: 80 }, (_, index) => `l${index + 120}`));
});
