/** The leaves of a run's tree: importers, cached tasks, and steps with their attempts. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import type { ArtifactRow } from '../store/artifacts.ts';
import type { AttemptEnd } from '../store/attempts.ts';
import type { IoType, TaskRow } from '../store/tasks.ts';
import { localPath } from './artifactPaths.ts';
import { customFingerprint, fingerprint } from './cacheKey.ts';
import { TaskError } from './errors.ts';
import { StopStep, type ContainerSpec, type NewArtifact, type Step, type StepOutcome } from './executor.ts';
import { buildExecutorInput, safeName } from './executorInput.ts';
import { importArtifact } from './importer.ts';
import { bindInputs } from './kubernetesConfig.ts';
import type { Names } from './placeholders.ts';
import type { Plan } from './plan.ts';
import { backOff, type RunContext } from './runContext.ts';
import { fromStored, NOTHING, parameterValues, type BoundArtifacts, type TaskIo } from './taskIo.ts';
import type { TaskNode } from './taskNode.ts';

export const TERMINATED = 'The run was terminated.';

export class StepTasks {
  readonly #plan: Plan;
  readonly #context: RunContext;
  readonly #settled: (node: TaskNode) => void;
  readonly #queue = new Set<TaskNode>();
  readonly #running = new Map<TaskNode, AbortController>();
  /** Between two attempts. */
  readonly #pausing = new Set<TaskNode>();
  #isCanceling = false;

  constructor(plan: Plan, context: RunContext, settled: (node: TaskNode) => void) {
    this.#plan = plan;
    this.#context = context;
    this.#settled = settled;
  }

  get running(): number {
    return this.#running.size;
  }

  get hasQueued(): boolean {
    return this.#queue.size > 0;
  }

  /** A task whose inputs are there. Throws TaskError. */
  dispatch(node: TaskNode): void {
    const executor = this.#plan.executor(node.component);
    switch (executor.kind) {
      case 'unsupported':
        throw new TaskError('document', `Its executor is a ${executor.spec}, which can't run here.`);
      case 'importer': {
        this.#link(node, node.inputs.artifacts);
        const { stores, changes } = this.#context;
        const { artifact, isNew } = importArtifact(
          executor,
          node,
          this.#names(node),
          stores.artifacts,
          this.#context.now(),
        );
        if (isNew) changes.artifact(artifact);
        const [output] = node.component.outputs.artifacts;
        this.#succeed(node, 'SUCCEEDED', {
          parameters: new Map(),
          artifacts: new Map([
            [output?.name ?? artifact.name, { items: [artifact], type: outputType(node) }],
          ]),
        });
        return;
      }
      case 'container': {
        this.#link(node, node.inputs.artifacts);
        const cached = this.#findCached(node, executor);
        if (cached) this.#succeed(node, 'CACHED', cached);
        else {
          if (node.history.at(-1)?.state !== 'PENDING') node.enter('PENDING', this.#context.now());
          this.#context.changes.task(node);
          this.#queue.add(node);
        }
      }
    }
  }

  /** A step that an earlier service left open. */
  resume(node: TaskNode): void {
    const last = node.lastAttempt;
    if (node.state === 'PENDING' || !last) this.#queue.add(node);
    else if (last.state === 'RUNNING') this.#begin(node, last.name, last.number, 'adopt');
    else if (last.state === 'LOST') this.#queue.add(node);
    else {
      const delay = backOff(node.plan?.task.retry, node.tries) ?? 0;
      this.#pause(node, Math.max(0, (last.finishedAt ?? 0) + delay - this.#context.now()));
    }
  }

  /** Starts the step that has waited longest. Throws TaskError about `failed.node`. */
  startNext(failed: (node: TaskNode, error: TaskError) => void): void {
    const [node] = this.#queue;
    if (!node) return;
    this.#queue.delete(node);
    const number = node.attempts + 1;
    const name = attemptName(node, number);
    try {
      node.enter('RUNNING', this.#context.now());
      this.#begin(node, name, number, 'start');
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      failed(node, error);
    }
  }

  /** Stops what runs; returns what had not begun. */
  cancel(): TaskNode[] {
    this.#isCanceling = true;
    const waiting = [...this.#queue];
    this.#queue.clear();
    for (const node of this.#pausing) {
      // The last attempt's error is the better answer than the cancel.
      node.enter('FAILED', this.#context.now(), TERMINATED);
      this.#context.changes.task(node);
    }
    this.#pausing.clear();
    for (const controller of this.#running.values()) {
      this.#context.changes.afterwards(() => controller.abort(new StopStep()));
    }
    return waiting;
  }

  /** Kills what runs, at once; nothing is recorded. */
  kill(): void {
    for (const controller of this.#running.values()) controller.abort(new StopStep(0));
  }

  #begin(node: TaskNode, attempt: string, number: number, mode: 'start' | 'adopt'): void {
    const { changes, executor } = this.#context;
    const step = this.#step(node, attempt, number);
    if (mode === 'start') {
      changes.task(node);
      changes.attemptBegun({
        name: attempt,
        taskId: node.id,
        runId: node.runId,
        number,
        startedAt: this.#context.now(),
        logPath: step.logPath,
      });
      node.attempts = number;
      node.tries++;
    }
    const controller = new AbortController();
    this.#running.set(node, controller);
    const listener = {
      started: (pid: number, identity: string) => this.#context.recordProcess(attempt, pid, identity),
      noted: (notes: Readonly<Record<string, string | undefined>>) =>
        this.#context.turn(() => this.#noted(node, notes)),
    };
    changes.afterwards(() => {
      void executor[mode](step, listener, controller.signal).then((outcome) =>
        this.#context.turn(() => this.#ended(node, attempt, outcome)),
      );
    });
  }

  #noted(node: TaskNode, notes: Readonly<Record<string, string | undefined>>): void {
    const merged = { ...node.notes, ...notes };
    node.notes = Object.fromEntries(
      Object.entries(merged).flatMap(([key, note]) => (note === undefined ? [] : [[key, note]])),
    );
    this.#context.changes.task(node);
  }

  #ended(node: TaskNode, attempt: string, outcome: StepOutcome): void {
    this.#running.delete(node);
    const now = this.#context.now();
    const end = (state: AttemptEnd['state'], exitCode: number | null, signal: string | null): void =>
      this.#context.changes.attemptEnded(attempt, { state, finishedAt: now, exitCode, signal });
    switch (outcome.kind) {
      case 'succeeded':
        end('SUCCEEDED', 0, null);
        this.#succeed(node, 'SUCCEEDED', this.#record(node, outcome.parameters, outcome.artifacts));
        return;
      case 'failed': {
        end('FAILED', outcome.exitCode, outcome.signal);
        const delay = outcome.mayRetry ? backOff(node.plan?.task.retry, node.tries) : undefined;
        if (this.#isCanceling) this.#fail(node, TERMINATED);
        else if (delay === undefined) this.#fail(node, outcome.message);
        else this.#pause(node, delay);
        return;
      }
      case 'canceled':
        end('CANCELED', null, null);
        this.#fail(node, TERMINATED);
        return;
      case 'neverStarted':
        end('LOST', null, null);
        node.tries--;
        if (this.#isCanceling) this.#fail(node, TERMINATED);
        else this.#queue.add(node);
    }
  }

  #pause(node: TaskNode, ms: number): void {
    this.#pausing.add(node);
    this.#context.after(ms, () => {
      if (this.#pausing.delete(node)) this.#queue.add(node);
    });
  }

  #fail(node: TaskNode, message: string): void {
    node.enter('FAILED', this.#context.now(), message);
    this.#finish(node);
  }

  #succeed(node: TaskNode, state: 'SUCCEEDED' | 'CACHED', outputs: TaskIo): void {
    node.outputs = outputs;
    this.#link(node, outputs.artifacts);
    node.enter(state, this.#context.now());
    this.#finish(node);
  }

  #finish(node: TaskNode): void {
    this.#context.changes.task(node);
    this.#settled(node);
    // Nobody reads them any more, and ten thousand of them add up.
    this.#context.changes.afterwards(() => {
      if (node.hasEnded) node.inputs = NOTHING;
    });
  }

  #record(
    node: TaskNode,
    parameters: ReadonlyMap<string, JsonValue>,
    artifacts: ReadonlyMap<string, readonly NewArtifact[]>,
  ): TaskIo {
    const type = outputType(node);
    const recorded = node.component.outputs.artifacts.flatMap(({ name, type: artifactType }) => {
      const items = artifacts.get(name)?.map((made): ArtifactRow => ({
        id: randomUUID(),
        name: made.name,
        type:
          artifactType.schemaTitle === '' ? (artifactType.instanceSchema ?? '') : artifactType.schemaTitle,
        uri: made.uri,
        metadata: made.metadata,
        numberValue: null,
        createdAt: this.#context.now(),
      }));
      for (const item of items ?? []) this.#context.changes.artifact(item);
      return items ? [[name, { items, type }] as const] : [];
    });
    return {
      parameters: new Map([...parameters].map(([name, value]) => [name, { value, type }])),
      artifacts: new Map(recorded),
    };
  }

  #link(node: TaskNode, artifacts: ReadonlyMap<string, BoundArtifacts>): void {
    for (const [key, { items, type, producer }] of artifacts) {
      for (const { id } of items) {
        this.#context.changes.link({
          artifactId: id,
          runId: node.runId,
          taskId: node.id,
          type,
          key,
          producer: producer ?? null,
        });
      }
    }
  }

  /** The outputs of an equal task that ran before, if caching is on and its files are still there. */
  #findCached(node: TaskNode, container: ContainerSpec): TaskIo | undefined {
    const task = node.plan?.task;
    if (!task?.caching.enabled) {
      node.fingerprint = null;
      return undefined;
    }
    node.fingerprint =
      task.caching.key === undefined || task.caching.key === ''
        ? fingerprint({
            inputArtifacts: new Map(
              [...node.inputs.artifacts].map(([name, { items }]) => [name, items.map(({ id }) => id)]),
            ),
            inputParameters: parameterValues(node.inputs),
            outputArtifacts: node.component.outputs.artifacts,
            outputParameters: node.component.outputs.parameters,
            image: container.image,
            cmdArgs: [...container.command, ...container.args],
            pvcNames: pvcNames(bindInputs(this.#plan.kubernetes(container), scopeOf(node))),
          })
        : customFingerprint(task.componentRef, task.caching.key);
    const found = this.#context.stores.tasks.findCached(node.fingerprint);
    return found && this.#cachedOutputs(node, found);
  }

  #cachedOutputs(node: TaskNode, found: TaskRow): TaskIo | undefined {
    const { artifacts: store } = this.#context.stores;
    const stored = fromStored(found.outputs, (id) => store.get(id));
    const type = outputType(node);
    const parameters = [...stored.parameters].map(([name, { value }]) => [name, { value, type }] as const);
    const artifacts = [...stored.artifacts].map(([name, { items }]) => [name, { items, type }] as const);
    const isWhole =
      node.component.outputs.parameters.every(({ name }) => stored.parameters.has(name)) &&
      node.component.outputs.artifacts.every(
        ({ name }) => (stored.artifacts.get(name)?.items.length ?? 0) > 0,
      ) &&
      artifacts.every(([, { items }]) => items.every(({ uri }) => isStillThere(uri)));
    return isWhole ? { parameters: new Map(parameters), artifacts: new Map(artifacts) } : undefined;
  }

  #names(node: TaskNode): Names {
    return { ...this.#context.names, taskName: node.key, taskId: node.id };
  }

  #step(node: TaskNode, attempt: string, number: number): Step {
    const container = this.#plan.executor(node.component);
    if (container.kind !== 'container') throw new TaskError('document', 'It has no container.');
    const { folders } = this.#context;
    const folder = join(folders.run, attempt);
    // A folder per attempt: what a failed one half wrote is never taken for a result.
    const outputs = `${folders.artifacts}/${safeName(node.key)}/${node.id}-${number}`;
    return {
      attempt,
      runId: node.runId,
      taskId: node.id,
      retryIndex: number - 1,
      component: node.component,
      container,
      kubernetes: bindInputs(this.#plan.kubernetes(container), scopeOf(node)),
      input: buildExecutorInput(node.component, node.inputs, {
        artifacts: outputs,
        parameters: join(folder, 'outputs'),
        mirror: folders.mirror,
      }),
      names: this.#names(node),
      folder,
      outputFolder: localPath(outputs, folders.mirror),
      logPath: join(folders.run, `${attempt}.log`),
    };
  }
}

/** The DAG that the task is in; an iteration's parent is its loop. */
function scopeOf({ parent, iteration }: TaskNode): TaskNode | undefined {
  return iteration === null ? parent : parent?.parent;
}

/** Volumes hold what other steps wrote, so they are part of what a step depends on. */
function pvcNames(kubernetes: JsonObject): string[] {
  const mounts = kubernetes['pvcMount'];
  if (!Array.isArray(mounts)) return [];
  const names = (mounts as readonly JsonValue[]).flatMap((mount) => {
    const name = isJsonObject(mount) ? (mount['pvcNameParameter'] ?? mount['constant']) : undefined;
    return typeof name === 'string' ? [name] : [];
  });
  return [...new Set(names)].sort();
}

/** By folder: an artifact that is only metadata has no file. */
function isStillThere(uri: string): boolean {
  return !uri.startsWith('/') || existsSync(dirname(uri));
}

/** Readable, and unique like a pod's name. */
function attemptName(node: TaskNode, number: number): string {
  return `${safeName(node.key).slice(0, 40)}-${node.id.slice(-12)}-${number}`;
}

function outputType(node: TaskNode): IoType {
  return node.iteration === null ? 'OUTPUT' : 'ITERATOR_OUTPUT';
}
