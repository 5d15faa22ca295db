/** What the workers of all pods share. */
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { PodEnvironment, PodHost, Prober } from '../contract.ts';
import type { CrashBackOffTimes } from './crashBackOff.ts';
import type { EventRecorder } from './events.ts';

export interface PodContext {
  readonly api: KubernetesApi;
  readonly environment: PodEnvironment;
  readonly prober: Prober;
  readonly host: PodHost;
  readonly events: EventRecorder;
  readonly crashBackOff: CrashBackOffTimes;
  readonly log: (line: string) => void;
}
