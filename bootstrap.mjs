// `npm start` and `npm test`: makes node_modules and Node 24 ready, then hands over to TypeScript.
// The only file that runs on whatever Node the machine has (>= 20), so it has no dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const entries = { start: 'dev-cluster/start/start.ts', test: 'test/run.ts' };
const node24 = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
const startedAt = Date.now();
const [task = '', ...rest] = process.argv.slice(2);

function fail(sentence) {
  console.error(`\nslipway: ${sentence}`);
  process.exit(2);
}

/** Runs a command quietly: what it printed is shown only when it failed. */
function step(title, command) {
  const started = Date.now();
  process.stdout.write(`slipway: ${title} … `);
  // A shell, because on Windows npm is a .cmd file. Every command here is a constant.
  const result = spawnSync(command, { cwd: root, shell: true, encoding: 'utf8' });
  if (result.status === 0) {
    console.log(`${((Date.now() - started) / 1000).toFixed(1)} s`);
    return;
  }
  console.log('failed');
  const output = `${result.stdout}${result.stderr}`.trim();
  console.error(output);
  fail(
    /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN)\b/.test(output)
      ? 'The npm registry cannot be reached. Check the network, your proxy and `npm config get registry`, then run the same command again.'
      : `${title} failed; the lines above say why. Then run the same command again.`,
  );
}

/** True when what npm installed (its own record in node_modules) is what the lock asks for. */
function isInstalled() {
  const installedLock = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, one]) =>
      path === '' ||
      one.optional ||
      one.devOptional ||
      (one.dev && task === 'start') ||
      installed[path]?.version === one.version,
  );
}

if (!(task in entries)) fail(`Usage: node bootstrap.mjs ${Object.keys(entries).join('|')} [arguments]`);
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(
    `Node ${process.versions.node} is too old. Install Node 20 or newer, then run the same command again.`,
  );
}
// `npm start` makes do with `dependencies`: a newcomer does not wait for what only tests use.
// Scripts stay off for everything but the packages that are no use without theirs.
if (!isInstalled()) {
  const omit = task === 'start' ? '--omit=dev ' : '';
  step('installing Node packages', `npm ci ${omit}--ignore-scripts --no-audit --no-fund --loglevel=error`);
}
if (!existsSync(node24)) step('installing Node 24', 'npm rebuild node esbuild --loglevel=error');
if (!existsSync(node24))
  fail('The npm package `node` has no binary for this platform. Install Node 24 and use it instead.');

const child = spawn(node24, [join(root, entries[task]), ...rest], {
  stdio: 'inherit',
  env: { ...process.env, SLIPWAY_STARTED_AT: String(startedAt) },
});
// Ctrl+C reaches the child as well: this process only waits for it to clean up.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('error', (error) => fail(`Node 24 did not start: ${error.message}`));
child.on('exit', (code) => process.exit(code ?? 1));
