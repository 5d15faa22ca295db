/** What a form's panel (src/pipelines/formPanels.ts) and its webview (webviews/pipelines/runForm.tsx) say to each other. */
import { z } from 'zod';
import type { JsonValue } from '../base/json.ts';
import type { ParameterType } from '../ir/model.ts';
import type { ContractOf } from './rpc.ts';

/** Kept by the webview across reloads: the pipeline file, a run to clone, or a component. */
export const formTarget = z.object({
  uri: z.string().optional(),
  runId: z.string().optional(),
  pipelineId: z.string().optional(),
  versionId: z.string().optional(),
  /** A function of a Python file. */
  component: z.object({ uri: z.string(), name: z.string(), mode: z.enum(['run', 'debug']) }).optional(),
});
export type FormTarget = z.infer<typeof formTarget>;

export interface FormInput {
  readonly name: string;
  readonly type: ParameterType;
  /** `undefined`: no default; `null` is a default. */
  readonly defaultValue: JsonValue | undefined;
  readonly isOptional: boolean;
  readonly description: string | undefined;
  /** The only values allowed; empty: any. */
  readonly literals: readonly JsonValue[];
  /** It takes an artifact of this type, given as the text of a path or URI. */
  readonly artifact?: string | undefined;
}

export interface RunFormState {
  readonly target: FormTarget;
  /** A component has inputs only: what follows them belongs to runs of pipelines. */
  readonly subject: 'pipeline' | 'component';
  readonly verb: 'Run' | 'Debug';
  readonly name: string;
  /** Where it will run, for people. */
  readonly place: string;
  readonly inputs: readonly FormInput[];
  /** What the user set last time, by input; absent: left at the default. */
  readonly remembered: Readonly<Record<string, JsonValue>>;
  readonly runName: string;
  readonly experiments: readonly { readonly id: string; readonly name: string }[];
  /** Empty: the server's own. */
  readonly experimentId: string;
  /** Empty: the pipeline's own. */
  readonly pipelineRoot: string;
  readonly isCachingEnabled: boolean;
  /** Why caching can't be set here; `undefined` when it can. */
  readonly cachingNote: string | undefined;
  /** One sentence when the form can't be filled, e.g. the file is not a pipeline. */
  readonly problem: string | undefined;
}

const json: z.ZodType<JsonValue> = z.json();

const formAnswer = z.object({
  runName: z.string().trim().min(1).max(500),
  /** Inputs the user set; the rest stay at their defaults. */
  parameters: z.record(z.string(), json),
  experimentId: z.string(),
  pipelineRoot: z.string(),
  isCachingEnabled: z.boolean(),
});
export type FormAnswer = z.infer<typeof formAnswer>;

export const runFormParsers = { submit: formAnswer, cancel: z.object({}) };

export type RunFormContract = ContractOf<
  RunFormState,
  typeof runFormParsers,
  { readonly submit: null; readonly cancel: null }
>;
