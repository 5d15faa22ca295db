/** Runs one step. The engine knows nothing of processes; tests put a scripted one in. */
import type { JsonObject, JsonValue } from '../../../../src/core/base/json.ts';
import type { Component, Executor as ExecutorSpec } from '../../../../src/core/ir/model.ts';
import type { ExecutorInput } from './executorInput.ts';
import type { Names } from './placeholders.ts';

export type ContainerSpec = Extract<ExecutorSpec, { kind: 'container' }>;

/** One attempt of a task. The same attempt always makes the same step, so that a new service can take it up. */
export interface Step {
  readonly attempt: string;
  readonly runId: string;
  readonly taskId: string;
  /** From 0, as KFP_RETRY_INDEX. */
  readonly retryIndex: number;
  readonly component: Component;
  readonly container: ContainerSpec;
  /** The task's part of the platform document: KubernetesExecutorConfig. */
  readonly kubernetes: JsonObject;
  readonly input: ExecutorInput;
  readonly names: Names;
  /** The attempt's own folder; removed with the run. */
  readonly folder: string;
  /** Where artifacts and the executor's output file go. */
  readonly outputFolder: string;
  readonly logPath: string;
  /** Added to what every step is told. */
  readonly env?: Readonly<Record<string, string>>;
  /** The same for secrets: never written where others could read them. */
  readonly credentials?: Readonly<Record<string, string>>;
}

export interface NewArtifact {
  readonly name: string;
  readonly uri: string;
  readonly metadata: JsonObject;
}

export type StepOutcome =
  | {
      readonly kind: 'succeeded';
      readonly parameters: ReadonlyMap<string, JsonValue>;
      readonly artifacts: ReadonlyMap<string, readonly NewArtifact[]>;
    }
  | {
      readonly kind: 'failed';
      /** One sentence for people. */
      readonly message: string;
      readonly exitCode: number | null;
      readonly signal: string | null;
      /** False: it would fail in the same way again, e.g. its image can't run here. */
      readonly mayRetry: boolean;
    }
  /** Stopped by the signal. */
  | { readonly kind: 'canceled' }
  /** It had not begun when an earlier service stopped: it may start as a new attempt, not as a retry. */
  | { readonly kind: 'neverStarted' };

export interface StepListener {
  /** The process that must be looked for if this service is killed. */
  started(pid: number, identity: string): void;
  /** Badges and hints for people; later ones replace earlier ones of the same key, `undefined` removes. */
  noted(notes: Readonly<Record<string, string | undefined>>): void;
}

/** The reason of the signal that stops a step: how long it may take to end by itself. */
export class StopStep extends Error {
  override readonly name = 'AbortError';
  readonly graceMs: number | undefined;

  constructor(graceMs?: number) {
    super('The step was stopped.');
    this.graceMs = graceMs;
  }
}

export interface Executor {
  /** Never rejects. */
  start(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepOutcome>;
  /** The outcome of a step that an earlier service (or an earlier life of this run) may have started. Never rejects. */
  adopt(step: Step, listener: StepListener, signal: AbortSignal): Promise<StepOutcome>;
  /** Lets go of what runs, without stopping it. */
  close(): void;
}
