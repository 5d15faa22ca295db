import { LineCounter } from 'yaml';
import { SlipwayError } from '../core/base/errors.ts';
import { analyse } from '../core/ir/analyse.ts';
import type { PipelineDocument, Problem } from '../core/ir/model.ts';
import type { ExitCode } from './command.ts';
import { readPipelineText } from './pipelineText.ts';

interface PlacedProblem {
  readonly code: string;
  readonly severity: Problem['severity'];
  readonly message: string;
  /** Lines and columns count from 1; the end is exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly taskPath: string | undefined;
}

interface CheckedFile {
  readonly file: string;
  readonly isPipeline: boolean;
  /** Tasks in the text, each dag counted once however often it is used. */
  readonly tasks: number;
  readonly problems: readonly PlacedProblem[];
}

/** `slipway pipeline check FILE…`: prints every problem with its place. 1: a file has errors; 2: one is unreadable. */
export async function pipelineCheck(
  files: readonly string[],
  options: { readonly json: boolean; readonly signal: AbortSignal },
): Promise<ExitCode> {
  const checked: CheckedFile[] = [];
  let isUnreadable = false;
  for (const file of files) {
    options.signal.throwIfAborted();
    try {
      checked.push(checkText(file, await readPipelineText(file, options.signal)));
    } catch (error) {
      // The other files are checked all the same.
      if (!(error instanceof SlipwayError)) throw error;
      isUnreadable = true;
      console.error(`slipway: ${error.message}`);
    }
  }
  if (options.json) console.log(JSON.stringify({ files: checked }, undefined, 2));
  else for (const file of checked) printFile(file);
  if (isUnreadable) return 2;
  return checked.some(({ problems }) => problems.some(({ severity }) => severity === 'error')) ? 1 : 0;
}

function checkText(file: string, text: string): CheckedFile {
  const analysis = analyse({ text, withoutLayout: true });
  const isPipeline = analysis.kind === 'pipeline';
  const problems = isPipeline ? analysis.problems : [analysis.problem];
  const lines = countLines(text);
  return {
    file,
    isPipeline,
    tasks: isPipeline ? countTasks(analysis.document) : 0,
    problems: problems.map(({ code, severity, message, range, taskPath }) => {
      const start = lines.linePos(range.start);
      const end = lines.linePos(range.end);
      return {
        code,
        severity,
        message,
        line: start.line,
        column: start.col,
        endLine: end.line,
        endColumn: end.col,
        taskPath,
      };
    }),
  };
}

function countLines(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function countTasks(document: PipelineDocument): number {
  return [document.root, ...document.components.values()].reduce(
    (count, { implementation }) =>
      count + (implementation.kind === 'dag' ? implementation.dag.tasks.length : 0),
    0,
  );
}

function printFile({ file, isPipeline, tasks, problems }: CheckedFile): void {
  for (const { line, column, severity, code, message } of problems) {
    console.log(`${file}:${line}:${column} ${severity} ${code} ${message}`);
  }
  if (isPipeline && problems.length === 0) {
    console.log(`${file}: ${tasks} task${tasks === 1 ? '' : 's'}, no problems`);
  }
}
