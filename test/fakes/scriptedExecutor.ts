/** An executor that does what a test says, and remembers what it was asked. */
import type { JsonValue } from '../../src/core/base/json.ts';
import type {
  Executor,
  Step,
  StepListener,
  StepOutcome,
} from '../../dev-cluster/embedded/kfp/engine/executor.ts';

/** What a step gives: outputs, or why it fails. */
export type Scripted =
  | {
      readonly outputs?: Readonly<Record<string, JsonValue>>;
      readonly artifacts?: Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;
    }
  | { readonly fails: string; readonly mayRetry?: boolean }
  | { readonly outcome: StepOutcome };

/** Succeeds without outputs. */
export const DONE: Scripted = {};

export type Script = (step: Step, signal: AbortSignal) => Scripted | Promise<Scripted>;

export class ScriptedExecutor implements Executor {
  /** Task keys in the order they started. */
  readonly started: string[] = [];
  readonly adopted: string[] = [];
  readonly steps: Step[] = [];
  running = 0;
  mostRunning = 0;
  readonly #script: Script;
  readonly #outcomes = new Map<string, Promise<StepOutcome>>();

  constructor(script: Script = () => ({})) {
    this.#script = script;
  }

  async start(step: Step, _listener: StepListener, signal: AbortSignal): Promise<StepOutcome> {
    this.started.push(step.names.taskName);
    this.steps.push(step);
    const outcome = this.#run(step, signal);
    this.#outcomes.set(step.attempt, outcome);
    return outcome;
  }

  async adopt(step: Step, _listener: StepListener, signal: AbortSignal): Promise<StepOutcome> {
    this.adopted.push(step.names.taskName);
    // A step outlives the engine that started it, as a process does.
    return this.#outcomes.get(step.attempt) ?? this.#run(step, signal);
  }

  close(): void {
    // Nothing outlives a test.
  }

  async #run(step: Step, signal: AbortSignal): Promise<StepOutcome> {
    this.running++;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await new Promise((resolve) => setImmediate(resolve));
      return toOutcome(step, await this.#script(step, signal));
    } finally {
      this.running--;
    }
  }
}

function toOutcome(step: Step, scripted: Scripted): StepOutcome {
  if ('outcome' in scripted) return scripted.outcome;
  if ('fails' in scripted) {
    return {
      kind: 'failed',
      message: scripted.fails,
      exitCode: 1,
      signal: null,
      mayRetry: scripted.mayRetry ?? true,
    };
  }
  const outputs = new Map(Object.entries(scripted.outputs ?? {}));
  return {
    kind: 'succeeded',
    parameters: outputs,
    artifacts: new Map(
      [...step.input.outputArtifacts].map(([name, planned]) => [
        name,
        planned.map((one) => ({ name: one.name, uri: one.uri, metadata: scripted.artifacts?.[name] ?? {} })),
      ]),
    ),
  };
}
