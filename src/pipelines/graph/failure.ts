/** Explain failure for the side panel: reads the end of the log, explains, and follows what was offered. */
import type { KfpApi } from '../../clients/kfp/api.ts';
import type { RunTask } from '../../clients/kfp/model.ts';
import type { CommandArguments, CommandId } from '../../contributions.ts';
import { isAbort } from '../../core/base/errors.ts';
import type { PipelineDocument, PythonFunction } from '../../core/ir/model.ts';
import type { FailureView } from '../../core/protocol/runGraph.ts';
import { explainFailure, type FailureExplanation } from '../explainFailure.ts';

export interface FailureLinks {
  execute<Id extends CommandId>(id: Id, ...args: CommandArguments[Id]): Promise<void>;
  /** Opens a line of a component's source: in its `.py` when that is found, else in the pipeline file. */
  showFailureSource(python: PythonFunction, line: number, uri: string | undefined): Promise<void>;
}

/** Characters of the log that are read for an explanation. */
const LOG_TAIL = 64_000;

interface Explained {
  readonly explanation: FailureExplanation;
  readonly python: PythonFunction | undefined;
}

export class FailureExplainer {
  readonly #links: FailureLinks;
  readonly #explained = new Map<string, Explained>();

  constructor(links: FailureLinks) {
    this.#links = links;
  }

  async explain(
    kfp: KfpApi,
    task: RunTask,
    document: PipelineDocument | undefined,
    signal: AbortSignal,
  ): Promise<FailureView> {
    const python = pythonOf(task, document);
    const explanation = explainFailure({
      taskName: task.displayName,
      error: task.error,
      log: await logTail(kfp, task, signal),
      python,
      attempts: task.attempts.length,
    });
    this.#explained.set(task.id, { explanation, python });
    const { source, action } = explanation;
    return {
      reason: explanation.reason,
      lines: explanation.lines,
      likelyCause: explanation.likelyCause,
      // The one action may be to open the source: no second button for the same thing.
      sourceLabel:
        source === undefined || action.id === 'openSource'
          ? undefined
          : `${source.functionName}, line ${source.line}`,
      actionLabel:
        source !== undefined && action.id === 'openSource'
          ? `Open ${source.functionName}, line ${source.line}`
          : action.label,
    };
  }

  /** Does what the last explanation of the task offered; nothing when there was none. */
  async follow(
    runId: string,
    task: RunTask,
    part: 'source' | 'action',
    uri: string | undefined,
  ): Promise<void> {
    const explained = this.#explained.get(task.id);
    if (explained === undefined) return;
    const { explanation, python } = explained;
    const what = part === 'source' ? 'openSource' : explanation.action.id;
    switch (what) {
      case 'openSource':
        if (explanation.source !== undefined && python !== undefined)
          await this.#links.showFailureSource(python, explanation.source.line, uri);
        return;
      case 'openText':
        await this.#links.execute(
          'slipway.pipeline.openText',
          ...(uri === undefined ? [] : ([{ kind: 'file', uri }] as const)),
        );
        return;
      case 'openLog':
        await this.#links.execute('slipway.task.openLog', { kind: 'task', runId, taskId: task.id });
        return;
      case 'retry':
        await this.#links.execute('slipway.run.retry', { kind: 'run', runId });
    }
  }
}

/** The Python function behind a task, by the component its scope path leads to. */
export function pythonOf(task: RunTask, document: PipelineDocument | undefined): PythonFunction | undefined {
  if (document === undefined) return undefined;
  let component = document.root;
  for (const key of task.scopePath.split('/')) {
    if (component.implementation.kind !== 'dag') return undefined;
    const step = component.implementation.dag.tasks.find((one) => one.key === key);
    const next = step === undefined ? undefined : document.components.get(step.componentRef);
    if (next === undefined) return undefined;
    component = next;
  }
  if (component.implementation.kind !== 'executor') return undefined;
  const executor = document.executors.get(component.implementation.label);
  return executor?.kind === 'container' ? executor.python : undefined;
}

/** Empty when there is no log, or it can't be read: the explanation then rests on the task's error alone. */
async function logTail(kfp: KfpApi, task: RunTask, signal: AbortSignal): Promise<string> {
  const attempt = task.attempts.at(-1);
  if (attempt === undefined) return '';
  let text = '';
  try {
    for await (const chunk of kfp.log(task.runId, attempt.name, { follow: false }, signal)) {
      text = (text + chunk).slice(-LOG_TAIL);
    }
  } catch (error) {
    if (isAbort(error)) throw error;
  }
  return text;
}
