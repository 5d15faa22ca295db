/** The work behind a `slipway` task: a run in a process of its own, or in the current environment. */
import { workspace } from 'vscode';
import { isFinal, type Run, type RunTask } from '../clients/kfp/model.ts';
import { delay } from '../core/base/abort.ts';
import { formatDuration } from '../core/base/duration.ts';
import { isAbort, SlipwayError } from '../core/base/errors.ts';
import type { JsonValue } from '../core/base/json.ts';
import { runCli, type CliCommand, type CliEvent } from '../environment/cli.ts';
import type { Environments } from '../environment/session.ts';
import type { Analyser } from './analyser.ts';
import type { RunRequest } from './localRuns.ts';
import { readText } from './readText.ts';
import { defaultRunName, oneClickParameters, runnableFromText } from './runnable.ts';
import type { RunWork } from './runPseudoterminal.ts';
import type { RunStarter } from './starter.ts';
import { stateWord } from './stateIcons.ts';

export interface RunWorkDeps {
  readonly cli: CliCommand;
  readonly environments: Environments;
  readonly analyser: Analyser;
  readonly starter: RunStarter;
}

export function runWork(deps: RunWorkDeps): (request: RunRequest) => RunWork {
  return (request) => (write, signal) =>
    request.where === 'local'
      ? runLocally(deps, request, write, signal)
      : runThere(deps, request, write, signal);
}

async function runLocally(
  { cli }: RunWorkDeps,
  { uri, parameters }: RunRequest,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  if (!workspace.isTrusted)
    throw new SlipwayError('untrusted', 'This folder is not trusted, so nothing in it is run.');
  const params = Object.entries(parameters).flatMap(([name, value]) => [
    '--param',
    `${name}=${argument(value)}`,
  ]);
  const describe = describer(Date.now());
  write(`Running ${uri.fsPath} on this machine\n`);
  // Exit code 1: the run failed; its events have said so.
  return runCli(
    { path: cli.path, onLog: (line) => write(`${line}\n`) },
    ['pipeline', 'run', uri.fsPath, '--local', '--json', ...params],
    (event) => write(describe(event)),
    signal,
    [0, 1],
  );
}

function argument(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One line per change of state; notes of a step that goes on are no news. */
function describer(started: number): (event: CliEvent) => string {
  const said = new Map<string, string>();
  return (event) => {
    const at = formatDuration(Date.now() - started).padStart(8);
    switch (event.event) {
      case 'progress':
        return `${at}  ${event.message}\n`;
      case 'task':
        if (said.get(event.taskId) === event.state) return '';
        said.set(event.taskId, event.state);
        return (
          taskLine(at, event.scopePath, event.state, event.error) +
          (event.state === 'FAILED' && event.log !== undefined ? `          log: ${event.log}\n` : '')
        );
      case 'run':
        return `${at}  Run ${colour(event.state)}${event.error === undefined ? '' : `: ${event.error}`}\n`;
      case 'started':
      case 'ready':
        return '';
    }
  };
}

function taskLine(at: string, path: string, state: string, error: string | undefined): string {
  return path === '' ? '' : `${at}  ${path}: ${colour(state)}${error === undefined ? '' : `: ${error}`}\n`;
}

function colour(state: string): string {
  const code = state === 'FAILED' ? 31 : state === 'SUCCEEDED' || state === 'CACHED' ? 32 : 36;
  return `\u001b[${code}m${state.toLowerCase()}\u001b[0m`;
}

async function runThere(
  { environments, analyser, starter }: RunWorkDeps,
  { uri, parameters }: RunRequest,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const runnable = await runnableFromText(await readText(uri), uri.toString(), analyser, signal);
  const missing = oneClickParameters(runnable, parameters) === undefined;
  if (missing)
    throw new SlipwayError('missingInput', 'The task does not set every input that has no default.');
  const started = await starter.start(runnable, {
    runName: defaultRunName(runnable.pipelineName, new Date()),
    parameters,
    experimentId: undefined,
    pipelineRoot: undefined,
    isCachingEnabled: true,
  });
  const session = environments.require();
  write(`Started ${started.displayName} in ${session.environmentLabel.toLowerCase()}\n`);
  try {
    return await follow(session.kfp, started, write, AbortSignal.any([signal, session.signal]));
  } catch (error) {
    if (isAbort(error) && signal.aborted)
      await session.kfp.terminateRun(started.id, AbortSignal.timeout(10_000)).catch(() => undefined);
    throw error;
  }
}

async function follow(
  kfp: {
    getRun(id: string, signal: AbortSignal): Promise<Run>;
    listTasks(id: string, signal: AbortSignal): Promise<readonly RunTask[]>;
  },
  started: Run,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const said = new Map<string, string>();
  for (;;) {
    const run = await kfp.getRun(started.id, signal);
    for (const task of await kfp.listTasks(started.id, signal)) {
      if (task.kind === 'ROOT' || said.get(task.id) === task.state) continue;
      said.set(task.id, task.state);
      const at = formatDuration(
        (task.finishedAt?.getTime() ?? Date.now()) - run.createdAt.getTime(),
      ).padStart(8);
      write(taskLine(at, task.scopePath, task.state, task.error));
    }
    if (isFinal(run.state)) {
      write(`Run ${stateWord(run.state)}${run.error === undefined ? '' : `: ${run.error}`}\n`);
      return run.state === 'SUCCEEDED' ? 0 : 1;
    }
    await delay(1_000, signal);
  }
}
