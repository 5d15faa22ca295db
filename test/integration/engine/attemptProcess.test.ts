/** The claim: between a process that is being born and a recovery, exactly one wins. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { find, launch, signalGroup } from '../../../dev-cluster/embedded/kfp/engine/attemptProcess.ts';
import { processIdentity } from '../../../dev-cluster/embedded/kfp/engine/processIdentity.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-attempt-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const start = (...argv: string[]) =>
  launch({ folder, logPath: join(folder, 'log'), argv, env: process.env, cwd: folder });

test('a process that comes after a recovery does nothing', async () => {
  expect(await find(folder, never)).toEqual({ kind: 'neverStarted' });
  const attempt = await start('touch', join(folder, 'ran'));
  expect(await attempt.ended).toMatchObject({ kind: 'exit', code: 125 });
  expect(existsSync(join(folder, 'ran'))).toBe(false);
  // And a second recovery sees the first one's claim.
  expect(await find(folder, never)).toEqual({ kind: 'neverStarted' });
});

test('a process that runs is found by pid and start time, and waited for', async () => {
  const gate = join(folder, 'gate');
  const attempt = await start('sh', '-c', `while [ ! -e ${gate} ]; do sleep 0.02; done; exit 7`);
  await expect
    .poll(
      () =>
        existsSync(join(folder, 'claim')) && readFileSync(join(folder, 'claim'), 'utf8').split('\n').length,
    )
    .toBe(4);
  const found = await find(folder, never);
  if (found.kind !== 'running') throw new Error(found.kind);
  expect(found.attempt.pid).toBe(attempt.pid);
  expect(found.attempt.identity).toBe(processIdentity(attempt.pid));
  expect(found.attempt.identity).toBe(attempt.identity);
  writeFileSync(gate, '');
  expect(await found.attempt.ended).toEqual({ kind: 'exit', code: 7, signal: null });
  expect(await attempt.ended).toEqual({ kind: 'exit', code: 7, signal: null });
  expect(await find(folder, never)).toEqual({ kind: 'ended', end: { kind: 'exit', code: 7, signal: null } });
});

test('a pid that is another process by now is not ours', async () => {
  writeFileSync(
    join(folder, 'claim'),
    `${process.pid}\nanother-boot\n${readFileSync('/proc/self/stat', 'utf8')}`,
  );
  expect(await find(folder, never)).toEqual({ kind: 'ended', end: { kind: 'lost' } });
});

test('a process that is just writing its claim is waited for', async () => {
  writeFileSync(join(folder, 'claim'), '');
  const finding = find(folder, never);
  const stat = readFileSync('/proc/self/stat', 'utf8').trim();
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  writeFileSync(join(folder, 'claim'), `${process.pid}\n${boot}\n${stat}\n`);
  expect(await finding).toMatchObject({ kind: 'running', attempt: { pid: process.pid } });
});

test('SIGTERM to the group leaves an exit code behind', async () => {
  const running = join(folder, 'running');
  const attempt = await start('sh', '-c', `touch ${running}; exec sleep 600`);
  await expect.poll(() => existsSync(running), { timeout: 30_000 }).toBe(true);
  signalGroup(attempt.pid, 'SIGTERM');
  expect(await attempt.ended).toEqual({ kind: 'exit', code: 143, signal: 'SIGTERM' });
  expect(readFileSync(join(folder, 'exit'), 'utf8')).toBe('143\n');
});

test('a folder that was never made means that nothing ran', async () => {
  const missing = join(folder, 'missing');
  expect(await find(missing, never)).toEqual({ kind: 'neverStarted' });
  expect(existsSync(missing)).toBe(false);
});
