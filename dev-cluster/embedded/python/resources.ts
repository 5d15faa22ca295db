/** Where the files that ship beside the code are, in the repository and in the installed extension alike. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const manifest = z.object({ name: z.string() });

/**
 * Absolute path of a file or folder that ships with the extension, by its path from the extension's root, e.g.
 * `dev-cluster/seed`. The bundles run from `<root>/dist`, the sources from `<root>/dev-cluster/embedded/python`.
 */
export function resourcePath(...segments: readonly string[]): string {
  return join(extensionRoot(), ...segments);
}

function extensionRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (nameOf(join(folder, 'package.json')) === 'slipway') return folder;
    if (folder === dirname(folder))
      throw new Error('Slipway runs outside its own folder: no package.json named slipway above it.');
  }
}

function nameOf(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  // dist/package.json says only {"type":"commonjs"}.
  const parsed = manifest.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data.name : undefined;
}
