/** One node: its object, its lease, its pods. */
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { Lease, Node, Pod } from '../../../../src/clients/kubernetes/model.ts';
import { HttpError } from '../../../../src/clients/http.ts';
import { delay } from '../../../../src/core/base/abort.ts';
import { asError } from '../../../../src/core/base/errors.ts';
import type { PodDirectory, PodEnvironment, PodHost, PodRuntime, Prober } from '../contract.ts';
import type { CrashBackOffTimes } from '../pods/crashBackOff.ts';
import { EventRecorder, type EventReference } from '../pods/events.ts';
import type { PodContext } from '../pods/podContext.ts';
import { hasEnded, type PodVerdict } from '../pods/podStatus.ts';
import { PodWorker } from '../pods/podWorker.ts';
import { HEALTHY, nodeObject, nodeStatus, type NodeCondition, type NodeHealth } from './nodeObject.ts';
import type { NodeSpec } from './nodeSpec.ts';
import { shutdownGrace } from './shutdown.ts';

const LEASE_SECONDS = 40;
const LEASE_PERIOD_MS = 10_000;
const STATUS_PERIOD_MS = 300_000;
const RETRY_MS = 1_000;
const CALL_TIMEOUT_MS = 10_000;
const VANISH_MS = 2_000;

export interface NodeOptions {
  readonly api: KubernetesApi;
  readonly spec: NodeSpec;
  readonly host: PodHost;
  readonly environment: PodEnvironment;
  readonly prober: Prober;
  readonly crashBackOff: CrashBackOffTimes;
  readonly bootId: string;
  readonly kubeletVersion: string;
  readonly log: (line: string) => void;
}

