/** Bundles every test/host/suite/*.test.ts into test/.out/host/suite.js, the file the extension host is told to run. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const output = join(here, '..', '.out', 'host');

/** The bundle's path. */
export async function bundleHostSuite(): Promise<string> {
  await mkdir(output, { recursive: true });
  // The repository is ESM; the extension host requires CommonJS.
  await writeFile(join(output, 'package.json'), '{"type":"commonjs"}\n');
  const tests = (await readdir(join(here, 'suite'))).filter((file) => file.endsWith('.test.ts')).sort();
  const imports = tests.map((file) => `await import('./suite/${file}');`).join('\n');
  const outfile = join(output, 'suite.js');
  await build({
    stdin: {
      contents: `import { runSuite } from './mocha.ts';\nexport const run = () => runSuite(async () => {\n${imports}\n});`,
      resolveDir: here,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    outfile,
  });
  return outfile;
}

if (import.meta.main) await bundleHostSuite();
