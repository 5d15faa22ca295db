/** What people have a cluster do while it is broken, and what it has told them that it keeps. */
import { expect } from 'vitest';
import { z } from 'zod';
import { KfpClient } from '../../../src/clients/kfp/client.ts';
import { isFinal } from '../../../src/clients/kfp/model.ts';
import { dag, pipeline, step, task } from '../../builders/irSpec.ts';
import { predictChurn } from '../../churnModel.ts';
import { Peers } from '../services/peers.ts';
import { until, type FaultCluster } from './faultCluster.ts';

/** What a run of three steps takes, and some. */
const RUN_MS = 240_000;
const ANSWER_MS = 10_000;
/** Python environments may have to be made. */
const PEERS_MS = 900_000;
const kept = z.array(z.int());

/** How the model answered while it was asked without end. */
export interface Answers {
  readonly right: number;
  readonly wrong: number;
  /** Not answered, or with an error. */
  readonly refused: number;
}

export class Workload {
  readonly #cluster: FaultCluster;
  readonly #runs: string[] = [];
  readonly #configMaps: string[] = [];
  readonly #written = new Map<string, readonly number[]>();
  #registry: unknown;

  constructor(cluster: FaultCluster) {
    this.#cluster = cluster;
  }

  /** Asked for anew each time: the services may have moved. */
  async #peers(): Promise<Peers> {
    return Peers.make(await this.#cluster.endpoints(), AbortSignal.timeout(PEERS_MS));
  }

  async #kfp(): Promise<KfpClient> {
    const { kfp } = await this.#cluster.endpoints();
    if (kfp === undefined) throw new Error('There is no pipeline service.');
    return new KfpClient({ ...kfp, label: 'The pipeline service' });
  }

  /** A registered model, its run with parameters, and an artifact. */
  async register(): Promise<void> {
    const peers = await this.#peers();
    await peers.ask('mlflow_write');
    this.#registry = await peers.ask('mlflow_read');
  }

  /** Of three steps that take two seconds each. Resolves with its id once it is acknowledged. */
  async createRun(name: string): Promise<string> {
    const work = step({ command: ['sh', '-c', 'sleep 2'] });
    const tasks = {
      first: task('first'),
      second: task('second', { after: ['first'] }),
      third: task('third', { after: ['second'] }),
    };
    const spec = pipeline(dag(tasks), { first: work, second: work, third: work });
    const kfp = await this.#kfp();
    const run = await kfp.createRun(
      { displayName: name, parameters: {}, source: { kind: 'spec', spec } },
      AbortSignal.timeout(30_000),
    );
    this.#runs.push(run.id);
    return run.id;
  }

  async isStarted(run: string): Promise<boolean> {
    const kfp = await this.#kfp();
    return (await kfp.getRun(run, AbortSignal.timeout(ANSWER_MS))).state !== 'PENDING';
  }

  async endOf(run: string): Promise<string> {
    let state = '';
    await until(
      async () => {
        const kfp = await this.#kfp();
        const found = await kfp.getRun(run, AbortSignal.timeout(ANSWER_MS));
        ({ state } = found);
        return isFinal(found.state);
      },
      () => state,
      RUN_MS,
    );
    return state;
  }

  async createConfigMap(name: string): Promise<void> {
    await this.#cluster.kubectl(['create', 'configmap', name, `--from-literal=name=${name}`]);
    this.#configMaps.push(name);
  }

  /** Writes into the service until `stop`: what it acknowledged counts as kept from then on. */
  async write(service: string): Promise<{ readonly stop: () => Promise<void> }> {
    const load = (await this.#peers()).load(service);
    await load.reaches(10);
    return {
      stop: async () => {
        await load.stop();
        this.#written.set(service, load.acknowledged);
      },
    };
  }

  /** The demo's model, through the gateway. */
  async isServing(): Promise<boolean> {
    const { gateway } = await this.#cluster.endpoints();
    const answer = await predictChurn(gateway?.url, AbortSignal.timeout(ANSWER_MS));
    return JSON.stringify(answer) === '[1,0]';
  }

  /** Asks the model without end, one question at a time. */
  ask(): { readonly stop: () => Promise<Answers> } {
    const counts = { right: 0, wrong: 0, refused: 0 };
    const over = new AbortController();
    const isOver = (): boolean => over.signal.aborted;
    const asking = (async () => {
      while (!isOver()) {
        try {
          counts[(await this.isServing()) ? 'right' : 'wrong'] += 1;
        } catch {
          counts.refused += 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    return {
      stop: async () => {
        over.abort();
        await asking;
        return counts;
      },
    };
  }

  /** All runs and Kubernetes objects that were acknowledged are there, and all that was written into these services. */
  async expectKept(services: readonly string[] = [...this.#written.keys()]): Promise<void> {
    const maps = await this.#cluster.kubectl(['get', 'configmaps', '-o', 'jsonpath={.items[*].data.name}']);
    expect(maps.split(' ')).toEqual(expect.arrayContaining(this.#configMaps));
    const peers = await this.#peers();
    for (const service of services) {
      const ids = this.#written.get(service) ?? [];
      const found = new Set(kept.parse(await peers.ask(`kept_${service}`)));
      expect(ids.filter((id) => !found.has(id))).toEqual([]);
    }
    const kfp = await this.#kfp();
    for (const id of this.#runs) await kfp.getRun(id, AbortSignal.timeout(ANSWER_MS));
  }

  /** The registered model is as it was, with its run and its artifact. */
  async expectRegistered(): Promise<void> {
    expect(this.#registry).toBeDefined();
    expect(await (await this.#peers()).ask('mlflow_read')).toEqual(this.#registry);
  }
}
