/** `npm run bench -- [suite…]`: JSON lines, then a table. Never fails on time. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchRow, BenchSuite } from './suite.ts';

const here = import.meta.dirname;
const available = (await readdir(here))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !available.includes(name));
if (unknown.length > 0) {
  console.error(`No suite named ${unknown.join(', ')}. There are: ${available.join(', ')}.`);
  process.exit(2);
}

const rows: (BenchRow & { suite: string; ratio?: number })[] = [];
for (const suite of wanted.length > 0 ? wanted : available) {
  const { run } = (await import(join(here, `${suite}.bench.ts`))) as { run: BenchSuite };
  await run((row) => {
    const ratio = row.theirs === undefined ? {} : { ratio: Number((row.ours / row.theirs).toFixed(3)) };
    const full = { suite, ...row, ...ratio };
    rows.push(full);
    console.log(JSON.stringify(full));
  });
}
console.table(rows);
