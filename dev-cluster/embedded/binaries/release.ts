/** `node release.ts OS ARCH FOLDER [NAME…]`: archives of the programs for a system, as archives.ts fetches them. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { runTool } from '../python/tool.ts';
import { buildArguments } from './build.ts';
import { goEnvironment } from './go.ts';
import { writeOverlay } from './overlay.ts';
import { programFile, programFiles } from './programs.ts';

const [os = '', arch = '', folder = '', ...names] = process.argv.slice(2);
if (folder === '') throw new Error('Usage: release.ts OS ARCH FOLDER [NAME…]');
await mkdir(folder, { recursive: true });
const { signal } = new AbortController();
const env = { ...goEnvironment(), GOOS: os, GOARCH: arch };
const onLine = (line: string): void => void process.stderr.write(`${line}\n`);
const scratch = await mkdtemp(join(tmpdir(), 'slipway-release-'));
try {
  for (const program of programFiles) {
    if (names.length > 0 && !names.includes(program.name)) continue;
    const built = join(scratch, program.name);
    const overlay = await writeOverlay(program, { command: 'go', env, folder: scratch, onLine }, signal);
    const { code, stderrTail } = await runTool(
      'go',
      buildArguments(program, built, overlay),
      { env, onLine },
      signal,
    );
    if (code !== 0) throw new Error(`${program.name}: ${stderrTail.join('\n')}`);
    const archive = join(folder, `${programFile(program, `${os}-${arch}`)}.gz`);
    // No name and no time in it: the same program is the same file.
    await pipeline(
      createReadStream(built),
      createGzip({ level: constants.Z_BEST_COMPRESSION }),
      createWriteStream(archive),
    );
    process.stdout.write(`${archive}\n`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
