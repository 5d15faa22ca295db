/** The packages that Slipway was asked to be built on are really used: reached from what ships, or from the test command. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');
const manifest = z
  .object({
    engines: z.object({ vscode: z.string() }),
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    enabledApiProposals: z.unknown().optional(),
  })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
const installed = { ...manifest.devDependencies, ...manifest.dependencies };

/** Package in package.json → the module that code imports from it. */
const named = {
  '@types/vscode': 'vscode',
  '@vscode/webview-ui-toolkit': '@vscode/webview-ui-toolkit',
  '@kubernetes/client-node': '@kubernetes/client-node',
  '@vscode/test-electron': '@vscode/test-electron',
  axios: 'axios',
  esbuild: 'esbuild',
  ioredis: 'ioredis',
  yaml: 'yaml',
} as const;

const entryPoints = [
  'src/extension.ts',
  'src/session.ts',
  'src/graph-worker.ts',
  'src/cli/main.ts',
  'webviews/pipelines/runGraph.tsx',
  'webviews/pipelines/runForm.tsx',
  'test/run.ts',
];

/** Modules outside the repository that are left after tree shaking: an unused import does not count. */
async function reachedModules(): Promise<Set<string>> {
  const { metafile } = await build({
    entryPoints: entryPoints.map((path) => join(root, path)),
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outdir: 'never-written',
    loader: { '.wasm': 'binary', '.ttf': 'file' },
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return new Set(imports.filter((one) => one.external).map((one) => one.path));
}

describe('named packages', () => {
  it('are all reached from what ships or from the test command', async () => {
    const reached = await reachedModules();
    const isReached = (module: string): boolean =>
      [...reached].some((path) => path === module || path.startsWith(`${module}/`));
    const unused = Object.entries(named)
      .filter(([name]) => name in installed)
      .filter(([, module]) => !isReached(module))
      .map(([name]) => name);
    expect(unused).toEqual([]);
  });

  it('keep to the stable editor API', () => {
    expect(manifest.engines.vscode).toBe('^1.129.0');
    expect(installed['@types/vscode']).toBe('1.125.0');
    expect(manifest.enabledApiProposals).toBeUndefined();
  });

  it('are locked for every platform that development runs on', () => {
    const lock = z
      .object({ packages: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
    const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64'];
    const missing = platforms.filter((one) => !(`node_modules/@esbuild/${one}` in lock.packages));
    expect(missing).toEqual([]);
    expect(existsSync(join(root, 'test', 'editor', 'package-lock.json'))).toBe(true);
  });
});
