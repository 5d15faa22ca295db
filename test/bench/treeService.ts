/** The service half of the tree: what one page of runs costs when there are many, and whether memory stays flat. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { delay } from '../../src/core/base/abort.ts';
import type { JsonObject } from '../../src/core/base/json.ts';
import { servicePaths, serviceRecord } from '../../dev-cluster/embedded/kfp/servicePaths.ts';
import { openDatabase, transaction } from '../../dev-cluster/embedded/kfp/store/database.ts';
import { ExperimentStore } from '../../dev-cluster/embedded/kfp/store/experiments.ts';
import { RunStore } from '../../dev-cluster/embedded/kfp/store/runs.ts';
import { readStateFile } from '../../dev-cluster/embedded/files.ts';
import { groupMemoryMiB, isSameProcess } from '../../dev-cluster/embedded/processes.ts';
import { NODE_FLAGS } from '../../dev-cluster/embedded/supervisor/component.ts';
import { medianMs, type BenchRow } from './suite.ts';

const repository = join(import.meta.dirname, '..', '..');
const PAGE = 'page_size=50&sort_by=created_at%20desc';
const signal = new AbortController().signal;

export async function benchService(report: (row: BenchRow) => void): Promise<void> {
  for (const runs of [100, 10_000]) {
    const home = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
    try {
      await fill(home, runs);
      await measure(home, runs, report);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }
}

/** Finished runs with a spec of their own each, as *Run* on a file makes them. */
export async function fill(home: string, count: number): Promise<void> {
  const file = join(repository, 'test', 'fixtures', 'kfp', 'samples', 'metrics_visualization_v2.yaml');
  const spec: JsonObject = { pipeline_spec: parse(await readFile(file, 'utf8')) as JsonObject };
  const db = openDatabase(servicePaths(home).database);
  const runs = new RunStore(db);
  const experiment = new ExperimentStore(db).getDefault().id;
  const start = Date.now() - count * 1000;
  transaction(db, () => {
    for (let index = 0; index < count; index++) {
      const createdAt = start + index * 1000;
      runs.insert({
        id: `run-${index}`,
        displayName: `Run ${index}`,
        description: '',
        experimentId: experiment,
        createdAt,
        pipelineId: null,
        versionId: null,
        spec,
        parameters: { index },
        pipelineRoot: '',
        serviceAccount: '',
      });
      const at = createdAt + 500;
      runs.setState(`run-${index}`, { state: index % 7 === 0 ? 'FAILED' : 'SUCCEEDED', at, finishedAt: at });
    }
  });
  db.close();
}

async function measure(home: string, runs: number, report: (row: BenchRow) => void): Promise<void> {
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, join(repository, 'src', 'cli', 'main.ts'), 'internal', 'kfp-service'],
    {
      env: { ...process.env, SLIPWAY_HOME: home },
      stdio: ['ignore', 'ignore', 'inherit'],
      // A process group of its own, whose memory is told.
      detached: true,
    },
  );
  try {
    const { url, pid } = await listening(home);
    const headers = { authorization: `Bearer ${(await readFile(servicePaths(home).token, 'utf8')).trim()}` };
    const get = async (query: string): Promise<{ next_page_token?: string }> => {
      const response = await fetch(`${url}/apis/v2beta1/runs?${query}`, { headers });
      if (!response.ok) throw new Error(`The service answered ${response.status}.`);
      return (await response.json()) as { next_page_token?: string };
    };
    const scenario = String(runs);
    report({ case: scenario, metric: 'ms', ours: round(await medianMs(20, () => get(PAGE))) });
    const filter = encodeURIComponent(
      JSON.stringify({ predicates: [{ operation: 'EQUALS', key: 'state', string_value: 'FAILED' }] }),
    );
    report({
      case: `${scenario}-filtered`,
      metric: 'ms',
      ours: round(await medianMs(20, () => get(`${PAGE}&filter=${filter}`))),
    });
    // Every page once: the deepest must not cost more than the first, and nothing may pile up.
    for (const round of ['once', 'twice', 'thrice']) {
      for (let token = ''; ;) {
        const page = await get(`${PAGE}&page_token=${encodeURIComponent(token)}`);
        if (page.next_page_token === undefined) break;
        token = page.next_page_token;
      }
      report({
        case: `${scenario}-all-pages-${round}`,
        metric: 'mib',
        ours: (await groupMemoryMiB([pid])).get(pid) ?? Number.NaN,
      });
    }
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

async function listening(home: string): Promise<{ url: string; pid: number }> {
  for (;;) {
    const record = await readStateFile(servicePaths(home).record, serviceRecord);
    if (record !== undefined && isSameProcess(record.pid, record.started)) return record;
    await delay(20, signal);
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
