/** Kubernetes Events of the kubelet: the same thing happening again counts up one Event. */
import { randomBytes } from 'node:crypto';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { Event } from '../../../../src/clients/kubernetes/model.ts';
import { wireTime } from './podStatus.ts';

export type EventReference = Event['involvedObject'];
export type EventType = 'Normal' | 'Warning';

interface Known {
  readonly path: string;
  count: number;
}

const TIMEOUT_MS = 10_000;
/** After as many different ones the oldest is forgotten and would begin anew. */
const REMEMBERED = 4096;

export class EventRecorder {
  readonly #api: KubernetesApi;
  readonly #host: string;
  readonly #onError: (error: unknown) => void;
  readonly #known = new Map<string, Known>();
  #queue: Promise<void> = Promise.resolve();
  #length = 0;

  constructor(api: KubernetesApi, host: string, onError: (error: unknown) => void) {
    this.#api = api;
    this.#host = host;
    this.#onError = onError;
  }

  /** Returns at once; Events are written one after the other. */
  record(involvedObject: EventReference, type: EventType, reason: string, message: string): void {
    if (this.#length > REMEMBERED) return;
    const time = Date.now();
    this.#length += 1;
    this.#queue = this.#queue
      .then(() => this.#write(involvedObject, type, reason, message, time))
      .catch(this.#onError)
      .finally(() => {
        this.#length -= 1;
      });
  }

  /** Resolves when what was recorded is written. */
  async flushed(): Promise<void> {
    await this.#queue;
  }

  async #write(
    involvedObject: EventReference,
    type: EventType,
    reason: string,
    message: string,
    time: number,
  ): Promise<void> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const key = JSON.stringify([involvedObject, type, reason, message]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.count += 1;
      const patch = { count: known.count, lastTimestamp: wireTime(time) };
      const patched = await this.#api
        .patch(known.path, JSON.stringify(patch), 'application/merge-patch+json', signal)
        .then(
          () => true,
          () => false, // It has expired by now.
        );
      if (patched) return;
    }
    const namespace = involvedObject.namespace ?? 'default';
    const name = `${involvedObject.name ?? ''}.${randomBytes(8).toString('hex')}`;
    const path = `/api/v1/namespaces/${namespace}/events`;
    const event: Event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject,
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: wireTime(time),
      lastTimestamp: wireTime(time),
      source: { component: 'kubelet', host: this.#host },
      reportingComponent: 'kubelet',
      reportingInstance: this.#host,
    };
    await this.#api.create(path, event, signal);
    if (this.#known.size > REMEMBERED)
      for (const oldest of [...this.#known.keys()].slice(0, 1)) this.#known.delete(oldest);
    this.#known.set(key, { path: `${path}/${name}`, count: 1 });
  }
}
