/** What every graph controller gets from VS Code and the rest of the extension. */
import { Range, Uri, ViewColumn, window, workspace } from 'vscode';
import { asError } from '../../core/base/errors.ts';
import type { SourceRange } from '../../core/ir/model.ts';
import type { Environments } from '../../environment/session.ts';
import { executeCommand } from '../../platform/commands.ts';
import type { ErrorReporter } from '../../platform/errorReporter.ts';
import type { GraphWorker } from '../../clients/graphWorker.ts';
import { rerun } from '../rerun.ts';
import type { RunStarter } from '../starter.ts';
import type { Artifacts } from '../artifacts.ts';
import type { ExplainedFailure, Failures } from '../failures.ts';
import type { ExplainedStep, GraphEnvironment, GraphServices } from './controllerServices.ts';

export interface GraphDeps {
  readonly extensionUri: Uri;
  readonly environments: Environments;
  readonly worker: GraphWorker;
  readonly starter: RunStarter;
  readonly artifacts: Artifacts;
  readonly failures: Failures;
  readonly reporter: ErrorReporter;
}

export function graphServices(deps: GraphDeps): GraphServices {
  const { environments, worker, artifacts, failures, reporter } = deps;
  return {
    analyser: worker,
    environment: () => environmentOf(environments),
    onDidChangeEnvironment: environments.onDidChange,
    execute: executeCommand,
    showText: (uri, range) => showText(Uri.parse(uri), range),
    rerun: (again, signal) => rerun(deps, again, signal),
    preview: (artifact, run) => artifacts.preview(artifact, run),
    explain: async (runId, taskId, signal) =>
      explainedStep(await failures.explain(runId, taskId, signal), failures),
    onProblem: (message, cause) => reporter.log(new Error(message, { cause: asError(cause) })),
  };
}

/** Beside the graph, with the range's start in view. */
export async function showText(uri: Uri, range: SourceRange | undefined): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const start = document.positionAt(range?.start ?? 0);
  await window.showTextDocument(document, {
    viewColumn: ViewColumn.Beside,
    ...(range === undefined ? {} : { selection: new Range(start, start) }),
  });
}

function explainedStep(failure: ExplainedFailure, failures: Failures): ExplainedStep {
  const { explanation, source, sourceLabel } = failure;
  // The one action may be to open the source: no second button for the same thing.
  const opensSource = explanation.action.id === 'openSource';
  return {
    view: {
      reason: explanation.reason,
      lines: explanation.lines,
      likelyCause: explanation.likelyCause,
      sourceLabel: opensSource ? undefined : sourceLabel,
      actionLabel:
        opensSource && sourceLabel !== undefined ? `Open ${sourceLabel}` : explanation.action.label,
    },
    follow: async (part) => {
      if (part === 'action') await failures.act(failure);
      else if (source !== undefined)
        await window.showTextDocument(source.uri, { selection: source.range, preview: true });
    },
  };
}

function environmentOf(environments: Environments): GraphEnvironment {
  const { current, state, session } = environments;
  return {
    name: current.label,
    status: state.kind,
    message:
      state.kind === 'starting' ? state.message : state.kind === 'failed' ? state.error.message : undefined,
    kfp: session?.findKfp(),
  };
}
