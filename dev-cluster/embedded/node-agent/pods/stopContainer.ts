/** Stops a container as the kubelet does: preStop hook, SIGTERM, and SIGKILL when its time is up. */
import { delay } from '../../../../src/core/base/abort.ts';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import type { PodSandbox } from '../contract.ts';
import type { EventType } from './events.ts';
import type { PodContainer } from './podContainer.ts';
import type { PodContext } from './podContext.ts';
import { probedContainer } from './startContainer.ts';

/** SIGTERM gets at least this, however long the hook took. */
const LEAST_MS = 2_000;

/** When a stop must be over, in `performance.now()`: whoever sets the clock doesn't move it. May come nearer while it goes on. */
export class Deadline {
  #at: number;
  #moved = Promise.withResolvers<undefined>();

  constructor(at: number) {
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  /** Never later than it was. */
  bringForward(at: number): void {
    if (at >= this.#at) return;
    this.#at = at;
    this.#moved.resolve(undefined);
    this.#moved = Promise.withResolvers<undefined>();
  }

  /** Resolves when the time has come, or the signal aborted. */
  async passed(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && performance.now() < this.#at) {
      const wait = new AbortController();
      const either = AbortSignal.any([wait.signal, signal]);
      await Promise.race([
        this.#moved.promise,
        delay(Math.min(this.#at - performance.now(), 2 ** 31 - 1), either).catch(() => undefined),
      ]);
      wait.abort();
    }
  }
}

export interface StopOptions {
  readonly context: PodContext;
  readonly pod: Pod;
  readonly sandbox: PodSandbox | undefined;
  readonly container: PodContainer;
  readonly deadline: Deadline;
  readonly event: (type: EventType, reason: string, message: string) => void;
  readonly message: string;
}

/** Resolves when nothing of it runs and its record says how it ended. */
export async function stopContainer(options: StopOptions): Promise<void> {
  const { container, deadline, event, message } = options;
  const { instance } = container;
  if (instance?.running === undefined) return container.ended;
  event('Normal', 'Killing', message);
  const over = new AbortController();
  const ended = container.ended.finally(() => over.abort());
  const hadHook = await preStop(options, over.signal);
  instance.terminate();
  const last = hadHook ? Math.max(deadline.at, performance.now() + LEAST_MS) : deadline.at;
  await Promise.race([
    ended,
    last > deadline.at ? new Deadline(last).passed(over.signal) : deadline.passed(over.signal),
  ]);
  await instance.kill();
  await ended;
}

async function preStop(options: StopOptions, ended: AbortSignal): Promise<boolean> {
  const { context, container, deadline, event, pod, sandbox } = options;
  const hook = container.spec.lifecycle?.preStop;
  const { prepared } = container;
  if (
    hook === undefined ||
    prepared === undefined ||
    sandbox === undefined ||
    deadline.at <= performance.now()
  )
    return false;
  const limit = new AbortController();
  void deadline.passed(ended).then(() => limit.abort());
  const probed = probedContainer(pod, sandbox, container, prepared);
  try {
    const { passed, message } = await context.prober.runHook(
      probed,
      hook,
      AbortSignal.any([limit.signal, ended]),
    );
    if (!passed && !ended.aborted) event('Warning', 'FailedPreStopHook', `PreStopHook failed: ${message}`);
  } catch (error) {
    if (!limit.signal.aborted && !ended.aborted) throw error;
    if (!ended.aborted) event('Warning', 'FailedPreStopHook', 'PreStopHook did not end in time');
  }
  return true;
}
