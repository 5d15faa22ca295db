/** `slipway python sdk|debugpy|step`: the interpreter of one of Slipway's own environments, for the editor. */
import { z } from 'zod';
import {
  PythonEnvironments,
  type PythonEnvironment,
} from '../../dev-cluster/embedded/python/environments.ts';
import { resourcePath } from '../../dev-cluster/embedded/python/resources.ts';
import { UsageError, type ExitCode, type Input } from './command.ts';

const locks: Readonly<Record<string, string>> = { sdk: 'kfp.lock.txt', debugpy: 'debugpy.lock.txt' };

/** `SLIPWAY_STEP_PACKAGES`: what a component asks for. */
const stepPackages = z.object({
  packages: z.array(z.string()).default([]),
  indexUrls: z.array(z.string()).default([]),
  trustedHosts: z.array(z.string()).default([]),
});

export async function pythonPath({ arguments: [name = ''], signal }: Input): Promise<ExitCode> {
  const environments = new PythonEnvironments({ onProgress: (line) => console.error(line) });
  console.log((await environmentOf(name, environments, signal)).python);
  return 0;
}

function environmentOf(
  name: string,
  environments: PythonEnvironments,
  signal: AbortSignal,
): Promise<PythonEnvironment> {
  if (name === 'step') {
    const { packages, ...from } = stepPackages.parse(
      JSON.parse(process.env['SLIPWAY_STEP_PACKAGES'] ?? '{}'),
    );
    return environments.withPackages(packages, { ...from, signal });
  }
  const lock = locks[name];
  if (lock === undefined) throw new UsageError(`slipway python has no "${name}".`);
  return environments.fromLock(resourcePath('dev-cluster', 'embedded', 'python', lock), signal);
}
