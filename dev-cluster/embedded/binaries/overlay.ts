/**
 * A program with a few lines that are other ones here. Go lets nobody replace a file of a module that it downloaded, so
 * the changed main package takes the place of one in our own module, which only Go's `-overlay` knows of.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { writePrivateFile } from '../files.ts';
import { resourcePath } from '../python/resources.ts';
import { runTool } from '../python/tool.ts';
import type { Program, SourceChange } from './programs.ts';

const DOWNLOAD_TIMEOUT_MS = 20 * 60_000;
const PACKAGE = './changed';

/** What `go build` gets instead of the program's package. */
export interface Overlay {
  readonly path: string;
  readonly package: string;
}

export interface OverlayOptions {
  /** `go`. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  /** Its files go here. */
  readonly folder: string;
  readonly onLine: (line: string) => void;
}

/** `undefined` when the program is built as its authors wrote it. Downloads its module. */
export async function writeOverlay(
  program: Program,
  { command, env, folder, onLine }: OverlayOptions,
  signal: AbortSignal,
): Promise<Overlay | undefined> {
  if (program.changes === undefined) return undefined;
  const { code, stdout, stderrTail } = await runTool(
    command,
    ['-C', moduleFolder(program), 'list', '-f', '{{.Dir}}', program.package],
    { env, onLine },
    AbortSignal.any([signal, AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)]),
  );
  if (code !== 0) throw new Error(stderrTail.at(-1)?.trim() ?? `Go ended with ${String(code)}.`);
  const original = await readFile(join(stdout.trim(), 'main.go'), 'utf8');
  const changed = join(folder, 'main.go');
  const path = join(folder, 'overlay.json');
  await writePrivateFile(changed, changeSource(original, program.changes, program));
  const place = join(moduleFolder(program), PACKAGE, 'main.go');
  await writePrivateFile(path, JSON.stringify({ Replace: { [place]: changed } }));
  return { path, package: PACKAGE };
}

/** Throws when the source isn't the one that the changes were written for. */
export function changeSource(
  text: string,
  changes: readonly SourceChange[],
  { name, version }: Pick<Program, 'name' | 'version'>,
): string {
  return changes.reduce((changed, { from, to }) => {
    const [before, after, ...more] = changed.split(from);
    if (before === undefined || after === undefined || more.length > 0)
      throw new SlipwayError(
        'otherSource',
        `The source of ${name} ${version} has not the one line "${from}" that is changed in it`,
      );
    return before + to + after;
  }, text);
}

/** The folder with the go.mod that pins the program. */
export function moduleFolder({ module }: Program): string {
  return resourcePath('dev-cluster', 'embedded', 'binaries', 'modules', module);
}
