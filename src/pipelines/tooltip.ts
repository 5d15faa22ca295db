import { formatDuration } from '../core/base/duration.ts';
import type { PipelineNode } from './rows.ts';
import { stateWord } from './stateIcons.ts';

/** Markdown shown when the pointer rests on a row; made only then. */
export function tooltipOf(node: PipelineNode): string {
  switch (node.kind) {
    case 'file':
      return lines(node.label, [['File', node.file.path]]);
    case 'pipeline':
      return lines(node.label, [
        ['Id', node.pipelineId],
        ['Created', node.pipeline.createdAt.toLocaleString()],
        ['Description', node.pipeline.description],
      ]);
    case 'version':
      return lines(node.label, [
        ['Id', node.versionId],
        ['Created', node.version.createdAt.toLocaleString()],
        ['Description', node.version.description],
      ]);
    case 'run':
      return lines(node.label, [
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
      return lines(task.displayName, [
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
      return escape(node.label);
  }
}

function lines(title: string, facts: readonly (readonly [string, string | undefined])[]): string {
  const known = facts.filter(
    (fact): fact is readonly [string, string] => fact[1] !== undefined && fact[1] !== '',
  );
  return [
    `**${escape(title)}**`,
    ...known.map(([name, value]) => `${escape(name)}: ${escape(clip(value))}`),
  ].join('  \n');
}

function clip(value: string): string {
  return value.length > 300 ? `${value.slice(0, 300)}…` : value;
}

/** Names and errors come from pipelines: they must not become links or commands. */
function escape(value: string): string {
  return value.replaceAll(/[\\`*_{}[\]()#+\-.!|<>~&$]/g, '\\$&').replaceAll('\n', ' ');
}
