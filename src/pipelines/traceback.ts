/** Python tracebacks in a step's log. */

export interface Frame {
  readonly file: string;
  readonly line: number;
  readonly functionName: string;
}

export interface Traceback {
  readonly frames: readonly Frame[];
  /** `ValueError: …`, all its lines. */
  readonly exception: string;
  /** Lines of the log: its head, its first frame in the user's own code (if any), and its last. */
  readonly start: number;
  readonly userStart: number | undefined;
  readonly end: number;
}

/** The user's own code: KFP writes a lightweight component to `ephemeral_component.py`. */
export function isUserFile(path: string): boolean {
  return /(?:^|[\\/])ephemeral_component\.py$/.test(path);
}

/** Lines without colours and with runs of empty ones made one. */
export function splitLines(log: string): readonly string[] {
  return log
    .replaceAll(/\u001b\[[\d;:]*[A-Za-z]/g, '')
    .split(/\r\n|\n|\r/)
    .map((line) => line.trimEnd())
    .filter((line, index, all) => line !== '' || (index > 0 && all[index - 1] !== ''));
}

/** The last traceback of the log. Of a chain, the first cause's frames matter less than what ended the step. */
export function lastTraceback(lines: readonly string[]): Traceback | undefined {
  const start = lines.findLastIndex((line) => /^\s*Traceback \(most recent call last\):/.test(line));
  if (start === -1) return syntaxError(lines);
  const indent = /^\s*/.exec(lines[start] ?? '')?.[0] ?? '';
  const frames: Frame[] = [];
  let userStart: number | undefined;
  let end = start + 1;
  for (; end < lines.length; end++) {
    const line = lines[end] ?? '';
    const frame = /^\s*File "(.+)", line (\d+)(?:, in (.+))?$/.exec(line);
    if (frame !== null) {
      const file = frame[1] ?? '';
      frames.push({ file, line: Number(frame[2]), functionName: frame[3] ?? '<module>' });
      if (userStart === undefined && isUserFile(file)) userStart = end;
    } else if (line !== '' && !line.startsWith(`${indent} `)) break;
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
  return { frames, exception: exception.join('\n'), start, userStart, end };
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
    userStart: start,
    end,
  };
}
