/**
 * One pod on its node: brings it up, keeps it up, ends it. A worker does one thing at a time; what happens meanwhile
 * (an exit, a probe, a new object) wakes it to look again. The decisions are in `plan.ts`, the words in `podStatus.ts`.
 */
import { isDeepStrictEqual } from 'node:util';
import { keyOf, type Pod } from '../../../../src/clients/kubernetes/model.ts';
import { asError } from '../../../../src/core/base/errors.ts';
import type { ProcessEnd } from '../../kfp/engine/attemptProcess.ts';
import type { ContainerRuntime, PodRuntime, PodSandbox } from '../contract.ts';
import { Alarm } from './alarm.ts';
import { restartPolicyOf } from './containerView.ts';
import type { EventType } from './events.ts';
import { notEnforced } from './notEnforced.ts';
import { containersToStart, isFinished } from './plan.ts';
import type { PodContainer } from './podContainer.ts';
import type { PodContext } from './podContext.ts';
import { hasEnded, podStatus, type PodVerdict } from './podStatus.ts';
import { watchProbes } from './probing.ts';
import { removePod } from './removePod.ts';
import { restoreContainers } from './restore.ts';
import { startContainer } from './startContainer.ts';
import { StatusWriter } from './statusWriter.ts';
import { Deadline, stopContainer } from './stopContainer.ts';
import { terminationMessage } from './terminationMessage.ts';

const DEFAULT_GRACE_SECONDS = 30;
const FIRST_MOUNT_RETRY_MS = 500;
const LONGEST_MOUNT_RETRY_MS = 122_000;
const ERROR_RETRY_MS = 1_000;
const DELETE_TIMEOUT_MS = 15_000;

export class PodWorker implements PodRuntime {
  readonly #context: PodContext;
  readonly #status: StatusWriter;
  readonly #startedAt: number;
  /** Starting things: over when the pod is to end. */
  readonly #starting = new AbortController();
  /** The agent's interest in the pod. */
  readonly #watching: AbortSignal;
  readonly #leaving = new AbortController();
  #pod: Pod;
  #sandbox: PodSandbox | undefined;
  #containers: readonly PodContainer[] = [];
  #termination: { readonly deadline: Deadline; verdict: PodVerdict | undefined } | undefined;
  /** All that ran of it has ended, and nothing will be started again. */
  #isOver = false;
  readonly #over = Promise.withResolvers<undefined>();
  #isObjectGone = false;
  #mountFailures = 0;
  #mountRetryAt = 0;
  #deadlineTimer: NodeJS.Timeout | undefined;
  readonly #alarm = new Alarm();

  constructor(context: PodContext, pod: Pod, signal: AbortSignal) {
    this.#context = context;
    this.#pod = pod;
    this.#startedAt = Date.parse(pod.status?.startTime ?? '') || Date.now();
    this.#watching = AbortSignal.any([signal, this.#leaving.signal]);
    this.#status = new StatusWriter({ api: context.api, pod, signal: this.#watching, onError: this.#report });
  }

