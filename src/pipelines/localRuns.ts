import {
  Task,
  TaskRevealKind,
  TaskScope,
  tasks,
  Uri,
  workspace,
  CustomExecution,
  type TaskDefinition,
  type TaskProvider,
} from 'vscode';
import { z } from 'zod';
import { taskType } from '../contributions.ts';
import type { JsonValue } from '../core/base/json.ts';
import { SlipwayError } from '../core/base/errors.ts';
import { RunPseudoterminal, type RunWork } from './runPseudoterminal.ts';

const definition = z.object({
  type: z.literal(taskType),
  file: z.string().min(1),
  where: z.enum(['environment', 'local']).default('environment'),
  parameters: z.record(z.string(), z.json()).default({}),
});

export interface RunRequest {
  readonly uri: Uri;
  readonly where: 'environment' | 'local';
  readonly parameters: Readonly<Record<string, JsonValue>>;
}

/** Pipeline runs as VS Code tasks: `slipway` in tasks.json, and *Run Locally*. */
export class LocalRuns implements TaskProvider {
  readonly #work: (request: RunRequest) => RunWork;

  constructor(work: (request: RunRequest) => RunWork) {
    this.#work = work;
  }

  /** Runs a file in a process of its own on this machine, shown in a task terminal. */
  async run(uri: Uri): Promise<void> {
    const folder = workspace.getWorkspaceFolder(uri);
    const file = folder === undefined ? uri.fsPath : workspace.asRelativePath(uri, false);
    const task = this.#task(
      { type: taskType, file, where: 'local', parameters: {} },
      folder ?? TaskScope.Workspace,
    );
    if (task !== undefined) await tasks.executeTask(task);
  }

  /** None are offered: which of a workspace's files to run, and how, is what tasks.json or the view say. */
  provideTasks(): Task[] {
    return [];
  }

  resolveTask(task: Task): Task | undefined {
    return this.#task(task.definition, task.scope ?? TaskScope.Workspace);
  }

  #task(raw: TaskDefinition, scope: NonNullable<Task['scope']>): Task | undefined {
    const parsed = definition.safeParse(raw);
    if (!parsed.success) return undefined;
    const { file, where, parameters } = parsed.data;
    const execution = new CustomExecution(() => {
      const request = { uri: locate(file, scope), where, parameters };
      return Promise.resolve(new RunPseudoterminal(this.#work(request)));
    });
    const name = where === 'local' ? `Run ${file} locally` : `Run ${file}`;
    // VS Code refuses a resolved task whose definition is not the very object that it asked with.
    const task = new Task(raw, scope, name, 'Slipway', execution);
    task.presentationOptions = { reveal: TaskRevealKind.Always, clear: true };
    return task;
  }
}

function locate(file: string, scope: NonNullable<Task['scope']>): Uri {
  const folder = typeof scope === 'object' ? scope : workspace.workspaceFolders?.[0];
  if (/^(?:\/|[a-zA-Z]:[\\/])/.test(file)) return Uri.file(file);
  if (folder === undefined) throw new SlipwayError('noFolder', `No folder is open to find ${file} in.`);
  return Uri.joinPath(folder.uri, file);
}
