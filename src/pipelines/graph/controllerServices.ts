/** What a graph controller needs of the world around it; services.ts gives it VS Code's, tests their own. */
import type { KfpApi } from '../../clients/kfp/api.ts';
import type { Artifact, Run } from '../../clients/kfp/model.ts';
import type { CommandArguments, CommandId } from '../../contributions.ts';
import type { Event } from '../../core/base/event.ts';
import type { SourceRange } from '../../core/ir/model.ts';
import type { ArtifactPreview, FailureView, RunGraphState } from '../../core/protocol/runGraph.ts';
import type { Analyser } from '../analyser.ts';
import type { Again } from '../rerun.ts';

export interface GraphEnvironment {
  readonly name: string;
  readonly status: RunGraphState['environment']['status'];
  readonly message: string | undefined;
  /** `undefined` while it is not ready. */
  readonly kfp: KfpApi | undefined;
}

/** A failure as the panel shows it, and what its buttons do. */
export interface ExplainedStep {
  readonly view: FailureView;
  follow(part: 'source' | 'action'): Promise<void>;
}

export interface GraphServices {
  readonly analyser: Analyser;
  environment(): GraphEnvironment;
  readonly onDidChangeEnvironment: Event<void>;
  /** Runs one of our commands; it reports its own failures. */
  execute<Id extends CommandId>(id: Id, ...args: CommandArguments[Id]): Promise<void>;
  showText(uri: string, range: SourceRange | undefined): Promise<void>;
  explain(runId: string, taskId: string, signal: AbortSignal): Promise<ExplainedStep>;
  /** Runs the text with the inputs of `run`, and with caching off for `tasks`; resolves to the new run's id. */
  rerun(again: Again, signal: AbortSignal): Promise<string>;
  preview(artifact: Artifact, run: Run): Promise<ArtifactPreview>;
  onProblem(message: string, cause: unknown): void;
}
