/**
 * From the request that creates a pod to its process's first instruction, by the clock that both read. The pod is bound
 * when it is created: the time without the scheduler.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentUnderTest } from '../integration/node-agent/agent.ts';
import type { BenchSuite } from './suite.ts';

const PODS = 20;
const TOGETHER = 30;

export const run: BenchSuite = async (report) => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-pod-start-'));
  const agent = await AgentUnderTest.start();
  const start = async (name: string): Promise<number> => {
    const created = Date.now();
    await agent.create(name, {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'c',
          image: 'busybox',
          command: ['sh', '-c', `date +%s%N > /out/${name}.new; mv /out/${name}.new /out/${name}`],
          volumeMounts: [{ name: 'out', mountPath: '/out' }],
        },
      ],
      volumes: [{ name: 'out', hostPath: { path: folder } }],
    });
    for (;;) {
      const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
      if (text !== undefined) return Number(text) / 1e6 - created;
      await delay(5);
    }
  };
  try {
    await start('warm-up');
    const alone: number[] = [];
    for (let index = 0; index < PODS; index += 1) alone.push(await start(`alone-${index}`));
    report({ case: 'alone', metric: 'p50-ms', ours: quantile(alone, 0.5) });
    report({ case: 'alone', metric: 'p99-ms', ours: quantile(alone, 0.99) });
    const together = await Promise.all(
      Array.from({ length: TOGETHER }, (_, index) => start(`together-${index}`)),
    );
    report({ case: `together-${TOGETHER}`, metric: 'p50-ms', ours: quantile(together, 0.5) });
    report({ case: `together-${TOGETHER}`, metric: 'p99-ms', ours: quantile(together, 0.99) });
  } finally {
    await agent.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

function quantile(samples: readonly number[], fraction: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN);
}
