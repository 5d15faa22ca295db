/**
 * Runs steps as pods. A pod has its attempt's name, so it is created once whoever asks, and found again after a restart
 * of this service. Artifacts are in the object store; the run's folder, which the pod sees under the same path, holds
 * their copies, the executor's input and its output.
 */
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { slipwayCache } from '../../../../src/clients/embedded.ts';
import { HttpError } from '../../../../src/clients/http.ts';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import { Reflector } from '../../../../src/clients/kubernetes/reflector.ts';
import type { S3 } from '../../../../src/clients/s3.ts';
import { delay } from '../../../../src/core/base/abort.ts';
import { asError, isAbort, SlipwayError } from '../../../../src/core/base/errors.ts';
import type { PythonEnvironmentSource } from '../../python/environments.ts';
import { storeError } from '../store/database.ts';
import { fetchArtifact, uploadArtifact } from './artifactTransfer.ts';
import { TaskError } from './errors.ts';
import { StopStep, type Executor, type Step, type StepListener, type StepOutcome } from './executor.ts';
import { mountsFolders } from './kubernetesConfig.ts';
import { collectOutputs } from './outputs.ts';
import { failureOf, imageFailure, pendingReason, type PodFailure } from './podOutcome.ts';
import {
  CREDENTIALS,
  literal,
  podName,
  STEP_CONTAINER,
  STEP_SELECTOR,
  stepPod,
  type PodCommand,
} from './podSpec.ts';
import { resolveCommand } from './placeholders.ts';
import { ownEnv, PLAIN_PYTHON, pythonArgv, pythonArgvWithSource, pythonFor } from './stepCommand.ts';
import { untilReachable } from './untilReachable.ts';
import { isVolumeTask, runVolumeTask } from './volumeTasks.ts';

/** What pods need: known once the cluster has told. */
export interface PodPlatform {
  readonly api: KubernetesApi;
  readonly s3: S3;
}

export interface PodExecutorOptions {
  /** Resolves when there is a cluster; waits for as long as it takes. */
  readonly platform: (signal: AbortSignal) => Promise<PodPlatform>;
  readonly environments: PythonEnvironmentSource;
  readonly namespace: string;
  readonly onError: (error: Error) => void;
}

const GRACE_SECONDS = 10;
/** A log that doesn't end although its container has. */
const LOG_END_MS = 5_000;

export class PodExecutor implements Executor {
  readonly #options: PodExecutorOptions;
  readonly #closing = new AbortController();
  /** Those that are in the Secret. */
  #credentials = '';
  #watching: Promise<Reflector<Pod>> | undefined;

  constructor(options: PodExecutorOptions) {
    this.#options = options;
  }

  start(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepOutcome> {
    return this.#outcome(signal, async (limit) => {
      const platform = await this.#options.platform(limit);
      if (isVolumeTask(step)) return runVolumeTask(step, platform.api, this.#options.namespace, limit);
      await this.#create(step, listener, platform, limit);
      return this.#follow(step, listener, platform, signal);
    });
  }

  adopt(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepOutcome> {
    return this.#outcome(signal, async (limit) => {
      const platform = await this.#options.platform(limit);
      // Making or deleting a volume again does no harm.
      if (isVolumeTask(step)) return runVolumeTask(step, platform.api, this.#options.namespace, limit);
      const found = await this.#get(step, platform.api, limit);
      return found === undefined ? { kind: 'neverStarted' } : this.#follow(step, listener, platform, signal);
    });
  }

  close(): void {
    this.#closing.abort(new StopStep());
  }

  /** Deletes the pods of a run. */
  async remove(runId: string, signal: AbortSignal): Promise<void> {
    const { api } = await this.#options.platform(signal);
    const pods = this.#path();
    const found = await api.list<Pod>(pods, signal, { labelSelector: `pipeline/runid=${runId}` });
    for (const { metadata } of found.items) await this.#delete(api, metadata?.name ?? '', 0, signal);
  }

  // --- one step