  get pod(): Pod {
    return { ...this.#pod, status: { ...this.#pod.status, ...this.#status.last } };
  }

  get sandbox(): PodSandbox {
    if (this.#sandbox === undefined) throw new Error('The pod has no place on the host yet.');
    return this.#sandbox;
  }

  get hasSandbox(): boolean {
    return this.#sandbox !== undefined;
  }

  get containers(): ReadonlyMap<string, ContainerRuntime> {
    return new Map(this.#containers.map((container) => [container.spec.name, container.runtime]));
  }

  get uid(): string {
    return this.#pod.metadata?.uid ?? '';
  }

  /** Nothing of it runs any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** It has ended or is about to. */
  get isEnding(): boolean {
    return this.#isOver || this.#termination !== undefined;
  }

  /** Resolves when nothing of it runs any more. */
  get over(): Promise<undefined> {
    return this.#over.promise;
  }

  hostPort(port: number): number {
    return this.#sandbox?.hostPorts.get(port) ?? port;
  }

  /** The pod's object is another. */
  update(pod: Pod): void {
    const old = this.#pod;
    this.#pod = pod;
    if (pod.metadata?.deletionTimestamp !== undefined) this.#beDeleted();
    const names = ({ metadata }: Pod): unknown => [metadata?.labels, metadata?.annotations];
    if (this.#sandbox !== undefined && !isDeepStrictEqual(names(old), names(pod)))
      this.#context.environment.update(this.#sandbox, pod, this.#watching).catch(this.#report);
    if (pod.spec?.activeDeadlineSeconds !== old.spec?.activeDeadlineSeconds) this.#armDeadline();
    this.#status.seen(pod.status);
    this.#publish();
  }

  /** The pod's object is no more. */
  objectGone(): void {
    this.#isObjectGone = true;
    this.terminate(undefined, Math.max(1, this.#pod.metadata?.deletionGracePeriodSeconds ?? 1));
  }

  /** Ends the pod, for the reason that its status then has. A second call may only hasten it. */
  terminate(
    verdict: PodVerdict | undefined,
    graceSeconds = this.#pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
  ): void {
    const at = performance.now() + graceSeconds * 1000;
    if (this.#termination === undefined) this.#termination = { deadline: new Deadline(at), verdict };
    else {
      this.#termination.deadline.bringForward(at);
      this.#termination.verdict ??= verdict;
    }
    this.#starting.abort();
    this.#alarm.ring();
  }

  /** Kills the container's processes, which its status will explain by `reason`, e.g. `OOMKilled`. */
  async killContainer(name: string, reason: string): Promise<void> {
    const instance = this.#containers.find(({ spec }) => spec.name === name)?.instance;
    if (instance?.running === undefined) return;
    await instance.save({ killedFor: reason });
    await instance.kill();
  }

  /** Kills everything and says nothing: the node is gone. */
  async vanish(): Promise<void> {
    this.#leaving.abort();
    this.#starting.abort();
    this.#alarm.ring();
    await Promise.all(this.#containers.map(async ({ instance }) => instance?.kill()));
    if (this.#sandbox !== undefined)
      await this.#context.environment.release(this.#sandbox, AbortSignal.timeout(DELETE_TIMEOUT_MS));
  }

  event(type: EventType, reason: string, message: string, fieldPath?: string): void {
    const { namespace, name, uid } = this.#pod.metadata ?? {};
    const reference = {
      apiVersion: 'v1',
      kind: 'Pod',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    };
    this.#context.events.record(reference, type, reason, message);
  }

  /** Resolves when the pod is gone from here, or the agent leaves it: its processes then go on. */
  async run(): Promise<void> {
    const signal = this.#watching;
    await this.#restore(signal);
    this.#armDeadline();
    while (!signal.aborted) {
      this.#alarm.set();
      const next = await this.#sync(signal).catch((error: unknown) => {
        if (!signal.aborted && !this.#starting.signal.aborted) this.#report(error);
        return Date.now() + ERROR_RETRY_MS;
      });
      await this.#alarm.sleep(next, signal);
    }
    clearTimeout(this.#deadlineTimer);
    await Promise.all(this.#containers.map((container) => container.letGo()));
  }

  /** One look at the pod: when to look again if nothing happens, in ms since 1970. */
  async #sync(signal: AbortSignal): Promise<number | undefined> {
    if (this.#isOver) return this.#removeIfDeleted();
    if (this.#termination !== undefined) {
      await this.#end();
      await this.#removeIfDeleted();
      return undefined;
    }
    const policy = restartPolicyOf(this.#pod);
    if (isFinished(this.#containers, policy)) {
      this.terminate(undefined);
      return undefined;
    }
    const starting = AbortSignal.any([signal, this.#starting.signal]);
    if (!(await this.#prepare(starting))) return this.#mountRetryAt;
    for (const container of this.#containers)
      if (container.isAlive && container.prepared === undefined) await this.#adopt(container, starting);
    this.#publish();
    const later: number[] = [];
    for (const next of containersToStart(this.#containers, policy)) {
      const container = this.#containers.find(({ spec }) => spec.name === next.spec.name);
      if (container === undefined) continue;
      const at = await startContainer({
        context: this.#context,
        pod: this.#pod,
        sandbox: this.sandbox,
        container,
        event: (type, reason, message) => this.#containerEvent(container, type, reason, message),
        onChange: () => this.#publish(),
        onLaunched: ({ ended }) => this.#watchEnd(container, ended),
        signal: starting,
      });
      if (at !== undefined) later.push(at);
      else if (container.isAlive) this.#watchProbes(container);
      this.#publish();
    }
    return later.length === 0 ? undefined : Math.min(...later);
  }

  async #prepare(signal: AbortSignal): Promise<boolean> {
    if (this.#sandbox !== undefined) return true;
    if (Date.now() < this.#mountRetryAt) return false;
    const { environment, host } = this.#context;
    this.#publish();
    try {
      this.#sandbox = await environment.prepare(this.#pod, host, signal);
      const missing = notEnforced(this.#pod, this.#sandbox.inEngine);
      // An agent that finds the pod again doesn't say it again.
      if (missing !== undefined && this.#containers.every(({ state }) => state.kind === 'none'))
        this.event('Normal', 'NotEnforced', missing);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      const pause = Math.min(FIRST_MOUNT_RETRY_MS * 2 ** this.#mountFailures, LONGEST_MOUNT_RETRY_MS);
      this.#mountFailures += 1;
      this.#mountRetryAt = Date.now() + pause;
      this.event('Warning', 'FailedMount', asError(error).message);
      return false;
    }
  }

  /** Finds what an earlier agent started. */
  async #restore(signal: AbortSignal): Promise<void> {
    const { status } = this.#pod;
    this.#containers = await restoreContainers(this.#context, this.#pod, this.#report, signal);
    for (const container of this.#containers)
      if (container.instance?.running !== undefined)
        this.#watchEnd(container, container.instance.running.ended);
    if (hasEnded(status)) {
      if (this.#containers.some(({ isAlive }) => isAlive)) this.terminate(undefined, 0);
      else this.#setOver();
    }
    if (this.#pod.metadata?.deletionTimestamp !== undefined) this.#beDeleted();
  }

  /** Surroundings of a container that runs already, for its probes and for exec. */
  async #adopt(container: PodContainer, signal: AbortSignal): Promise<void> {
    const { environment, log } = this.#context;
    // What runs is not pulled again.
    const spec = { ...container.spec, imagePullPolicy: 'IfNotPresent' };
    const image = await environment.image(spec, log, signal);
    container.prepared = await environment.container(
      this.sandbox,
      spec,
      image,
      container.restartCount,
      signal,
    );
    this.#watchProbes(container);
  }

  #watchProbes(container: PodContainer): void {
    watchProbes({
      context: this.#context,
      pod: this.#pod,
      sandbox: this.sandbox,
      container,
      event: (type, reason, message) => this.#containerEvent(container, type, reason, message),
      onChange: () => this.#publish(),
      onStarted: () => this.#alarm.ring(),
      onDead: (message, graceSeconds) => {
        if (this.#termination === undefined) void this.#stop(container, message, graceSeconds);
      },
    });
  }

  #watchEnd(container: PodContainer, ended: Promise<ProcessEnd>): void {
    const { instance } = container;
    if (instance === undefined) return;
    // It was being started when the machine was switched off.
    if (this.#leaving.signal.aborted) void instance.kill().catch(this.#report);
    container.ended = ended
      .then(async (processEnd) => {
        await container.finish();
        const messageFile = container.prepared?.terminationMessageFile;
        const message = await terminationMessage({
          spec: container.spec,
          exitCode: processEnd.kind === 'exit' ? processEnd.code : 137,
          messageFile: messageFile ?? '',
          logFile: instance.logPath,
          containersOfPod: this.#containers.length,
        });
        // Switched off with its machine: whoever has the name next must find nothing of it. Or left to the next agent.
        if (this.#leaving.signal.aborted) return;
        await instance.close(processEnd, message);
        this.#publish();
        this.#alarm.ring();
      })
      .catch((error: unknown) => {
        if (!this.#watching.aborted) this.#report(error);
      });
  }

  async #stop(container: PodContainer, message: string, graceSeconds?: number): Promise<void> {
    const grace = graceSeconds ?? this.#pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    const deadline = this.#termination?.deadline ?? new Deadline(performance.now() + grace * 1000);
    await stopContainer({
      context: this.#context,
      pod: this.#pod,
      sandbox: this.#sandbox,
      container,
      deadline,
      event: (type, reason, text) => this.#containerEvent(container, type, reason, text),
      message,
    }).catch(this.#report);
  }

  /** The containers proper at once, then the sidecars, the last started first. */
  async #end(): Promise<void> {
    this.#publish();
    const stop = (container: PodContainer): Promise<void> =>
      this.#stop(container, `Stopping container ${container.spec.name}`);
    const isSidecar = ({ role }: PodContainer): boolean => role === 'sidecar';
    await Promise.all(this.#containers.filter((container) => !isSidecar(container)).map(stop));
    for (const sidecar of this.#containers.filter(isSidecar).toReversed()) await stop(sidecar);
    this.#setOver();
    this.#publish();
    await this.#status.flushed();
  }

  async #removeIfDeleted(): Promise<undefined> {
    if (this.#pod.metadata?.deletionTimestamp === undefined && !this.#isObjectGone) return;
    await this.#status.flushed();
    await removePod(this.#context, this.#pod, this.#sandbox, this.#isObjectGone);
    this.#leaving.abort();
  }

  #setOver(): void {
    this.#isOver = true;
    this.#over.resolve(undefined);
  }

  #beDeleted(): void {
    this.terminate(undefined, this.#pod.metadata?.deletionGracePeriodSeconds ?? undefined);
  }

  #armDeadline(): void {
    clearTimeout(this.#deadlineTimer);
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const message = 'Pod was active on the node longer than the specified deadline';
    const wait = this.#startedAt + seconds * 1000 - Date.now();
    this.#deadlineTimer = setTimeout(
      () => {
        if (this.#isOver || this.#termination !== undefined) return;
        this.event('Normal', 'DeadlineExceeded', message);
        this.terminate({ phase: 'Failed', reason: 'DeadlineExceeded', message });
      },
      Math.min(Math.max(wait, 0), 2 ** 31 - 1),
    );
  }

  #publish(): void {
    if (this.#containers.length === 0 || this.#isObjectGone) return;
    // An ended pod has had its last word, but for who gates its readiness.
    if (this.#isOver && hasEnded(this.#pod.status)) return;
    this.#status.write(
      podStatus({
        pod: this.#pod,
        containers: this.#containers,
        hostIp: this.#context.host.ip,
        podIp: this.#sandbox?.podIp ?? this.#pod.status?.podIP,
        startedAt: this.#startedAt,
        isOver: this.#isOver,
        verdict: this.#termination?.verdict,
        last: this.#status.last,
        now: Date.now(),
      }),
    );
  }

  #containerEvent({ spec, role }: PodContainer, type: EventType, reason: string, message: string): void {
    const list = role === 'main' ? 'containers' : 'initContainers';
    this.event(type, reason, message, `spec.${list}{${spec.name}}`);
  }

  readonly #report = (error: unknown): void =>
    this.#context.log(`${keyOf(this.#pod)}: ${asError(error).message}`);
}
