/**
 * The pipeline service's one SQLite file. Opened by one process at a time; a step's rows change in one `transaction`,
 * so a killed process leaves all of them or none.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SlipwayError } from '../../../../src/core/base/errors.ts';
import { MIGRATIONS } from './schema.ts';

export type StoreErrorReason = 'full' | 'readOnly' | 'locked' | 'newer' | 'corrupt' | 'failed';

/** The state file can't be used. The api answers 5xx with its sentence; what was stored stays. */
export class StoreError extends SlipwayError<StoreErrorReason> {}

/** By SQLite's primary result code. */
const KNOWN: readonly (readonly [code: number, reason: StoreErrorReason, message: string, action: string])[] =
  [
    [
      5,
      'locked',
      'The state of the pipeline service is in use by another process.',
      'Stop the other pipeline service, or choose another SLIPWAY_HOME.',
    ],
    [
      8,
      'readOnly',
      "The state of the pipeline service can't be written.",
      'Make its folder writable, or choose another SLIPWAY_HOME.',
    ],
    [
      10,
      'full',
      "The disk refused to store the pipeline service's state.",
      'Check the disk and its free space; runs go on by themselves.',
    ],
    [
      11,
      'corrupt',
      'The state of the pipeline service is damaged.',
      'Move its folder away and start again; the runs in it are lost.',
    ],
    [
      13,
      'full',
      'The disk that holds the state of the pipeline service is full.',
      'Free some space; runs go on by themselves.',
    ],
    [
      14,
      'readOnly',
      "The state of the pipeline service can't be opened.",
      'Check that its folder exists and is writable, or choose another SLIPWAY_HOME.',
    ],
    [26, 'corrupt', "The state file isn't the pipeline service's.", 'Move it away and start again.'],
  ];

/** Opens, creates or migrates. A file of a later version is refused (`newer`) and left as it was. */
export function openDatabase(file: string): DatabaseSync {
  try {
    if (file !== ':memory:') {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      // SQLite gives its other files the mode of this one.
      closeSync(openSync(file, 'a', 0o600));
    }
    const db = new DatabaseSync(file, { timeout: 5_000, enableForeignKeyConstraints: true });
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      migrate(db, file);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw storeError(error);
  }
}

function migrate(db: DatabaseSync, file: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      'newer',
      `${file} was written by a newer Slipway (state version ${version}; this one knows ${MIGRATIONS.length}).`,
      { action: 'Update Slipway, or choose another SLIPWAY_HOME.' },
    );
  }
  if (version === MIGRATIONS.length) return;
  transaction(db, () => {
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

/** All or nothing. Synchronous; a call inside a transaction joins it. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  if (db.isTransaction) return work();
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

function rollBack(db: DatabaseSync): void {
  // On a full disk SQLite may have rolled back by itself.
  if (db.isTransaction) db.exec('ROLLBACK');
}

/**
 * SQLite's and the file system's refusals as StoreErrors; everything else comes back as it was. Statements throw
 * node:sqlite's own errors: call this where an error is shown or acted on.
 */
export function storeError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const code = primaryCode(error);
  const known = KNOWN.find(([one]) => one === code);
  if (known) return new StoreError(known[1], known[2], { action: known[3], cause: error });
  // Constraints stay as they are: isDuplicate (rows.ts) tells them apart.
  return error;
}

function primaryCode(error: Error): number | undefined {
  // The low byte is SQLite's primary code; the rest tells sub-cases apart.
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 8;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 13;
  return undefined;
}
