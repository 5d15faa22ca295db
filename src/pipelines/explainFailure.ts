/** Why a step failed, from its error, its log and its code. Pure: knows neither vscode nor a server. */
import type { PythonFunction } from '../core/ir/model.ts';

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

export type FailureCause =
  | 'moduleNotFound'
  | 'importError'
  | 'packageInstall'
  | 'outOfMemory'
  | 'killed'
  | 'timeout'
  | 'missingFile'
  | 'permission'
  | 'diskFull'
  | 'network'
  | 'wrongType'
  | 'missingKey'
  | 'syntax'
  | 'assertion'
  | 'commandNotFound'
  | 'upstream'
  | 'exception';

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

interface Frame {
  readonly file: string;
  readonly line: number;
  readonly functionName: string;
}

interface Traceback {
  readonly frames: readonly Frame[];
  /** `ValueError: …`, all its lines. */
  readonly exception: string;
  readonly start: number;
  readonly end: number;
}

export function explainFailure(facts: FailureFacts): FailureExplanation {
  const lines = splitLines(facts.log);
  const traceback = lastTraceback(lines);
  const exit = exitOf(facts.error, lines);
  const { cause, sentence } = causeOf(facts, lines, traceback, exit);
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

// --- reading the log

/** Without colours, and without the prefix that KFP's executor writes before each of its own lines. */
function splitLines(log: string): readonly string[] {
  return log
    .replaceAll(/\u001b\[[\d;:]*[A-Za-z]/g, '')
    .split(/\r\n|\n|\r/)
    .map((line) => line.trimEnd())
    .filter((line, index, all) => line !== '' || (index > 0 && all[index - 1] !== ''));
}

/** The last traceback of the log. Of a chain, the first cause's frames matter less than what ended the step. */
function lastTraceback(lines: readonly string[]): Traceback | undefined {
  const start = lines.findLastIndex((line) => /^\s*Traceback \(most recent call last\):/.test(line));
  if (start === -1) return syntaxError(lines);
  const indent = /^\s*/.exec(lines[start] ?? '')?.[0] ?? '';
  const frames: Frame[] = [];
  let end = start + 1;
  for (; end < lines.length; end++) {
    const line = lines[end] ?? '';
    const frame = /^\s*File "(.+)", line (\d+)(?:, in (.+))?$/.exec(line);
    if (frame !== null)
      frames.push({ file: frame[1] ?? '', line: Number(frame[2]), functionName: frame[3] ?? '<module>' });
    else if (line !== '' && !line.startsWith(`${indent} `)) break;
  }
  const exception = [];
  for (let at = end; at < lines.length; at++) {
    const line = lines[at] ?? '';
    // The message may have several lines; a log line of a logger, or an empty line, ends it.
    if (
      at > end &&
      (line === '' || /^\s*(?:\[KFP|\d{4}-\d\d-\d\d|INFO|WARNING|ERROR)/.test(line) || at > end + 3)
    )
      break;
    exception.push(line.trim());
    end = at;
  }
  return { frames, exception: exception.join('\n'), start, end };
}

/** A SyntaxError of the user's file has no traceback header of its own when Python refuses the script itself. */
function syntaxError(lines: readonly string[]): Traceback | undefined {
  const end = lines.findLastIndex((line) => /^(?:SyntaxError|IndentationError|TabError):/.test(line));
  if (end === -1) return undefined;
  const start = lines.findLastIndex((line, index) => index < end && /^\s*File ".+", line \d+/.test(line));
  const frame = /^\s*File "(.+)", line (\d+)/.exec(lines[start] ?? '');
  if (frame === null) return undefined;
  return {
    frames: [{ file: frame[1] ?? '', line: Number(frame[2]), functionName: '<module>' }],
    exception: lines[end] ?? '',
    start,
    end,
  };
}

function relevantLines(lines: readonly string[], traceback: Traceback | undefined): readonly string[] {
  const max = 12;
  if (traceback === undefined) return lines.filter((line) => line !== '').slice(-max);
  const inside = lines.slice(traceback.start, traceback.end + 1).filter((line) => line !== '');
  // Python 3.11 marks the place under a line with ^^^^: noise in a proportional font.
  const told = inside.filter((line) => !/^\s*[\^~]+\s*$/.test(line));
  return told.length <= max ? told : [...told.slice(0, 1), '…', ...told.slice(-(max - 2))];
}

// --- exit

interface Exit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

function exitOf(error: string | undefined, lines: readonly string[]): Exit {
  const said = [error ?? '', ...lines.slice(-5)].join('\n');
  const signal = /\bsignal\s+(SIG[A-Z]+)|\b(SIG(?:KILL|TERM|SEGV|ABRT|BUS|FPE|ILL))\b/.exec(said);
  const code = /\bexit(?:ed)?(?:\s+with)?(?:\s+(?:status|code))?[:\s]+(-?\d+)\b/i.exec(said);
  return {
    code: code === null ? undefined : Number(code[1]),
    signal: signal?.[1] ?? signal?.[2],
  };
}

function reasonOf(facts: FailureFacts, traceback: Traceback | undefined, exit: Exit): string {
  const exception = traceback?.exception.split('\n')[0];
  if (exception !== undefined && exception !== '') return `${facts.taskName} stopped with ${clip(exception)}`;
  const tries = facts.attempts > 1 ? ` after ${facts.attempts} attempts` : '';
  if (facts.error !== undefined && facts.error !== '')
    return `${facts.taskName} failed${tries}: ${clip(facts.error)}`;
  if (exit.signal !== undefined) return `${facts.taskName} was ended by ${exit.signal}${tries}.`;
  if (exit.code !== undefined) return `${facts.taskName} ended with exit code ${exit.code}${tries}.`;
  return `${facts.taskName} failed${tries}.`;
}

function clip(text: string): string {
  return text.length > 240 ? `${text.slice(0, 240)}…` : text;
}

// --- cause

/** First match wins, so the particular ones come first. `$1` is the pattern's first group. */
const causes: readonly {
  readonly cause: FailureCause;
  readonly where: 'exception' | 'all';
  readonly pattern: RegExp;
  readonly sentence: string;
}[] = [
  {
    cause: 'packageInstall',
    where: 'all',
    pattern:
      /^.*(?:ERROR: (?:Could not find a version that satisfies the requirement|No matching distribution found for) (\S+)|× No solution found when resolving.*|Because .* has no versions? .*)$/m,
    sentence:
      'A package of this component cannot be installed ($1): its name or version does not exist for this Python.',
  },
  {
    cause: 'packageInstall',
    where: 'all',
    pattern:
      /^.*(?:ERROR: Failed building wheel for (\S+)|error: metadata-generation-failed|Failed to build `?(\S+)`?)/m,
    sentence:
      'A package of this component ($1) has no ready-made build for this Python and could not be compiled here.',
  },
  {
    cause: 'moduleNotFound',
    where: 'exception',
    pattern: /^ModuleNotFoundError: No module named '([^']+)'/,
    sentence:
      'The module $1 is not installed where the step runs: add it to the component\u2019s packages_to_install.',
  },
  {
    cause: 'importError',
    where: 'exception',
    pattern: /^ImportError: (.*)/,
    sentence:
      'An import failed although the package is there: its version does not fit, or a system library is missing.',
  },
  {
    cause: 'diskFull',
    where: 'all',
    pattern: /No space left on device|ENOSPC|Disk quota exceeded/,
    sentence: 'The disk is full.',
  },
  {
    cause: 'outOfMemory',
    where: 'all',
    pattern:
      /^MemoryError\b|OOMKilled|Out of memory|numpy.*_ArrayMemoryError|Unable to allocate .* for an array|CUDA out of memory/m,
    sentence:
      'The step needed more memory than there was: use less data at once, or give it a higher memory limit.',
  },
  {
    cause: 'timeout',
    where: 'all',
    pattern:
      /^(?:\w+\.)*(?:TimeoutError|ReadTimeout|ConnectTimeout)\b|DeadlineExceeded|timed out\b|deadline exceeded/im,
    sentence: 'Something the step waited for did not answer in time.',
  },
  {
    cause: 'network',
    where: 'all',
    pattern:
      /Name or service not known|Temporary failure in name resolution|Connection refused|ConnectionError|Max retries exceeded|NewConnectionError/,
    sentence: 'The step could not reach a service over the network.',
  },
  {
    cause: 'commandNotFound',
    where: 'all',
    pattern:
      /(?:^|: )([\w./-]+): (?:command )?not found|exec(?:utable file)? .*not found|spawn (\S+) ENOENT/m,
    sentence: 'The command $1 does not exist where the step runs.',
  },
  {
    cause: 'missingFile',
    where: 'exception',
    pattern: /^(?:FileNotFoundError|NotADirectoryError|IsADirectoryError): .*?(?:'([^']+)')?$/,
    sentence:
      'The file $1 is not there when the step reads it: a path of another machine, or an output nobody wrote.',
  },
  {
    cause: 'permission',
    where: 'exception',
    pattern: /^PermissionError: .*?(?:'([^']+)')?$/,
    sentence: 'The step may not read or write $1.',
  },
  {
    cause: 'syntax',
    where: 'exception',
    pattern: /^(?:SyntaxError|IndentationError|TabError): (.*)/,
    sentence:
      'Python cannot read the component\u2019s code: it may use syntax newer than the Python it runs on.',
  },
  {
    cause: 'missingKey',
    where: 'exception',
    pattern: /^(?:KeyError|AttributeError|IndexError|NameError): (.*)/,
    sentence: 'The code asks for something that the data or object does not have: $1.',
  },
  {
    cause: 'wrongType',
    where: 'exception',
    pattern: /^(?:TypeError|ValueError|pydantic\S*ValidationError): (.*)/,
    sentence: 'A value is not what the code expects: look at this step\u2019s inputs.',
  },
  {
    cause: 'assertion',
    where: 'exception',
    pattern: /^AssertionError\b(.*)/,
    sentence: 'A check in the code failed.',
  },
  {
    cause: 'upstream',
    where: 'all',
    pattern: /upstream task|dependenc(?:y|ies) failed/i,
    sentence: 'An earlier step failed; look at that one first.',
  },
];

