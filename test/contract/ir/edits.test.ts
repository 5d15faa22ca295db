/** What random gestures leave behind, read by PyYAML, the SDK's protobuf classes and the SDK's loader. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { run, sequences } from '../../builders/gestureSequence.ts';

const answer = z.record(
  z.string(),
  z.object({ documents: z.array(z.unknown()), error: z.string().nullable() }),
);

/** A seed finds a failure again; the night's runs may take others. */
const seed = Number(process.env['SLIPWAY_SEED'] ?? 20_261_124);

test('edited pipelines mean the same to the SDK', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway edits '));
  try {
    const played = fc.sample(sequences, { seed, numRuns: 150 }).map((sequence) => run(...sequence));
    const texts = new Map(played.map(({ name, variant, text }, i) => [`${i} ${variant} ${name}`, text]));
    for (const [name, text] of texts) writeFileSync(join(folder, name), text);
    const { python } = await new PythonEnvironments().sdk(new AbortController().signal);
    const { stdout } = await promisify(execFile)(
      python,
      [join(import.meta.dirname, 'load_edited.py'), folder],
      {
        maxBuffer: 256 * 1024 * 1024,
      },
    );
    const theirs = answer.parse(JSON.parse(stdout));
    expect(Object.keys(theirs)).toHaveLength(texts.size);
    expect(
      Object.entries(theirs).flatMap(([name, { error }]) => (error === null ? [] : [`${name}: ${error}`])),
    ).toEqual([]);
    for (const [name, text] of texts) {
      const ours = parseAllDocuments(text).map((document) => document.toJS() as unknown);
      expect(theirs[name]?.documents, name).toEqual(ours);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
