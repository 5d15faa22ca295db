/** `slipway pipeline diff BEFORE AFTER`: what two versions of a pipeline do not have in common. */
import { SlipwayError } from '../core/base/errors.ts';
import { diffPipelines } from '../core/ir/diff.ts';
import { describeLines, shownEdges } from '../core/ir/diff/summary.ts';
import type { PipelineDocument } from '../core/ir/model.ts';
import { parsePipeline } from '../core/ir/parse.ts';
import type { DiffMark, DiffView, FieldChange } from '../core/protocol/graphDiff.ts';
import type { ExitCode } from './command.ts';
import { readPipelineVersion } from './pipelineRevision.ts';

const signs: Readonly<Record<DiffMark, string>> = { added: '+', removed: '-', changed: '~' };

/** 0: they mean the same; 1: they differ. Throws SlipwayError for what cannot be read. */
export async function pipelineDiff(
  before: string,
  after: string,
  options: { readonly json: boolean; readonly signal: AbortSignal },
): Promise<ExitCode> {
  const view = diffPipelines(await read(before, options.signal), await read(after, options.signal));
  if (options.json) {
    // The drawing is for the editor.
    const { isSame, pipeline, nodes, edges } = view;
    console.log(JSON.stringify({ isSame, pipeline, nodes, edges }, undefined, 2));
  } else print(view, before, after);
  return view.isSame ? 0 : 1;
}

async function read(version: string, signal: AbortSignal): Promise<PipelineDocument> {
  const parsed = parsePipeline(await readPipelineVersion(version, signal));
  if (parsed.kind === 'pipeline') return parsed.document;
  throw new SlipwayError('document', `${version}: ${parsed.problem.message}`, {
    action: 'Name two pipeline files',
  });
}

function print({ isSame, pipeline, nodes, edges }: DiffView, before: string, after: string): void {
  if (isSame) {
    console.log(`${before} and ${after} mean the same`);
    return;
  }
  if (pipeline.length > 0) {
    console.log('~ pipeline');
    for (const change of pipeline) printChange(change);
  }
  for (const { mark, nodeId, before: old, after: now, changes } of nodes) {
    const name = mark === 'changed' && old !== now ? `${old ?? ''} → ${now ?? ''}` : nodeId;
    console.log(`${signs[mark]} ${name}`);
    for (const change of changes) printChange(change);
  }
  for (const { mark, from, to, label } of shownEdges(edges))
    console.log(`${signs[mark]} ${from} → ${to} (${label})`);
}

function printChange({ path, before, after }: FieldChange): void {
  if (before === undefined) console.log(`    ${path}: ${brief(after)} (new)`);
  else if (after === undefined) console.log(`    ${path}: ${brief(before)} (gone)`);
  else if (before.includes('\n') || after.includes('\n'))
    console.log(`    ${path}: ${describeLines(before, after)}`);
  else console.log(`    ${path}: ${brief(before)} → ${brief(after)}`);
}

function brief(text = ''): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length < text.length || line.length > 100 ? `${line.slice(0, 100)}…` : line;
}
