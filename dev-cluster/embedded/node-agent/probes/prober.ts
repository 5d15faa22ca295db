/** Probes again and again, from their container's start to its end, and its hooks: what the kubelet's prober does. */
import { delay } from '../../../../src/core/base/abort.ts';
import { asError, isAbort } from '../../../../src/core/base/errors.ts';
import type {
  LifecycleHandler,
  ProbedContainer,
  ProbeKind,
  ProbeListener,
  Prober,
  ProbeResult,
} from '../contract.ts';
import { httpProbe } from './httpProbe.ts';
import { execProbe, portOf, type Probe, runProbe } from './probe.ts';

const PASSED: ProbeResult = { passed: true, message: '' };

/** What a test replaces. */
export interface ProberParts {
  readonly probe: typeof runProbe;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

export class LocalProber implements Prober {
  readonly #parts: ProberParts;

  constructor(parts: ProberParts = { probe: runProbe, wait: delay }) {
    this.#parts = parts;
  }

  async watch(container: ProbedContainer, listener: ProbeListener, signal: AbortSignal): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = container.spec;
    try {
      if (startupProbe !== undefined) {
        const hasStarted = await this.#repeat('startup', startupProbe, container, listener, signal);
        if (!hasStarted) return;
      }
      await Promise.all([
        livenessProbe === undefined
          ? undefined
          : this.#repeat('liveness', livenessProbe, container, listener, signal),
        readinessProbe === undefined
          ? undefined
          : this.#repeat('readiness', readinessProbe, container, listener, signal),
      ]);
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) throw error;
    }
  }

  async runHook(
    container: ProbedContainer,
    { exec, httpGet, sleep }: LifecycleHandler,
    signal: AbortSignal,
  ): Promise<ProbeResult> {
    try {
      if (exec !== undefined) return await execProbe(container.commandFor(exec.command ?? []), signal);
      if (sleep !== undefined) await this.#parts.wait(sleep.seconds * 1000, signal);
      if (httpGet !== undefined) {
        const port = portOf(httpGet.port, container);
        // Any answer will do.
        await httpProbe(httpGet, { port, hostPort: container.hostPort(port) }, signal);
      }
      return PASSED;
    } catch (error) {
      return { passed: false, message: asError(error).message };
    }
  }

  /** Until the signal aborts, or the outcome after which there is nothing to ask: started, or to be killed. */
  async #repeat(
    kind: ProbeKind,
    probe: Probe,
    container: ProbedContainer,
    listener: ProbeListener,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = probe;
    let outcome: boolean | undefined;
    let last: boolean | undefined;
    let inARow = 0;
    await this.#parts.wait(
      Math.max(0, container.startedAt + initialDelaySeconds * 1000 - Date.now()),
      signal,
    );
    for (;;) {
      const result = await this.#parts.probe(probe, container, signal);
      signal.throwIfAborted();
      inARow = result.passed === last ? inARow + 1 : 1;
      last = result.passed;
      if (!result.passed) listener.onFailure(kind, result.message);
      const threshold = result.passed ? successThreshold : failureThreshold;
      if (inARow >= threshold && outcome !== result.passed) {
        outcome = result.passed;
        listener.onOutcome(kind, outcome);
        if (kind === 'startup' || (kind === 'liveness' && !outcome)) return outcome;
      }
      await this.#parts.wait(periodSeconds * 1000, signal);
    }
  }
}
