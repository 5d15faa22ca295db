import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  openDatabase,
  StoreError,
  storeError,
  transaction,
} from '../../../dev-cluster/embedded/kfp/store/database.ts';
import { openStores } from '../../../dev-cluster/embedded/kfp/store/stores.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const newRun = (id: string) => ({
  id,
  displayName: id,
  description: '',
  experimentId: '',
  createdAt: 1,
  pipelineId: null,
  versionId: null,
  spec: {},
  parameters: { a: [1] },
  pipelineRoot: '',
  serviceAccount: '',
});

test('a file of a newer version is refused by name and left as it was', () => {
  const file = join(folder, 'state.db');
  const db = openDatabase(file);
  db.exec('PRAGMA user_version = 99');
  db.close();
  const before = readFileSync(file);
  expect(() => openDatabase(file)).toThrow(StoreError);
  expect(() => openDatabase(file)).toThrow(file);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('what is not a database is refused with a sentence', () => {
  const file = join(folder, 'state.db');
  writeFileSync(file, 'not a database, but long enough to be taken for one at first sight'.repeat(20));
  expect(() => openDatabase(file)).toThrow(expect.objectContaining({ reason: 'corrupt' }));
});

test('a folder that cannot be made is refused with a sentence', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => openDatabase(join(folder, 'file', 'state.db'))).toThrow();
  expect(storeError(Object.assign(new Error('x'), { code: 'EROFS' }))).toMatchObject({ reason: 'readOnly' });
  expect(storeError(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toMatchObject({ reason: 'full' });
});

test('a transaction is all or nothing, and one inside another is part of it', () => {
  const { db, runs } = openStores(openDatabase(':memory:'));
  expect(() =>
    transaction(db, () => {
      runs.insert(newRun('a'));
      transaction(db, () => runs.insert(newRun('b')));
      throw new Error('no');
    }),
  ).toThrow('no');
  expect([runs.get('a'), runs.get('b')]).toEqual([undefined, undefined]);
  runs.insert(newRun('a'));
  expect(runs.get('a')).toMatchObject({ state: 'PENDING', parameters: { a: [1] }, finishedAt: null });
  runs.setState('a', { state: 'FAILED', at: 5, error: 'why', finishedAt: 5 });
  expect(runs.get('a')).toMatchObject({
    state: 'FAILED',
    error: 'why',
    finishedAt: 5,
    stateHistory: [
      { state: 'PENDING', at: 1 },
      { state: 'FAILED', at: 5, error: 'why' },
    ],
  });
});

test('a run takes its tasks, attempts and links with it, and leaves artifacts to those that use them', () => {
  const { db, runs, tasks, attempts, artifacts } = openStores(openDatabase(':memory:'));
  runs.insert(newRun('a'));
  tasks.insert({
    id: 't',
    runId: 'a',
    parentId: null,
    name: 'root',
    displayName: 'root',
    kind: 'ROOT',
    state: 'RUNNING',
    scopePath: 'root',
    iteration: null,
    iterationCount: null,
    createdAt: 1,
    startedAt: 1,
    finishedAt: null,
    error: null,
    cacheFingerprint: null,
    notes: { image: 'not in its image' },
    inputs: { parameters: [{ key: 'x', value: null, type: 'COMPONENT_INPUT' }], artifacts: [] },
    outputs: { parameters: [], artifacts: [] },
    stateHistory: [{ state: 'RUNNING', at: 1 }],
  });
  expect(tasks.get('t')).toMatchObject({
    notes: { image: 'not in its image' },
    inputs: { parameters: [{ key: 'x', value: null }] },
  });
  attempts.insert({ name: 'n', taskId: 't', runId: 'a', number: 1, startedAt: 1, logPath: '/l' });
  artifacts.insert({
    id: 'f',
    name: 'd',
    type: 'system.Dataset',
    uri: '/d',
    metadata: { k: 1 },
    numberValue: null,
    createdAt: 1,
  });
  artifacts.link({
    artifactId: 'f',
    runId: 'a',
    taskId: 't',
    type: 'OUTPUT',
    key: 'd',
    producer: { taskName: 'root' },
  });
  expect(artifacts.ofRun('a')).toHaveLength(1);
  expect(artifacts.findSame('/d', 'system.Dataset', { k: 1 })?.id).toBe('f');
  expect(artifacts.findSame('/d', 'system.Dataset', { k: 2 })).toBeUndefined();
  runs.delete('a');
  expect([tasks.ofRun('a'), attempts.ofRun('a'), artifacts.ofRun('a')]).toEqual([[], [], []]);
  expect(artifacts.get('f')).toBeDefined();
  db.close();
});
