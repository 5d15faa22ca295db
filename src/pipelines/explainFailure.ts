/** Why a step failed, from its error, its log and its code. Pure: knows neither vscode nor a server. */
import type { PythonFunction } from '../core/ir/model.ts';
import { causeOf, clip, exitOf, type Exit, type FailureCause } from './failureCauses.ts';
import { isUserFile, lastTraceback, splitLines, type Traceback } from './traceback.ts';

export interface FailureFacts {
  readonly taskName: string;
  /** What the server says of the task, if anything. */
  readonly error: string | undefined;
  /** The last part of the failed attempt's log. */
  readonly log: string;
  /** The component's own code, when it is a lightweight Python one. */
  readonly python: PythonFunction | undefined;
  readonly attempts: number;
}

export type FailureAction = 'openSource' | 'openLog' | 'openText' | 'retry';

export interface FailureExplanation {
  /** One sentence, e.g. `train stopped with ValueError: Found input variables…`. */
  readonly reason: string;
  /** The log lines that tell most, at most 12. */
  readonly lines: readonly string[];
  readonly cause: FailureCause | undefined;
  /** One sentence for people. */
  readonly likelyCause: string | undefined;
  /** Line of the component's source (from 1) where the user's own code failed first. */
  readonly source:
    { readonly line: number; readonly text: string; readonly functionName: string } | undefined;
  readonly action: { readonly id: FailureAction; readonly label: string };
}

const maxLines = 12;

export function explainFailure(facts: FailureFacts): FailureExplanation {
  const lines = splitLines(facts.log);
  const traceback = lastTraceback(lines);
  const exit = exitOf(facts.error, lines);
  const { cause, sentence } = causeOf(facts.error, lines, traceback, exit);
  const source = traceback === undefined ? undefined : sourceOf(traceback, facts.python);
  return {
    reason: reasonOf(facts, traceback, exit),
    lines: relevantLines(lines, traceback),
    cause,
    likelyCause: sentence,
    source,
    action: actionOf(cause, source !== undefined, lines.length > 0),
  };
}

function relevantLines(lines: readonly string[], traceback: Traceback | undefined): readonly string[] {
  if (traceback === undefined) return ownLines(lines).slice(-maxLines);
  // What runs before the user's own code is the same in every traceback.
  const from = traceback.userStart ?? traceback.start;
  const told = lines
    .slice(from, traceback.end + 1)
    // Python 3.11 marks the place under a line with ^^^^: noise in a proportional font.
    .filter((line) => line !== '' && !/^\s*[\^~]+\s*$/.test(line));
  return told.length <= maxLines ? told : [...told.slice(0, 2), '…', ...told.slice(3 - maxLines)];
}

/** Without what KFP's executor says of itself, its dump of the step's input included. */
function ownLines(lines: readonly string[]): readonly string[] {
  const own: string[] = [];
  let isDump = false;
  for (const line of lines) {
    if (/^\[KFP Executor .*Got executor_input:$/.test(line)) isDump = true;
    else if (isDump) isDump = line !== '}';
    else if (line !== '' && !/^\[KFP Executor .* INFO\]:/.test(line)) own.push(line);
  }
  return own;
}

function reasonOf(facts: FailureFacts, traceback: Traceback | undefined, exit: Exit): string {
  const exception = traceback?.exception.split('\n')[0];
  if (exception !== undefined && exception !== '') return `${facts.taskName} stopped with ${clip(exception)}`;
  const tries = facts.attempts > 1 ? ` after ${facts.attempts} attempts` : '';
  if (facts.error !== undefined && facts.error !== '')
    return `${facts.taskName} failed${tries}. ${clip(facts.error)}`;
  if (exit.signal !== undefined) return `${facts.taskName} was ended by ${exit.signal}${tries}.`;
  if (exit.code !== undefined) return `${facts.taskName} ended with exit code ${exit.code}${tries}.`;
  return `${facts.taskName} failed${tries}.`;
}

/** The innermost frame in the user's own code: KFP writes a lightweight component to `ephemeral_component.py`. */
function sourceOf(traceback: Traceback, python: PythonFunction | undefined): FailureExplanation['source'] {
  if (python === undefined) return undefined;
  const frame = traceback.frames.findLast((one) => isUserFile(one.file));
  const text = frame === undefined ? undefined : python.source.split('\n')[frame.line - 1];
  if (frame === undefined || text === undefined) return undefined;
  return { line: frame.line, text, functionName: python.functionName };
}

function actionOf(
  cause: FailureCause | undefined,
  hasSource: boolean,
  hasLog: boolean,
): FailureExplanation['action'] {
  if (cause === 'network' || cause === 'timeout' || cause === 'killed')
    return { id: 'retry', label: 'Retry Run' };
  if (hasSource) return { id: 'openSource', label: 'Open Source' };
  if (cause === 'moduleNotFound' || cause === 'packageInstall' || cause === 'commandNotFound')
    return { id: 'openText', label: 'Open Pipeline' };
  return hasLog ? { id: 'openLog', label: 'Open Log' } : { id: 'retry', label: 'Retry Run' };
}
