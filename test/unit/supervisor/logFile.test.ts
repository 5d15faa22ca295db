/** What a process said last, for people; a log that stays small. */
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastLogLine, rotate, rotateLive } from '../../../dev-cluster/embedded/supervisor/logFile.ts';

const MAX_BYTES = 10 * 1024 * 1024;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-log-'));
  path = join(folder, 'a.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each([
  ['slipway: The port is taken.\n\n', 'The port is taken.'],
  ['one\ntwo\n', 'two'],
  [
    '{"level":"fatal","ts":"2026-01-01","msg":"discovery failed","error":"wal: crc mismatch"}\n',
    'discovery failed: wal: crc mismatch',
  ],
  ['{"level":"info","msg":"closing"}\n', 'closing'],
  ['{not json\n', '{not json'],
  [
    'E1124 09:45:35.470123   12345 run.go:72] "command failed" err="no key"\n',
    '"command failed" err="no key"',
  ],
])('reads %j as %j', async (text, line) => {
  writeFileSync(path, text);
  expect(await lastLogLine(path)).toBe(line);
});

it('takes nothing from before the start', async () => {
  writeFileSync(path, 'of an earlier start\n');
  expect(await lastLogLine(path, statSync(path).size)).toBeUndefined();
  appendFileSync(path, 'of this one\n');
  expect(await lastLogLine(path, 20)).toBe('of this one');
  expect(await lastLogLine(join(folder, 'none.log'))).toBeUndefined();
});

it('is emptied while its component goes on writing to it, and nothing is lost', () => {
  const writer = openSync(path, 'a');
  writeSync(writer, Buffer.alloc(MAX_BYTES, 'x'));
  rotateLive(path);
  expect(statSync(path).size).toBe(MAX_BYTES);
  writeSync(writer, 'y');
  rotateLive(path);
  writeSync(writer, 'after\n');
  closeSync(writer);
  expect(readFileSync(path, 'utf8')).toBe('after\n');
  expect(statSync(`${path}.1`).size).toBe(MAX_BYTES + 1);
});

it('is moved away before a start when it is large', () => {
  writeFileSync(path, Buffer.alloc(MAX_BYTES + 1));
  rotate(path);
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  expect(statSync(`${path}.1`).size).toBe(MAX_BYTES + 1);
});
