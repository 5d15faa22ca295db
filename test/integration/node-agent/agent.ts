/** The node agent as its own process beside a real API server; pods are bound by hand, so that no scheduler is needed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type { Event, Node, Pod } from '../../../src/clients/kubernetes/model.ts';
import { HttpError } from '../../../src/clients/http.ts';
import { stopLeftoverContainers } from '../../../dev-cluster/embedded/node-agent/pods/leftovers.ts';
import { startApiServer, type ApiServer } from '../kubelet-api/apiServer.ts';
import { cli } from '../../cli.ts';

export const NAMESPACE = 'default';
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

type PodSpec = NonNullable<Pod['spec']>;

export class AgentUnderTest {
  readonly server: ApiServer;
  output = '';
  #process: ChildProcess | undefined;

  private constructor(server: ApiServer) {
    this.server = server;
  }

  static async start(): Promise<AgentUnderTest> {
    const server = await startApiServer(AbortSignal.timeout(120_000));
    const agent = new AgentUnderTest(server);
    await agent.launch();
    return agent;
  }

  get api(): KubernetesApi {
    return this.server.api;
  }

  async launch(): Promise<void> {
    const child = spawn(process.execPath, [cli, 'internal', 'node-agent'], {
      env: { ...process.env, SLIPWAY_HOME: this.server.home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.#process = child;
    const before = this.output.length;
    await this.until(() => {
      if (child.exitCode !== null) throw new Error(`The agent ended: ${this.output.slice(-3000)}`);
      return this.output.slice(before).includes('watches for pods');
    });
    await this.until(async () => (await this.node('laptop')) !== undefined);
  }

  /** Ends the agent by this signal, its pods not. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    await stopLeftoverContainers(this.server.home);
    await this.server.stop();
  }

  async create(name: string, spec: PodSpec, nodeName = 'laptop'): Promise<Pod> {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE },
      spec: { nodeName, terminationGracePeriodSeconds: 5, automountServiceAccountToken: false, ...spec },
    };
    return this.api.create<Pod>(PODS, pod, AbortSignal.timeout(10_000));
  }

  async pod(name: string): Promise<Pod | undefined> {
    return this.#get<Pod>(`${PODS}/${name}`);
  }

  async node(name: string): Promise<Node | undefined> {
    return this.#get<Node>(`/api/v1/nodes/${name}`);
  }

  async delete(name: string, gracePeriodSeconds?: number): Promise<void> {
    const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    await this.api.delete(`${PODS}/${name}`, AbortSignal.timeout(10_000), options);
  }

  /** The pod once it is so; fails with what it was last when that takes too long. */
  async podWhen(name: string, isSo: (pod: Pod) => boolean): Promise<Pod> {
    let last: Pod | undefined;
    const isDone = async (): Promise<boolean> => {
      last = await this.pod(name);
      return last !== undefined && isSo(last);
    };
    await this.until(isDone, () => JSON.stringify(last?.status, undefined, 1));
    if (last === undefined) throw new Error('There is no such pod.');
    return last;
  }

  /** `reason: message` of the pod's Events, each with how often it was seen. */
  async events(name: string): Promise<ReadonlyMap<string, number>> {
    const { items } = await this.api.list<Event>(
      `/api/v1/namespaces/${NAMESPACE}/events`,
      AbortSignal.timeout(10_000),
      { fieldSelector: `involvedObject.name=${name}` },
    );
    return new Map(
      items.map(({ reason, message, count }) => [`${reason ?? ''}: ${message ?? ''}`, count ?? 1]),
    );
  }

  /** Leader of the container's process group. */
  async pid({ metadata, spec }: Pod, container: string, attempt = 0): Promise<number> {
    const { readFile } = await import('node:fs/promises');
    const folder = join(
      this.server.home,
      'embedded',
      'nodes',
      spec?.nodeName ?? '',
      'pods',
      metadata?.uid ?? '',
    );
    const claim = await readFile(join(folder, 'containers', container, String(attempt), 'claim'), 'utf8');
    return Number.parseInt(claim, 10);
  }

  podFolderExists({ metadata, spec }: Pod): boolean {
    return existsSync(
      join(this.server.home, 'embedded', 'nodes', spec?.nodeName ?? '', 'pods', metadata?.uid ?? ''),
    );
  }

  async until(isSo: () => Promise<boolean> | boolean, state: () => unknown = () => ''): Promise<void> {
    const end = Date.now() + 60_000;
    while (!(await isSo())) {
      if (Date.now() > end)
        throw new Error(`It did not become so.\n${String(state())}\n${this.output.slice(-3000)}`);
      await delay(50);
    }
  }

  async #get<T>(path: string): Promise<T | undefined> {
    try {
      return await this.api.get<T>(path, AbortSignal.timeout(10_000));
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return undefined;
      throw error;
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
