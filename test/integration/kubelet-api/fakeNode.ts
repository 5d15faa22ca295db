/** A node without an agent: its pods are processes that a test starts, its kubelet API is the real one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Node, Pod } from '../../../src/clients/kubernetes/model.ts';
import type {
  ContainerCommand,
  ContainerRuntime,
  PodDirectory,
  PodRuntime,
} from '../../../dev-cluster/embedded/node-agent/contract.ts';
import { startKubeletApi } from '../../../dev-cluster/embedded/node-agent/kubelet-api/server.ts';
import { logIndexLine, logIndexPath } from '../../../dev-cluster/embedded/node-agent/logIndex.ts';
import { UsageMeter } from '../../../dev-cluster/embedded/node-agent/usageMeter.ts';
import type { ApiServer } from './apiServer.ts';

export const NODE_NAME = 'laptop';
const NODE_IP = '10.42.255.1';

export interface FakePodOptions {
  readonly name: string;
  /** Of `sh -c`; it writes the container's log. */
  readonly script: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly hostPorts?: ReadonlyMap<number, number>;
  readonly stdinPath?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class FakePod implements PodRuntime {
  readonly pod: Pod;
  readonly folder: string;
  readonly container: FakeContainer;
  readonly #hostPorts: ReadonlyMap<number, number>;

  constructor(pod: Pod, folder: string, options: FakePodOptions) {
    this.pod = pod;
    this.folder = folder;
    this.#hostPorts = options.hostPorts ?? new Map();
    this.container = new FakeContainer(pod, folder, options);
  }

  get sandbox(): PodRuntime['sandbox'] {
    return {
      pod: this.pod,
      podIp: '10.42.0.5',
      hostIp: NODE_IP,
      folder: this.folder,
      volumes: new Map(),
      hostPorts: this.#hostPorts,
      inEngine: new Set(),
    };
  }

  get containers(): ReadonlyMap<string, ContainerRuntime> {
    return new Map([['main', this.container]]);
  }

  hostPort(port: number): number {
    return this.#hostPorts.get(port) ?? port;
  }
}

export class FakeContainer implements ContainerRuntime {
  readonly spec: ContainerRuntime['spec'];
  readonly logFile: string;
  readonly startedAt = Date.now();
  readonly stdinPath: string | undefined;
  previousLogFiles: readonly string[] = [];
  rotated: readonly string[] = [];
  readonly process: ChildProcess;
  readonly #env: Readonly<Record<string, string>>;

  constructor(pod: Pod, folder: string, { script, stdinPath, env }: FakePodOptions) {
    const spec = pod.spec?.containers[0];
    if (spec === undefined) throw new Error('A pod has a container.');
    this.spec = spec;
    mkdirSync(folder, { recursive: true });
    this.logFile = join(folder, 'main.log');
    this.stdinPath = stdinPath;
    this.#env = { PATH: process.env['PATH'] ?? '', CONTAINER: 'main', ...env };
    const log = openSync(this.logFile, 'a');
    const input = stdinPath === undefined ? 'ignore' : openSync(stdinPath, 'r+');
    this.process = spawn('sh', ['-c', script], {
      detached: true,
      env: this.#env,
      cwd: folder,
      stdio: [input, log, log],
    });
    closeSync(log);
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  get pid(): number | undefined {
    return this.isRunning ? this.process.pid : undefined;
  }

  get logFiles(): readonly string[] {
    return [...this.rotated, this.logFile];
  }

  /** As the agent does when it sees the log grow. */
  index(time: number): void {
    appendFileSync(logIndexPath(this.logFile), logIndexLine({ time, size: statSync(this.logFile).size }));
  }

  command(words: readonly string[]): ContainerCommand {
    const [program = '', ...args] = words;
    return { program, args, env: this.#env, cwd: join(this.logFile, '..') };
  }

  async stop(): Promise<void> {
    if (!this.isRunning || this.process.pid === undefined) return;
    const exit = once(this.process, 'exit');
    process.kill(-this.process.pid, 'SIGKILL');
    await exit;
  }
}

export class FakeNode implements PodDirectory {
  readonly meter = new UsageMeter(() => this.all());
  readonly errors: unknown[] = [];
  readonly #pods = new Map<string, FakePod>();
  readonly #server: ApiServer;
  readonly #signal: AbortSignal;
  port = 0;

  constructor(server: ApiServer, signal: AbortSignal) {
    this.#server = server;
    this.#signal = signal;
  }

  async start(): Promise<void> {
    const { home, api } = this.#server;
    const { port } = await startKubeletApi({
      nodeName: NODE_NAME,
      ip: NODE_IP,
      pods: this,
      meter: this.meter,
      api,
      signal: this.#signal,
      onError: (error) => this.errors.push(error),
      home,
    });
    this.port = port;
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE_NAME } };
    await api.create('/api/v1/nodes', node, this.#signal);
    const status = {
      addresses: [{ type: 'InternalIP', address: NODE_IP }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await api.patch(
      `/api/v1/nodes/${NODE_NAME}/status`,
      { status },
      'application/merge-patch+json',
      this.#signal,
    );
  }

  /** Creates the object, starts the process, and says in the status that it runs. */
  async run(options: FakePodOptions): Promise<FakePod> {
    const { api, home } = this.#server;
    const path = '/api/v1/namespaces/default/pods';
    const ports = [...(options.hostPorts?.keys() ?? [])].map((containerPort) => ({ containerPort }));
    const created = await api.create<Pod>(
      path,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: options.name, labels: options.labels ?? {} },
        spec: {
          nodeName: NODE_NAME,
          containers: [{ name: 'main', image: 'test', stdin: true, ports }],
          terminationGracePeriodSeconds: 0,
        },
      },
      this.#signal,
    );
    const fake = new FakePod(created, join(home, 'pods', options.name), options);
    const status = {
      phase: 'Running',
      podIP: '10.42.0.5',
      podIPs: [{ ip: '10.42.0.5' }],
      hostIP: NODE_IP,
      startTime: new Date().toISOString(),
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }],
      containerStatuses: [
        {
          name: 'main',
          image: 'test',
          imageID: 'test',
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: new Date().toISOString() } },
        },
      ],
    };
    await api.patch(
      `${path}/${options.name}/status`,
      { status },
      'application/merge-patch+json',
      this.#signal,
    );
    this.#pods.set(options.name, fake);
    return fake;
  }

  find(namespace: string, name: string): FakePod | undefined {
    return namespace === 'default' ? this.#pods.get(name) : undefined;
  }

  all(): Iterable<FakePod> {
    return this.#pods.values();
  }

  async stopPods(): Promise<void> {
    for (const { container } of this.#pods.values()) await container.stop();
  }
}
