/** What a container's probes mean for it: started, ready, dead. */
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import type { PodSandbox, ProbeKind } from '../contract.ts';
import type { EventType } from './events.ts';
import type { PodContainer } from './podContainer.ts';
import type { PodContext } from './podContext.ts';
import { probedContainer } from './startContainer.ts';

export interface ProbingOptions {
  readonly context: PodContext;
  readonly pod: Pod;
  readonly sandbox: PodSandbox;
  readonly container: PodContainer;
  readonly event: (type: EventType, reason: string, message: string) => void;
  /** Started or ready, or not any more. */
  readonly onChange: () => void;
  /** Those that wait for this one may start. */
  readonly onStarted: () => void;
  /** To be stopped, with the probe's own grace period if it has one. */
  readonly onDead: (message: string, graceSeconds: number | undefined) => void;
}

const TITLES: Readonly<Record<ProbeKind, string>> = {
  startup: 'Startup',
  liveness: 'Liveness',
  readiness: 'Readiness',
};

/** Until the instance ends. An adopted one goes on with what was known of it. */
export function watchProbes(options: ProbingOptions): void {
  const { context, container, event, onChange, onDead, onStarted, pod, sandbox } = options;
  const { instance, prepared, role } = container;
  if (instance?.running === undefined || prepared === undefined || role === 'init') return;
  const { startupProbe, ...specWithoutStartup } = container.spec;
  const { readinessProbe, livenessProbe } = container.spec;
  const isAdopted = instance.record.hasStarted === true;
  if (startupProbe === undefined || isAdopted) container.hasStarted = true;
  if (readinessProbe === undefined) container.isReady = container.hasStarted;
  const remember = (): void => {
    const { hasStarted, isReady } = container;
    if (container.instance === instance && instance.running !== undefined)
      void instance.save({ hasStarted, isReady });
    onChange();
  };
  remember();
  if (container.hasStarted) onStarted();
  if (startupProbe === undefined && readinessProbe === undefined && livenessProbe === undefined) return;
  const signal = container.beginProbes();
  const probed = probedContainer(pod, sandbox, container, prepared);
  const watched = isAdopted ? { ...probed, spec: specWithoutStartup } : probed;
  const listener = {
    onOutcome: (kind: ProbeKind, passed: boolean): void => {
      if (signal.aborted) return;
      if (kind === 'readiness') container.isReady = passed && container.hasStarted;
      else if (!passed) {
        const probe = kind === 'startup' ? startupProbe : livenessProbe;
        const { name } = container.spec;
        container.endProbes();
        onDead(
          `Container ${name} failed ${kind} probe, will be restarted`,
          probe?.terminationGracePeriodSeconds,
        );
      } else if (kind === 'startup') {
        container.hasStarted = true;
        if (readinessProbe === undefined) container.isReady = true;
        onStarted();
      }
      remember();
    },
    onFailure: (kind: ProbeKind, message: string): void => {
      if (!signal.aborted) event('Warning', 'Unhealthy', `${TITLES[kind]} probe failed: ${message}`);
    },
  };
  context.prober.watch(watched, listener, signal).catch((error: unknown) => {
    if (!signal.aborted) context.log(`${container.spec.name}: ${String(error)}`);
  });
}