function causeOf(
  facts: FailureFacts,
  lines: readonly string[],
  traceback: Traceback | undefined,
  exit: Exit,
): { readonly cause: FailureCause | undefined; readonly sentence: string | undefined } {
  const exception = traceback?.exception ?? '';
  const all = [facts.error ?? '', exception, ...lines.slice(-60)].join('\n');
  for (const { cause, where, pattern, sentence } of causes) {
    const match = pattern.exec(where === 'exception' ? exception : all);
    if (match === null) continue;
    const detail = match.slice(1).find((group: string | undefined) => group !== undefined && group !== '');
    return { cause, sentence: fill(sentence, detail) };
  }
  if (exit.signal === 'SIGKILL' || exit.code === 137 || exit.code === -9)
    return {
      cause: 'killed',
      sentence: 'The step was killed from outside, most often because it used too much memory.',
    };
  if (exit.signal !== undefined || exit.code === 143)
    return { cause: 'killed', sentence: 'The step was stopped from outside before it was done.' };
  if (exit.code === 127)
    return {
      cause: 'commandNotFound',
      sentence: 'A command that the step calls does not exist where it runs.',
    };
  if (exception !== '') return { cause: 'exception', sentence: undefined };
  return { cause: undefined, sentence: undefined };
}

function fill(sentence: string, detail: string | undefined): string {
  if (detail !== undefined) return sentence.replace('$1', clip(detail));
  return sentence
    .replace(/ ?\(\$1\)/, '')
    .replace(/: \$1/, '')
    .replace('The file $1', 'A file')
    .replace(' $1', '');
}