  async #create(
    step: Step,
    listener: StepListener,
    { api, s3 }: PodPlatform,
    signal: AbortSignal,
  ): Promise<void> {
    for (const folder of [join(step.folder, 'outputs'), step.outputFolder])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    const command = await this.#command(step, listener, signal);
    for (const artifacts of step.input.inputArtifacts.values())
      for (const { uri } of artifacts) await fetchArtifact(uri, mirrorOf(step), s3, signal);
    await untilReachable(() => this.#putCredentials(step, api, signal), signal);
    const pod = stepPod(step, command, this.#options.namespace);
    try {
      await untilReachable(() => api.create<Pod>(this.#path(), pod, signal), signal);
    } catch (error) {
      // The answer to an earlier try was lost.
      if (error instanceof HttpError && error.reason === 'conflict') return;
      if (error instanceof HttpError && error.reason === 'refused')
        throw new TaskError('environment', `Kubernetes refused its pod: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async #putCredentials({ credentials = {} }: Step, api: KubernetesApi, signal: AbortSignal): Promise<void> {
    const text = JSON.stringify(credentials);
    if (text === '{}' || text === this.#credentials) return;
    const { namespace } = this.#options;
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: CREDENTIALS, namespace },
      stringData: credentials,
    };
    await api.apply(`/api/v1/namespaces/${namespace}/secrets/${CREDENTIALS}`, secret, 'slipway-kfp', signal);
    this.#credentials = text;
  }

  async #command(step: Step, listener: StepListener, signal: AbortSignal): Promise<PodCommand> {
    const { container } = step;
    const runFolder = dirname(step.folder);
    const env = { ...ownEnv(step), SLIPWAY_MIRROR: mirrorOf(step) };
    if (container.python === undefined) {
      const resolve = (words: readonly string[]): string[] =>
        literal(resolveCommand(words, step.input, step.names));
      const command = resolve(container.command);
      return {
        image: container.image,
        command,
        args: resolve(container.args),
        env,
        hostFolders: [runFolder],
      };
    }
    const isPlain = PLAIN_PYTHON.test(container.image);
    if (!isPlain) listener.noted({ image: 'not in its image' });
    const environment = await pythonFor(container.python, this.#options.environments, signal);
    const mounted = mountsFolders(step.kubernetes)
      ? pythonArgvWithSource(step, container.python, environment, runFolder)
      : undefined;
    const argv = mounted ?? pythonArgv(step, container.python, environment, runFolder);
    return {
      image: isPlain && container.image !== '' ? container.image : 'python:3.11',
      command: literal(argv),
      args: [],
      env,
      hostFolders: [runFolder, join(slipwayCache(), 'python')],
    };
  }

  /** Until the pod has ended or is gone. */
  async #follow(
    step: Step,
    listener: StepListener,
    platform: PodPlatform,
    signal: AbortSignal,
  ): Promise<StepOutcome> {
    const log = new LogCopy(platform.api, this.#path(podName(step.attempt)), step.logPath);
    const stop = (): void => void this.#stop(step, platform.api, signal.reason).catch(this.#options.onError);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    let waiting: string | undefined;
    try {
      const end = await this.#until(step, platform.api, (pod) => {
        const reason = pendingReason(pod);
        if (reason !== waiting) listener.noted({ pod: reason });
        waiting = reason;
        if (hasStarted(pod)) log.follow(this.#closing.signal);
        return isOver(pod) || imageFailure(pod) !== undefined;
      });
      await log.end();
      if (signal.aborted) return { kind: 'canceled' };
      const image = end && imageFailure(end);
      if (image !== undefined) {
        // Nothing changes by itself: better a run that says so than one that waits.
        await this.#delete(platform.api, podName(step.attempt), 0, this.#closing.signal);
        return { kind: 'failed', message: image, exitCode: null, signal: null, mayRetry: false };
      }
      const failure = end === undefined ? DELETED : failureOf(end, step.kubernetes);
      if (failure !== undefined) return { kind: 'failed', mayRetry: true, ...failure };
      const outputs = collectOutputs(step);
      for (const artifacts of outputs.artifacts.values())
        for (const { uri } of artifacts) await uploadArtifact(uri, mirrorOf(step), platform.s3, signal);
      return { kind: 'succeeded', ...outputs };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** The pod when `isEnd` says so; `undefined` when it is gone. */
  async #until(step: Step, api: KubernetesApi, isEnd: (pod: Pod) => boolean): Promise<Pod | undefined> {
    const reflector = await this.#reflector(api);
    const key = `${this.#options.namespace}/${podName(step.attempt)}`;
    const closing = this.#closing.signal;
    closing.throwIfAborted();
    // The list may be older than the pod.
    const known = reflector.items.get(key) ?? (await this.#get(step, api, closing));
    if (known === undefined || isEnd(known)) return known;
    return new Promise<Pod | undefined>((resolve, reject) => {
      const settle = (act: () => void): void => {
        subscription.dispose();
        closing.removeEventListener('abort', onClose);
        act();
      };
      const onClose = (): void => settle(() => reject(closing.reason));
      closing.addEventListener('abort', onClose, { once: true });
      const subscription = reflector.onDidChange((change) => {
        if (change.key !== key) return;
        if (change.type === 'deleted')
          settle(() => resolve(isOver(change.object) ? change.object : undefined));
        else if (isEnd(change.object)) settle(() => resolve(change.object));
      });
      // What came between the look and the subscription.
      const latest = reflector.items.get(key);
      if (latest !== undefined && isEnd(latest)) settle(() => resolve(latest));
    });
  }

  #reflector(api: KubernetesApi): Promise<Reflector<Pod>> {
    this.#watching ??= (async () => {
      const reflector = new Reflector<Pod>({
        api,
        path: this.#path(),
        query: { labelSelector: STEP_SELECTOR },
        onError: (error) => this.#options.onError(asError(error)),
      });
      void reflector.run(this.#closing.signal);
      await reflector.synced;
      return reflector;
    })();
    return this.#watching;
  }

  async #stop(step: Step, api: KubernetesApi, reason: unknown): Promise<void> {
    const graceMs = reason instanceof StopStep ? reason.graceMs : undefined;
    const seconds = graceMs === undefined ? GRACE_SECONDS : Math.ceil(graceMs / 1000);
    await this.#delete(api, podName(step.attempt), seconds, this.#closing.signal);
  }

  async #delete(api: KubernetesApi, name: string, seconds: number, signal: AbortSignal): Promise<void> {
    try {
      await api.delete(this.#path(name), signal, { gracePeriodSeconds: seconds });
    } catch (error) {
      if (!(error instanceof HttpError && error.reason === 'notFound')) throw error;
    }
  }

  async #get(step: Step, api: KubernetesApi, signal: AbortSignal): Promise<Pod | undefined> {
    try {
      return await untilReachable(() => api.get<Pod>(this.#path(podName(step.attempt)), signal), signal);
    } catch (error) {
      if (error instanceof HttpError && error.reason === 'notFound') return undefined;
      throw error;
    }
  }

  #path(name?: string): string {
    const pods = `/api/v1/namespaces/${this.#options.namespace}/pods`;
    return name === undefined ? pods : `${pods}/${name}`;
  }

  async #outcome(
    signal: AbortSignal,
    run: (limit: AbortSignal) => Promise<StepOutcome>,
  ): Promise<StepOutcome> {
    try {
      return await run(AbortSignal.any([signal, this.#closing.signal]));
    } catch (error) {
      // The next service goes on from here.
      if (this.#closing.signal.aborted) return new Promise<never>(() => undefined);
      if (signal.aborted && isAbort(error)) return { kind: 'canceled' };
      const known = storeError(error);
      const action = known instanceof SlipwayError && known.action !== undefined ? ` ${known.action}` : '';
      const mayRetry = !(error instanceof TaskError && error.reason === 'environment');
      return {
        kind: 'failed',
        message: `${asError(known).message}${action}`,
        mayRetry,
        exitCode: null,
        signal: null,
      };
    }
  }
}

const DELETED: PodFailure = {
  message: 'Its pod was deleted before it had ended.',
  exitCode: null,
  signal: null,
};

/** The pod's log in the step's file, from its beginning: what an earlier service copied is written again. */
class LogCopy {
  readonly #api: KubernetesApi;
  readonly #podPath: string;
  readonly #file: string;
  #copying: Promise<void> | undefined;

  constructor(api: KubernetesApi, podPath: string, file: string) {
    this.#api = api;
    this.#podPath = podPath;
    this.#file = file;
  }

  follow(signal: AbortSignal): void {
    this.#copying ??= this.#copy(signal).catch(() => undefined);
  }

  async end(): Promise<void> {
    if (this.#copying === undefined) return;
    const late = new AbortController();
    await Promise.race([this.#copying, delay(LOG_END_MS, late.signal).catch(() => undefined)]);
    late.abort();
  }

  async #copy(signal: AbortSignal): Promise<void> {
    const query = { container: STEP_CONTAINER, follow: 'true' };
    const log = await this.#api.stream(`${this.#podPath}/log`, signal, query);
    await pipeline(log, createWriteStream(this.#file, { mode: 0o600 }));
  }
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function hasStarted({ status }: Pod): boolean {
  const state = status?.containerStatuses?.find(({ name }) => name === STEP_CONTAINER)?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

function mirrorOf(step: Step): string {
  if (step.input.mirror === undefined) throw new Error('A step in a pod has copies of its artifacts.');
  return step.input.mirror;
}
