/** The node agent: one process that is the kubelet of every node of the embedded cluster. */
import { execFileSync } from 'node:child_process';
import { readFileSync, watch } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname, platform } from 'node:os';
import { dirname, join } from 'node:path';
import type { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type { Pod } from '../../../src/clients/kubernetes/model.ts';
import { Reflector } from '../../../src/clients/kubernetes/reflector.ts';
import { asError } from '../../../src/core/base/errors.ts';
import { programNamed } from '../binaries/programs.ts';
import type { PodEnvironment, PodRuntime, Prober } from './contract.ts';
import { startKubeletApi } from './kubelet-api/server.ts';
import { nodeAddress } from './nodes/addresses.ts';
import { AgentNode } from './nodes/node.ts';
import { laptopSpec, nodesPath, readNodes, type NodeSpec } from './nodes/nodeSpec.ts';
import { CRASH_BACK_OFF, type CrashBackOffTimes } from './pods/crashBackOff.ts';
import { nodesFolder, stopContainersOf } from './pods/leftovers.ts';
import { keepLimits } from './pods/limits.ts';
import { UsageMeter } from './usageMeter.ts';

export interface AgentOptions {
  readonly api: KubernetesApi;
  readonly home: string;
  readonly environment: PodEnvironment;
  readonly prober: Prober;
  readonly log: (line: string) => void;
  /** Tests have less time. */
  readonly crashBackOff?: CrashBackOffTimes;
}

interface Member {
  readonly node: AgentNode;
  readonly leave: AbortController;
  readonly done: Promise<unknown>;
}

export class NodeAgent {
  readonly #options: AgentOptions;
  readonly #members = new Map<string, Member>();
  /** Switched off, but still in the list: their objects go when they leave it. */
  readonly #vanished = new Map<string, AgentNode>();
  readonly #pods: Reflector<Pod>;
  readonly meter: UsageMeter;
  #reconciling: Promise<void> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#options = options;
    const { api } = options;
    this.#pods = new Reflector<Pod>({
      api,
      path: '/api/v1/pods',
      query: { fieldSelector: 'spec.nodeName!=' },
      onError: this.#report,
    });
    this.meter = new UsageMeter(() => this.runtimes());
  }

  get nodes(): readonly AgentNode[] {
    return Array.from(this.#members.values(), ({ node }) => node);
  }

  *runtimes(): Generator<PodRuntime> {
    for (const node of this.nodes) yield* node.all();
  }

  /** Until the signal aborts. The pods' processes go on: the next agent finds them. */
  async run(signal: AbortSignal): Promise<void> {
    const { home } = this.#options;
    await mkdir(nodesFolder(home), { recursive: true, mode: 0o700 });
    const list = nodesPath(home);
    // Before the first look: a change between the two would go unseen.
    const watcher = watch(dirname(list), (_, name) => {
      if (name === null || list.endsWith(`/${name}`)) this.#reconcileSoon(signal);
    });
    watcher.on('error', this.#report);
    this.#reconcileSoon(signal);
    await this.#reconciling;
    this.#pods.onDidChange(({ type, object }) => {
      if (type === 'deleted') this.#nodeOf(object)?.podGone(object);
      else this.#nodeOf(object)?.podChanged(object, signal);
    });
    const limits = {
      nodes: () => this.nodes,
      environment: this.#options.environment,
      meter: this.meter,
      folder: nodesFolder(home),
      onError: this.#report,
    };
    try {
      await Promise.all([
        this.#pods.run(signal),
        this.meter.run(signal, this.#report),
        keepLimits(limits, signal),
        this.#pods.synced
          .then(() => this.#sweep())
          .catch((error: unknown) => {
            if (!signal.aborted) this.#report(error);
          }),
      ]);
    } finally {
      watcher.close();
      await this.#reconciling.catch(() => undefined);
      await Promise.all(
        Array.from(this.#members.values(), async ({ node, done }) => {
          await done;
          await node.left();
        }),
      );
    }
  }

  #nodeOf({ spec }: Pod): AgentNode | undefined {
    return this.#members.get(spec?.nodeName ?? '')?.node;
  }

  #reconcileSoon(signal: AbortSignal): void {
    this.#reconciling = this.#reconciling.then(async () => {
      if (!signal.aborted) await this.#reconcile(signal).catch(this.#report);
    });
  }

  /** Nodes are those of the list. */
  async #reconcile(signal: AbortSignal): Promise<void> {
    const specs = [laptopSpec(), ...(await readNodes(this.#options.home))];
    const names = specs.map(({ name }) => name);
    for (const [name, { node, leave }] of this.#members) {
      if (names.includes(name)) continue;
      leave.abort();
      this.#members.delete(name);
      await this.#remove(node);
    }
    for (const [name, node] of this.#vanished) {
      if (names.includes(name)) continue;
      this.#vanished.delete(name);
      await this.#remove(node);
    }
    for (const spec of specs) {
      const member = this.#members.get(spec.name);
      if (member === undefined) {
        if (spec.state.kind !== 'vanished') await this.#join(spec, names, signal);
      } else if (JSON.stringify(member.node.spec) !== JSON.stringify(spec))
        await this.#change(member, spec, signal);
    }
  }

  async #remove(node: AgentNode): Promise<void> {
    await node.remove();
    await rm(join(nodesFolder(this.#options.home), node.name), { recursive: true, force: true });
  }

  async #join(spec: NodeSpec, names: readonly string[], signal: AbortSignal): Promise<void> {
    const { api, home, environment, prober, log, crashBackOff = CRASH_BACK_OFF } = this.#options;
    const { name } = spec;
    this.#vanished.delete(name);
    const folder = join(nodesFolder(home), name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const ip = await nodeAddress(nodesFolder(home), name, names);
    const node = new AgentNode({
      api,
      spec,
      host: { name, ip, folder, allocatable: spec.capacity },
      environment,
      prober,
      crashBackOff,
      bootId: bootId(),
      kubeletVersion: programNamed('kube-apiserver').version,
      log,
    });
    const leave = new AbortController();
    const either = AbortSignal.any([leave.signal, signal]);
    const onError = this.#report;
    const options = { nodeName: name, ip, pods: node, meter: this.meter, api, signal: either, onError, home };
    const { port } = await startKubeletApi(options);
    this.#members.set(name, { node, leave, done: node.run(port, either).catch(onError) });
    if (spec.state.kind === 'shuttingDown') await this.#shutDown(node, spec.state.noticeSeconds);
    // What was bound to it before it was there.
    for (const pod of this.#pods.items.values())
      if (pod.spec?.nodeName === name) node.podChanged(pod, signal);
  }

  async #change({ node, leave }: Member, spec: NodeSpec, signal: AbortSignal): Promise<void> {
    const { state } = spec;
    const before = node.spec.state;
    if (state.kind === 'vanished') {
      // When it is back, it is another machine with the same name.
      this.#members.delete(node.name);
      this.#vanished.set(node.name, node);
      leave.abort();
      await node.vanish();
      const pods = join(nodesFolder(this.#options.home), node.name, 'pods');
      await rm(pods, { recursive: true, force: true });
      return;
    }
    await node.respecify(spec, signal);
    if (state.kind === 'shuttingDown') await this.#shutDown(node, state.noticeSeconds);
    else if (before.kind === 'shuttingDown') node.setHealth({ isShuttingDown: false });
  }

  /** Not awaited to its end: other nodes go on. */
  async #shutDown(node: AgentNode, noticeSeconds: number): Promise<void> {
    node.shutDown(noticeSeconds).catch(this.#report);
    return Promise.resolve();
  }

  /** Pods that were deleted while no agent ran. */
  async #sweep(): Promise<void> {
    const living = new Set(Array.from(this.#pods.items.values(), ({ metadata }) => metadata?.uid));
    const nodes = nodesFolder(this.#options.home);
    const outdated: string[] = [];
    for (const node of await readdir(nodes, { withFileTypes: true })) {
      if (!node.isDirectory()) continue;
      const pods = join(nodes, node.name, 'pods');
      for (const uid of await readdir(pods).catch(() => []))
        if (!living.has(uid)) outdated.push(join(pods, uid));
    }
    await stopContainersOf(outdated);
    for (const folder of outdated) await rm(folder, { recursive: true, force: true });
  }

  readonly #report = (error: unknown): void => this.#options.log(asError(error).message);
}

function bootId(): string {
  if (platform() === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  try {
    return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
  } catch {
    return hostname();
  }
}
