/** The Python environments as a component: made ahead, so that the demo's first run need not wait for them. */
import { readFile } from 'node:fs/promises';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { KFP, KFP_VERSION } from '../kfp/components.ts';
import type { Component } from '../supervisor/component.ts';
import { PythonEnvironments } from './environments.ts';
import { resourcePath } from './resources.ts';

/**
 * Whatever else is downloaded or built, comes after it: all others depend on it, so that nothing takes the machine from
 * the first run.
 */
export const PYTHON = 'python';

export const pythonComponents: readonly Component[] = [
  {
    name: PYTHON,
    version: KFP_VERSION,
    dependsOn: [KFP],
    isNeeded: false,
    start: {
      kind: 'task',
      run: async (report, signal) => {
        const environments = new PythonEnvironments({ onProgress: report });
        await environments.prepare(await demoPackages(), signal);
      },
    },
  },
];

async function demoPackages(): Promise<readonly string[]> {
  const text = await readFile(
    resourcePath('dev-cluster', 'seed', 'pipelines', 'churn.pipeline.yaml'),
    'utf8',
  );
  const parsed = parsePipeline(text);
  if (parsed.kind === 'notPipeline') return [];
  const executors = [...parsed.document.executors.values()];
  return executors.flatMap((executor) =>
    executor.kind === 'container' ? (executor.python?.packages ?? []) : [],
  );
}
