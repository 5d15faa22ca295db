import { Worker } from 'node:worker_threads';
import type { Disposable } from '../core/base/disposable.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type { AnalyseRequest, Analysis, WorkerReply, WorkerRequest } from '../core/protocol/graphWorker.ts';

export type GraphWorkerErrorReason = 'graphWorkerCrashed' | 'graphWorkerTimedOut' | 'graphWorkerFailed';

export interface GraphWorkerOptions {
  /** The thread goes after this long without work. */
  readonly idleMs?: number;
  /** A request that takes longer ends with an error, and the thread with it. */
  readonly timeoutMs?: number;
}

interface Job {
  readonly request: AnalyseRequest;
  readonly resolve: (analysis: Analysis) => void;
  readonly reject: (error: unknown) => void;
  /** Undefined until the thread has it. */
  id: number | undefined;
}

/** Memory of the thread: a text that asks for more ends the thread, not the editor. */
const maxHeapMiB = 2_048;

/**
 * The graph worker's client. Starts the thread with the first request and lets it go when idle. One request is under
 * way at a time; the rest wait, and of those with the same `key` only the newest stays (the others end as aborted).
 */
export class GraphWorker implements Disposable {
  readonly #script: string;
  readonly #idleMs: number;
  readonly #timeoutMs: number;
  readonly #waiting: Job[] = [];
  #running: Job | undefined;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastId = 0;
  #disposed = false;

  /** `script`: path of the worker's entry, `dist/graph-worker.js`. */
  constructor(script: string, { idleMs = 60_000, timeoutMs = 60_000 }: GraphWorkerOptions = {}) {
    this.#script = script;
    this.#idleMs = idleMs;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with the signal's reason, an AbortError when a newer request took its place, or a SlipwayError. */
  analyse(request: AnalyseRequest, signal: AbortSignal): Promise<Analysis> {
    const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
    if (signal.aborted || this.#disposed) {
      reject(signal.aborted ? signal.reason : superseded());
      return promise;
    }
    const onAbort = (): void => this.#drop(job, signal.reason);
    const settle = (): void => signal.removeEventListener('abort', onAbort);
    const job: Job = {
      request,
      id: undefined,
      resolve: (analysis) => {
        settle();
        resolve(analysis);
      },
      reject: (error) => {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (request.key !== undefined) {
      for (const other of this.#waiting.filter(({ request: { key } }) => key === request.key)) {
        this.#drop(other, superseded());
      }
    }
    this.#waiting.push(job);
    this.#next();
    return promise;
  }

  dispose(): void {
    this.#disposed = true;
    for (const job of this.#waiting.splice(0)) job.reject(superseded());
    this.#running?.reject(superseded());
    this.#running = undefined;
    this.#stopWorker();
  }

  /** What runs cannot be interrupted: its caller goes on at once, its answer is thrown away. */
  #drop(job: Job, reason: unknown): void {
    const at = this.#waiting.indexOf(job);
    if (at !== -1) this.#waiting.splice(at, 1);
    job.reject(reason);
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#waiting.shift();
    clearTimeout(this.#timer);
    if (job === undefined) {
      // Neither the thread nor its timer keeps a process alive that has nothing else to do.
      this.#worker?.unref();
      this.#timer = setTimeout(() => this.#stopWorker(), this.#idleMs).unref();
      return;
    }
    this.#running = job;
    job.id = ++this.#lastId;
    this.#timer = setTimeout(() => this.#fail('graphWorkerTimedOut', 'took too long'), this.#timeoutMs);
    const worker = (this.#worker ??= this.#startWorker());
    worker.ref();
    const message: WorkerRequest = { id: job.id, request: job.request };
    worker.postMessage(message);
  }

  #startWorker(): Worker {
    const worker = new Worker(this.#script, {
      // The editor's own flags are not for this thread.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB },
    });
    const isCurrent = (): boolean => this.#worker === worker;
    worker.on('message', (reply: WorkerReply) => {
      if (isCurrent()) this.#settle(reply);
    });
    worker.on('error', (error) => {
      if (isCurrent()) this.#fail('graphWorkerCrashed', 'stopped', error);
    });
    worker.on('exit', () => {
      if (isCurrent()) this.#fail('graphWorkerCrashed', 'stopped');
    });
    return worker;
  }

  #settle(reply: WorkerReply): void {
    const job = this.#running;
    if (job?.id !== reply.id) return;
    this.#running = undefined;
    if (reply.kind === 'analysis') job.resolve(reply.analysis);
    else job.reject(graphWorkerError('graphWorkerFailed', 'failed', reply.message));
    this.#next();
  }

  /** Ends the thread and the request it had; the next one gets a new thread. */
  #fail(reason: GraphWorkerErrorReason, what: string, cause?: unknown): void {
    const job = this.#running;
    this.#running = undefined;
    this.#stopWorker();
    job?.reject(graphWorkerError(reason, what, cause));
    this.#next();
  }

  #stopWorker(): void {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }
}

function graphWorkerError(
  reason: GraphWorkerErrorReason,
  what: string,
  cause: unknown,
): SlipwayError<GraphWorkerErrorReason> {
  return new SlipwayError(reason, `Reading the pipeline ${what}.`, {
    action: 'Try again; if it happens again, the file is too large or too deeply nested to be read here.',
    cause,
  });
}

function superseded(): DOMException {
  return new DOMException('A newer request took the place of this one.', 'AbortError');
}
