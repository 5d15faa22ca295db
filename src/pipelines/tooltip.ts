import { formatDuration } from '../core/base/duration.ts';
import type { PipelineNode } from './rows.ts';
import { factsMarkdown } from '../platform/factsMarkdown.ts';
import { stateWord } from './stateIcons.ts';

/** Markdown shown when the pointer rests on a row; made only then. */
export function tooltipOf(node: PipelineNode): string {
  switch (node.kind) {
    case 'file':
      return factsMarkdown(node.label, [['File', node.file.path]]);
    case 'pipeline':
      return factsMarkdown(node.label, [
        ['Id', node.pipelineId],
        ['Created', node.pipeline.createdAt.toLocaleString()],
        ['Description', node.pipeline.description],
      ]);
    case 'version':
      return factsMarkdown(node.label, [
        ['Id', node.versionId],
        ['Created', node.version.createdAt.toLocaleString()],
        ['Description', node.version.description],
      ]);
    case 'run':
      return factsMarkdown(node.label, [
        ['State', stateWord(node.run.state)],
        ['Id', node.runId],
        ['Created', node.run.createdAt.toLocaleString()],
        ['Ended', node.run.finishedAt?.toLocaleString()],
        ...Object.entries(node.run.parameters)
          .slice(0, 15)
          .map(([name, value]): [string, string] => [name, JSON.stringify(value)]),
        ['Error', node.run.error],
      ]);
    case 'task': {
      const { task } = node;
      return factsMarkdown(task.displayName, [
        ['State', stateWord(task.state)],
        ['Path', task.scopePath],
        ['Attempts', task.attempts.length > 0 ? String(task.attempts.length) : undefined],
        [
          'Took',
          task.startedAt !== undefined && task.finishedAt !== undefined
            ? formatDuration(task.finishedAt.getTime() - task.startedAt.getTime())
            : undefined,
        ],
        ...Object.entries(task.notes),
        ['Error', task.error],
      ]);
    }
    default:
      return factsMarkdown(node.label, []);
  }
}
