/** The components of the embedded cluster. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { http } from '../../../src/clients/http.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { readStateFile } from '../files.ts';
import { servicePaths, serviceRecord } from '../kfp/servicePaths.ts';
import { isSameProcess } from '../processes.ts';
import { PythonEnvironments } from '../python/environments.ts';
import { resourcePath } from '../python/resources.ts';
import type { Component } from './component.ts';

export const KFP = 'kfp';
const KFP_VERSION = '2.17.0';
const HEALTH_TIMEOUT_MS = 5_000;

const healthz = z.object({ tag_name: z.string() });

/** Answers with the Python packages of the demo, so that its first run need not wait for them. */
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

export const components: readonly Component[] = [
  {
    name: KFP,
    version: KFP_VERSION,
    dependsOn: [],
    isNeeded: true,
    start: {
      kind: 'service',
      args: ['kfp-service'],
      find: () => readStateFile(servicePaths().record, serviceRecord),
      health: async (signal) => {
        const record = await readStateFile(servicePaths().record, serviceRecord);
        // Its port may have gone to a stranger since: only the recorded process may answer for it.
        if (record === undefined || !isSameProcess(record.pid, record.started))
          throw new SlipwayError('notRunning', 'The pipeline service is not running.');
        const request = {
          method: 'GET',
          path: '/apis/v2beta1/healthz',
          timeoutMs: HEALTH_TIMEOUT_MS,
        } as const;
        const endpoint = { url: record.url, token: undefined, label: 'The pipeline service' };
        healthz.parse(await http(endpoint, request, signal));
        return record.url;
      },
    },
  },
  {
    name: 'python',
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
