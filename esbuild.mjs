// Every bundle of the product: node esbuild.mjs [--production] [--watch]
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build, context } from 'esbuild';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  outdir: 'dist',
  logLevel: 'warning',
  loader: { '.wasm': 'binary' },
};

/** client-node is a bundle of its own: whoever imports it gets `require('./kubernetes.js')`, run when the importer is. */
/** @type {import('esbuild').Plugin} */
const lateClientNode = {
  name: 'late-client-node',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/clientNode\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './kubernetes.js', external: true },
    ),
};

// The extension loads on every start, so it is one small file; session and worker load on first use.
/** @type {import('esbuild').BuildOptions} */
const host = {
  ...common,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  external: ['vscode'],
  // The sources are ESM; CommonJS has no import.meta, and files that ship beside the code are found from here.
  define: { 'import.meta.dirname': '__dirname' },
  plugins: [lateClientNode],
  // Its ES module asks for import.meta.url, which CommonJS has not.
  alias: { 'web-tree-sitter': resolve('node_modules/web-tree-sitter/web-tree-sitter.cjs') },
  entryPoints: {
    extension: 'src/extension.ts',
    session: 'src/session.ts',
    kubernetes: 'src/clients/kubernetes/clientNode.ts',
    'graph-worker': 'src/graph-worker.ts',
    cli: 'src/cli/main.ts',
  },
};

/** @type {import('esbuild').BuildOptions} */
const webviews = {
  ...common,
  platform: 'browser',
  target: 'es2024',
  format: 'esm',
  jsx: 'automatic',
  outdir: 'dist/webviews',
  splitting: true,
  chunkNames: 'shared-[hash]',
  loader: { '.ttf': 'file' },
  assetNames: '[name]',
  define: { 'process.env.NODE_ENV': production ? '"production"' : '"development"' },
  entryPoints: {
    runGraph: 'webviews/pipelines/runGraph.tsx',
    graphDiff: 'webviews/pipelines/graphDiff.tsx',
    runForm: 'webviews/pipelines/runForm.tsx',
    doctor: 'webviews/environment/doctor.tsx',
  },
};

await mkdir('dist', { recursive: true });
// The repository is ESM, the host bundles are CommonJS.
await writeFile('dist/package.json', '{"type":"commonjs"}\n');
// Loaded by their paths, when the first Python file needs them.
for (const wasm of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-python/tree-sitter-python.wasm'])
  await copyFile(join('node_modules', wasm), join('dist', wasm.slice(wasm.indexOf('/') + 1)));
const configs = [host, webviews];
if (watch) {
  const contexts = await Promise.all(configs.map((config) => context({ ...config, logLevel: 'info' })));
  await Promise.all(contexts.map((one) => one.watch()));
} else {
  const results = await Promise.all(configs.map((config) => build({ ...config, metafile: true })));
  // Afterwards, not before: an editor or a cluster may be running from dist.
  await removeStale(new Set(results.flatMap((result) => Object.keys(result.metafile.outputs))));
}

/** Chunks and source maps of earlier builds. */
async function removeStale(built) {
  const isOurs = (path) => /\.(js|css|map|ttf)$/.test(path);
  for (const entry of await readdir('dist', { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).replaceAll('\\', '/');
    if (entry.isFile() && isOurs(path) && !built.has(path)) await rm(path);
  }
}
