import type { Memento } from 'vscode';
import { z } from 'zod';
import type { Run } from '../clients/kfp/model.ts';
import { Emitter } from '../core/base/event.ts';
import type { JsonValue } from '../core/base/json.ts';
import type { Environments } from '../environment/session.ts';
import { StoredValue } from '../platform/state.ts';
import { newRun, type RunChoice, type Runnable } from './runnable.ts';

export interface StartedRun {
  readonly run: Run;
  readonly runnable: Runnable;
}

const inputsByPipeline = z.record(z.string(), z.record(z.string(), z.json()));
/** Pipelines whose inputs are remembered in a workspace; the oldest are forgotten. */
const maxRemembered = 50;

/** Starts runs, and remembers per pipeline what a person set in the form. */
export class RunStarter {
  readonly #environments: Environments;
  readonly #remembered: StoredValue<z.infer<typeof inputsByPipeline>>;
  readonly #started = new Emitter<StartedRun>();
  readonly onDidStart = this.#started.event;

  constructor(environments: Environments, workspaceState: Memento) {
    this.#environments = environments;
    this.#remembered = new StoredValue(workspaceState, 'slipway.rememberedInputs', inputsByPipeline, {});
  }

  /** What the form was sent with last time, by input name. */
  remembered(key: string): Readonly<Record<string, JsonValue>> {
    const all = this.#remembered.get();
    return (Object.hasOwn(all, key) ? all[key] : undefined) ?? {};
  }

  async remember(key: string, parameters: Readonly<Record<string, JsonValue>>): Promise<void> {
    const others = Object.entries(this.#remembered.get()).filter(([one]) => one !== key);
    const entries = [...others, [key, parameters] as const];
    await this.#remembered.set(inputsByPipeline.parse(Object.fromEntries(entries.slice(-maxRemembered))));
  }

  /** Brings the environment up when it must. Asks for trust first: a run executes the pipeline's code. */
  async start(runnable: Runnable, choice: RunChoice): Promise<Run> {
    const session = await this.#environments.connect();
    await this.#environments.confirmWrite(`Run ${runnable.pipelineName}`);
    const run = await session.kfp.createRun(newRun(runnable, choice), session.signal);
    this.#started.fire({ run, runnable });
    return run;
  }
}
