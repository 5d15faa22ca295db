import { Worker } from 'node:worker_threads';
import type { Disposable } from '../core/base/disposable.ts';
import { SlipwayError } from '../core/base/errors.ts';
import type {
  AnalyseRequest,
  Analysis,
  WorkerCall,
  WorkerCalls,
  WorkerReply,
  WorkerRequest,
} from '../core/protocol/graphWorker.ts';

export type GraphWorkerErrorReason = 'graphWorkerCrashed' | 'graphWorkerTimedOut' | 'graphWorkerFailed';

export interface GraphWorkerOptions {
  /** The thread goes after this long without work. */
  readonly idleMs?: number;
  /** A request that takes longer ends with an error, and the thread with it. */
  readonly timeoutMs?: number;
}

type Answer = Exclude<WorkerReply, { kind: 'error' }>;
type Question = { readonly [K in WorkerCall]: Omit<Extract<WorkerRequest, { kind: K }>, 'id'> }[WorkerCall];

interface Job {
  readonly question: Question;
  /** Of the one whose newer question makes this one pointless. */
  readonly key: string | undefined;
  readonly resolve: (answer: Answer) => void;
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
  async analyse(request: AnalyseRequest, signal: AbortSignal): Promise<Analysis> {
    const answer = await this.#ask({ kind: 'analyse', request }, signal, request.key);
    if (answer.kind !== 'analyse') throw wrongAnswer(answer);
    return answer.reply;
  }

  /** What two texts do not have in common. Rejects as `analyse`. */
  async diff(
    request: WorkerCalls['diff']['request'],
    signal: AbortSignal,
  ): Promise<WorkerCalls['diff']['reply']> {
    const answer = await this.#ask({ kind: 'diff', request }, signal, request.key);
    if (answer.kind !== 'diff') throw wrongAnswer(answer);
    return answer.reply;
  }

  /** What a gesture does to a text. Rejects as `analyse`. */
  async plan(
    request: WorkerCalls['plan']['request'],
    signal: AbortSignal,
  ): Promise<WorkerCalls['plan']['reply']> {
    const answer = await this.#ask({ kind: 'plan', request }, signal);
    if (answer.kind !== 'plan') throw wrongAnswer(answer);
    return answer.reply;
  }

  /** Tasks with all they need. Rejects as `analyse`. */
  async copy(
    request: WorkerCalls['copy']['request'],
    signal: AbortSignal,
  ): Promise<WorkerCalls['copy']['reply']> {
    const answer = await this.#ask({ kind: 'copy', request }, signal);
    if (answer.kind !== 'copy') throw wrongAnswer(answer);
    return answer.reply;
  }

  /** Where a wire may end. Rejects as `analyse`. */
  async targets(
    request: WorkerCalls['targets']['request'],
    signal: AbortSignal,
  ): Promise<WorkerCalls['targets']['reply']> {
    const answer = await this.#ask({ kind: 'targets', request }, signal);
    if (answer.kind !== 'targets') throw wrongAnswer(answer);
    return answer.reply;
  }

  /** The components of a file, to be put into others. Rejects as `analyse`. */
  async definitions(
    request: WorkerCalls['definitions']['request'],
    signal: AbortSignal,
  ): Promise<WorkerCalls['definitions']['reply']> {
    const answer = await this.#ask({ kind: 'definitions', request }, signal);
    if (answer.kind !== 'definitions') throw wrongAnswer(answer);
    return answer.reply;
  }

  dispose(): void {
    this.#disposed = true;
    for (const job of this.#waiting.splice(0)) job.reject(superseded());
    this.#running?.reject(superseded());
    this.#running = undefined;
    this.#stopWorker();
  }

  #ask(question: Question, signal: AbortSignal, key?: string): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    if (signal.aborted || this.#disposed) {
      reject(signal.aborted ? signal.reason : superseded());
      return promise;
    }
    const onAbort = (): void => this.#drop(job, signal.reason);
    const settle = (): void => signal.removeEventListener('abort', onAbort);
    const job: Job = {
      question,
      key,
      id: undefined,
      resolve: (answer) => {
        settle();
        resolve(answer);
      },
      reject: (error) => {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (key !== undefined) {
      for (const other of this.#waiting.filter((waiting) => waiting.key === key))
        this.#drop(other, superseded());
    }
    this.#waiting.push(job);
    this.#next();
    return promise;
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
    const message: WorkerRequest = { ...job.question, id: job.id };
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
    if (reply.kind === 'error') job.reject(graphWorkerError('graphWorkerFailed', 'failed', reply.message));
    else job.resolve(reply);
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

function wrongAnswer({ kind }: Answer): SlipwayError<GraphWorkerErrorReason> {
  return graphWorkerError('graphWorkerFailed', 'failed', `The thread answered ${kind}.`);
}

function superseded(): DOMException {
  return new DOMException('A newer request took the place of this one.', 'AbortError');
}
