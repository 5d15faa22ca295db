/** `slipway python sdk|debugpy`: the interpreter of one of Slipway's own environments, for the editor. */
import { PythonEnvironments } from '../../dev-cluster/embedded/python/environments.ts';
import { resourcePath } from '../../dev-cluster/embedded/python/resources.ts';
import { UsageError, type ExitCode, type Input } from './command.ts';

const locks: Readonly<Record<string, string>> = { sdk: 'kfp.lock.txt', debugpy: 'debugpy.lock.txt' };

export async function pythonPath({ arguments: [name = ''], signal }: Input): Promise<ExitCode> {
  const lock = locks[name];
  if (lock === undefined) throw new UsageError(`slipway python has no "${name}".`);
  const environments = new PythonEnvironments({ onProgress: (line) => console.error(line) });
  const path = resourcePath('dev-cluster', 'embedded', 'python', lock);
  console.log((await environments.fromLock(path, signal)).python);
  return 0;
}
