/** Writes a pod's status when it has changed: the newest only, one write at a time. */
import { isDeepStrictEqual } from 'node:util';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import { HttpError } from '../../../../src/clients/http.ts';
import { delay } from '../../../../src/core/base/abort.ts';
import type { PodStatus } from './podStatus.ts';

const RETRY_MS = 1_000;
/** Another pod has the name by now, or none. */
const GONE = [404, 409];

export class StatusWriter {
  readonly #api: KubernetesApi;
  readonly #path: string;
  readonly #uid: string;
  readonly #signal: AbortSignal;
  readonly #onError: (error: unknown) => void;
  /** As the API server has it, as far as is known. */
  #written: PodStatus;
  #hasWritten = false;
  #wanted: PodStatus | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: {
    readonly api: KubernetesApi;
    readonly pod: Pod;
    readonly signal: AbortSignal;
    readonly onError: (error: unknown) => void;
  }) {
    this.#api = options.api;
    const { namespace = 'default', name = '', uid = '' } = options.pod.metadata ?? {};
    this.#path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    this.#uid = uid;
    this.#written = options.pod.status ?? {};
    this.#signal = options.signal;
    this.#onError = options.onError;
  }

  /** The newest of what was written and what is to be written. */
  get last(): PodStatus {
    return this.#wanted ?? this.#written;
  }

  /**
   * The API server has this status: the node controller calls pods of a silent node (the machine slept) not ready. What is
   * other than it was written is written anew by the next `write`.
   */
  seen(status: PodStatus | undefined): void {
    const isAsWritten = (this.#written.conditions ?? []).every(({ type, status: own }) =>
      status?.conditions?.some((one) => one.type === type && one.status === own),
    );
    if (!isAsWritten) this.#hasWritten = false;
  }

  write(status: PodStatus): void {
    if (this.#hasWritten && isDeepStrictEqual(status, this.last)) return;
    this.#wanted = status;
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when the API server has the last status, or the pod is gone. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  async #run(): Promise<void> {
    const isOver = (): boolean => this.#signal.aborted;
    while (this.#wanted !== undefined && !isOver()) {
      const status = this.#wanted;
      try {
        await this.#api.patch(
          this.#path,
          JSON.stringify({
            metadata: { uid: this.#uid },
            status: {
              ...status,
              ...(status.reason === undefined && this.#written.reason !== undefined ? { reason: null } : {}),
              ...(status.message === undefined && this.#written.message !== undefined
                ? { message: null }
                : {}),
              conditions: status.conditions?.map(({ reason = null, message = null, ...rest }) => ({
                ...rest,
                reason,
                message,
              })),
            },
          }),
          'application/strategic-merge-patch+json',
          this.#signal,
        );
      } catch (error) {
        const isGone = error instanceof HttpError && GONE.includes(error.status ?? 0);
        if (!isGone) {
          if (isOver()) return;
          this.#onError(error);
          await delay(RETRY_MS, this.#signal).catch(() => undefined);
          continue;
        }
      }
      this.#written = status;
      this.#hasWritten = true;
      if (this.#wanted === status) this.#wanted = undefined;
    }
  }
}