// --- place

/** The innermost frame in the user's own code: KFP writes a lightweight component to `ephemeral_component.py`. */
function sourceOf(traceback: Traceback, python: PythonFunction | undefined): FailureExplanation['source'] {
  if (python === undefined) return undefined;
  const frame = traceback.frames.findLast((one) => /(?:^|[\\/])ephemeral_component\.py$/.test(one.file));
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

// --- from the component's source to a file

/**
 * Line (from 1) in a `.py` file of a line in a component's source. KFP puts imports before the function and takes its
 * decorators away, so lines are counted from `def`; `undefined` when the file says something else there.
 */
export function lineInPython(python: PythonFunction, line: number, fileText: string): number | undefined {
  const source = python.source.split('\n');
  const file = fileText.split(/\r?\n/);
  const definition = new RegExp(String.raw`^(\s*)(?:async\s+)?def\s+${python.functionName}\b`);
  const definedAt = source.findIndex((text) => definition.test(text));
  const wanted = source[line - 1]?.trim() ?? '';
  if (definedAt === -1 || wanted === '') return undefined;
  for (const [at, text] of file.entries()) {
    if (!definition.test(text)) continue;
    const there = at + (line - 1 - definedAt);
    if (file[there]?.trim() === wanted) return there + 1;
    // The file was edited since it was compiled: the same line, if there is only one.
    const same = file.flatMap((other, index) => (index > at && other.trim() === wanted ? [index] : []));
    const [only] = same;
    if (same.length === 1 && only !== undefined) return only + 1;
  }
  return undefined;
}

/** Offset in a pipeline's YAML of a line of a component's source; the scalar's start when it is folded beyond finding. */
export function offsetInYaml(python: PythonFunction, line: number, yaml: string): number {
  const { start, end } = python.sourceRange;
  const scalar = yaml.slice(start, end);
  const wanted = python.source.split('\n')[line - 1]?.trim() ?? '';
  // In a double-quoted scalar, quotes and backslashes are escaped, and long lines are folded: match a first part.
  const escaped = wanted.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  for (const text of [escaped, wanted, escaped.slice(0, 30)]) {
    const at = text.length < 3 ? -1 : scalar.indexOf(text);
    if (at !== -1) return start + at;
  }
  return start;
}