export class AgentNode implements PodDirectory {
  readonly #options: NodeOptions;
  readonly #events: EventRecorder;
  readonly #context: PodContext;
  readonly #workers = new Map<string, { readonly worker: PodWorker; readonly done: Promise<void> }>();
  #spec: NodeSpec;
  #health: NodeHealth = HEALTHY;
  #conditions: readonly NodeCondition[] = [];
  #kubeletPort = 0;
  #uid = '';
  #writing: Promise<void> = Promise.resolve();
  #hasVanished = false;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#spec = options.spec;
    const { api, environment, prober, host, crashBackOff, log } = options;
    this.#events = new EventRecorder(api, host.name, this.#report);
    this.#context = { api, environment, prober, host, events: this.#events, crashBackOff, log };
  }

  get name(): string {
    return this.#spec.name;
  }

  get ip(): string {
    return this.#options.host.ip;
  }

  get spec(): NodeSpec {
    return this.#spec;
  }

  get workers(): readonly PodWorker[] {
    return Array.from(this.#workers.values(), ({ worker }) => worker);
  }

  find(namespace: string, name: string): PodRuntime | undefined {
    return this.#runtimes().find(
      ({ pod: { metadata } }) => metadata?.namespace === namespace && metadata.name === name,
    );
  }

  all(): Iterable<PodRuntime> {
    return this.#runtimes();
  }

  /** Registers the node and keeps it alive until the signal aborts. */
  async run(kubeletPort: number, signal: AbortSignal): Promise<void> {
    this.#kubeletPort = kubeletPort;
    await this.#untilDone(signal, () => this.#register(signal));
    this.event('Normal', 'Starting', 'Starting kubelet.');
    const status = async (): Promise<void> => {
      const isOver = (): boolean => signal.aborted;
      while (!isOver()) {
        await delay(STATUS_PERIOD_MS, signal).catch(() => undefined);
        if (!isOver()) await this.#writeStatus().catch(this.#report);
      }
    };
    const lease = async (): Promise<void> => {
      while (!signal.aborted && !this.#hasVanished) {
        await this.#renewLease(signal).catch(this.#report);
        await this.#correctStatus(signal).catch(this.#report);
        await delay(LEASE_PERIOD_MS, signal).catch(() => undefined);
      }
    };
    await Promise.all([status(), lease()]);
  }

  /** The pods bound to this node now are these; changes come by `podChanged`. */
  podChanged(pod: Pod, signal: AbortSignal): void {
    if (this.#hasVanished) return;
    const uid = pod.metadata?.uid ?? '';
    const known = this.#workers.get(uid);
    if (known !== undefined) known.worker.update(pod);
    else if (
      this.#health.isShuttingDown &&
      !hasEnded(pod.status) &&
      pod.metadata?.deletionTimestamp === undefined
    )
      void this.#reject(pod, 'NodeShutdown', 'Pod was rejected as the node is shutting down.').catch(
        this.#report,
      );
    else {
      const worker = new PodWorker(this.#context, pod, signal);
      const done = worker
        .run()
        .catch(this.#report)
        .finally(() => this.#workers.delete(uid));
      this.#workers.set(uid, { worker, done });
    }
  }

  podGone(pod: Pod): void {
    this.#workers.get(pod.metadata?.uid ?? '')?.worker.objectGone();
  }

  /** Resolves when the workers have let go of their pods, whose processes go on. */
  async left(): Promise<void> {
    await Promise.all(Array.from(this.#workers.values(), ({ done }) => done));
    await this.#events.flushed();
  }

  setHealth(changes: Partial<NodeHealth>): void {
    const health = { ...this.#health, ...changes };
    if (JSON.stringify(health) === JSON.stringify(this.#health)) return;
    this.#health = health;
    this.#writeStatus().catch(this.#report);
  }

  get health(): NodeHealth {
    return this.#health;
  }

  /** Labels, taints, capacity or annotations are others. */
  async respecify(spec: NodeSpec, signal: AbortSignal): Promise<void> {
    this.#spec = spec;
    await this.#register(signal);
  }

  /** As a kubelet that gets the machine's shutdown: pods end within the notice, the node is not ready. */
  async shutDown(noticeSeconds: number): Promise<void> {
    this.setHealth({ isShuttingDown: true });
    this.event('Normal', 'Shutdown', 'Shutdown manager detected shutdown event');
    const message = 'Pod was terminated in response to imminent node shutdown.';
    const verdict: PodVerdict = {
      phase: 'Failed',
      reason: 'Terminated',
      message,
      condition: { type: 'DisruptionTarget', reason: 'TerminationByKubelet', message },
    };
    await shutdownGrace(this.workers, noticeSeconds, (worker, graceSeconds) =>
      worker.terminate(verdict, graceSeconds),
    );
  }

  /** Every process is killed, and nothing is said any more. */
  async vanish(): Promise<void> {
    this.#hasVanished = true;
    await Promise.all(this.workers.map((worker) => worker.vanish()));
    // What they were about to write down must not be found by the machine that gets the name next.
    const settled = Promise.all(Array.from(this.#workers.values(), ({ done }) => done));
    await Promise.race([settled, delay(VANISH_MS, new AbortController().signal)]);
  }

  /** Its object goes too, as a cloud's controller does with a machine that is no more. */
  async remove(): Promise<void> {
    await this.vanish();
    await this.#options.api
      .delete(`/api/v1/nodes/${this.name}`, AbortSignal.timeout(CALL_TIMEOUT_MS))
      .catch(this.#unless(404));
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const reference: EventReference = { kind: 'Node', name: this.name, uid: this.#uid, apiVersion: 'v1' };
    this.#events.record(reference, type, reason, message);
  }

  #runtimes(): PodWorker[] {
    return this.workers.filter(({ hasSandbox }) => hasSandbox);
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { api } = this.#options;
    const view = this.#view();
    const wanted = nodeObject(view);
    const path = `/api/v1/nodes/${this.name}`;
    let node: Node | undefined;
    try {
      node = await api.create<Node>('/api/v1/nodes', { ...wanted, status: nodeStatus(view) }, signal);
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 409) throw error;
      // Taints and labels that others gave it stay.
      const patch = { metadata: wanted.metadata, spec: wanted.spec };
      const type = 'application/strategic-merge-patch+json';
      node = await api.patch<Node>(path, JSON.stringify(patch), type, signal);
    }
    this.#uid = node.metadata?.uid ?? '';
    this.#conditions = node.status?.conditions ?? [];
    await this.#writeStatus();
  }

  /** One after the other, so that the last one is the newest. */
  async #writeStatus(): Promise<void> {
    const write = async (): Promise<void> => {
      if (this.#hasVanished || this.#kubeletPort === 0) return;
      const status = nodeStatus(this.#view());
      this.#conditions = status.conditions ?? [];
      await this.#options.api.patch(
        `/api/v1/nodes/${this.name}/status`,
        JSON.stringify({ status }),
        'application/strategic-merge-patch+json',
        AbortSignal.timeout(CALL_TIMEOUT_MS),
      );
    };
    this.#writing = this.#writing.then(write, write);
    await this.#writing;
  }

  /** The node controller calls a node Unknown that was silent, e.g. while the machine slept: it is told better at once. */
  async #correctStatus(signal: AbortSignal): Promise<void> {
    const query = { resourceVersion: '0' };
    const node = await this.#options.api.get<Node>(`/api/v1/nodes/${this.name}`, signal, query);
    const known = node.status?.conditions ?? [];
    const isAsWritten = this.#conditions.every(({ type, status }) =>
      known.some((one) => one.type === type && one.status === status),
    );
    if (isAsWritten) return;
    this.#conditions = known;
    await this.#writeStatus();
  }

  async #renewLease(signal: AbortSignal): Promise<void> {
    const { api } = this.#options;
    const now = new Date().toISOString().replace('Z', '000Z');
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: this.name,
        namespace: 'kube-node-lease',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: this.name, uid: this.#uid }],
      },
      spec: { holderIdentity: this.name, leaseDurationSeconds: LEASE_SECONDS, renewTime: now },
    };
    const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${this.name}`;
    await api.apply(path, lease, 'slipway-node-agent', signal);
  }

  async #reject(pod: Pod, reason: string, message: string): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata ?? {};
    await this.#options.api.patch(
      `/api/v1/namespaces/${namespace}/pods/${name}/status`,
      JSON.stringify({ metadata: { uid }, status: { phase: 'Failed', reason, message } }),
      'application/strategic-merge-patch+json',
      AbortSignal.timeout(CALL_TIMEOUT_MS),
    );
  }

  #view(): Parameters<typeof nodeStatus>[0] {
    const { bootId, kubeletVersion, host } = this.#options;
    return {
      spec: this.#spec,
      ip: host.ip,
      kubeletPort: this.#kubeletPort,
      health: this.#health,
      bootId,
      kubeletVersion,
      conditions: this.#conditions,
      now: Date.now(),
    };
  }

  async #untilDone(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        await work();
        return;
      } catch (error) {
        if (isOver()) return;
        this.#report(error);
        await delay(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  #unless(status: number): (error: unknown) => void {
    return (error) => {
      if (!(error instanceof HttpError && error.status === status)) this.#report(error);
    };
  }

  readonly #report = (error: unknown): void => {
    this.#options.log(`${this.name}: ${asError(error).message}`);
  };
}
