/** Likely causes of a failed step, by what its error and its log say. */
import type { Traceback } from './traceback.ts';

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

export interface Exit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** How the step's process ended, by what is said of it. */
export function exitOf(error: string | undefined, lines: readonly string[]): Exit {
  const said = [error ?? '', ...lines.slice(-5)].join('\n');
  const signal = /\bsignal\s+(SIG[A-Z]+)|\b(SIG(?:KILL|TERM|SEGV|ABRT|BUS|FPE|ILL))\b/.exec(said);
  const code = /\bexit(?:ed)?(?:\s+with)?(?:\s+(?:status|code))?[:\s]+(-?\d+)\b/i.exec(said);
  return {
    code: code === null ? undefined : Number(code[1]),
    signal: signal?.[1] ?? signal?.[2],
  };
}

/** Keeps one long line from filling a whole panel. */
export function clip(text: string): string {
  return text.length > 240 ? `${text.slice(0, 240)}…` : text;
}

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
      /Could not find a version that satisfies the requirement (\S+)|No matching distribution found for (\S+)|there is no version of (\S+)|Because (\S+) was not found in the package registry/,
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
    cause: 'packageInstall',
    where: 'all',
    pattern: /Python packages could not be installed \(([^)]+)\)/,
    sentence: 'The packages of this component cannot be installed ($1).',
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

export function causeOf(
  error: string | undefined,
  lines: readonly string[],
  traceback: Traceback | undefined,
  exit: Exit,
): { readonly cause: FailureCause | undefined; readonly sentence: string | undefined } {
  const exception = traceback?.exception ?? '';
  const all = [error ?? '', exception, ...lines.slice(-60)].join('\n');
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
