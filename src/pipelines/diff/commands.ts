/** Commands that compare pipelines, from wherever one is named. */
import { TabInputTextDiff, Uri, window } from 'vscode';
import { pythonScheme, type RunTarget, type VersionTarget } from '../../contributions.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import type { DiffSource } from '../../core/protocol/graphDiff.ts';
import type { CommandHandlers } from '../../platform/commands.ts';
import { activeGraph } from '../activeEditor.ts';
import { fileOf } from '../readText.ts';
import type { PipelineNode } from '../rows.ts';
import { pipelineNameIn, pipelineNameOf } from '../store.ts';
import { atRef, chooseOther, type ChooseDeps, type Chosen } from './choose.ts';
import { readGitUri } from './git.ts';
import type { GraphDiffPanels } from './panel.ts';

export interface DiffCommandDeps extends ChooseDeps {
  readonly panels: GraphDiffPanels;
  nameOf(source: DiffSource): { readonly label: string };
  /** The rows of the Pipelines view that menus pass carry more than commands say. */
  rowOf(target: object): PipelineNode | undefined;
  /** Names of the pipelines that a Python file defines, or what Git has of one. */
  pipelinesIn(file: Uri): Promise<readonly string[]>;
  /** Of the run graph in front, if one is. */
  activeRun(): string | undefined;
}

type Target = Uri | { readonly kind: 'file'; readonly uri: string } | VersionTarget | RunTarget;

export function diffCommands(deps: DiffCommandDeps) {
  const { panels } = deps;

  /** Of a file; `undefined` when several pipelines are in it and none was chosen. `known`: where its text is. */
  async function sourceOf(uri: Uri, known = uri): Promise<DiffSource | undefined> {
    if (uri.scheme === pythonScheme) return { kind: 'python', uri: uri.query, function: functionOf(uri) };
    if (!uri.path.endsWith('.py')) return { kind: 'text', uri: uri.toString() };
    const names = await deps.pipelinesIn(known);
    const name =
      names.length > 1 ? await window.showQuickPick(names, { title: 'Pipelines of this file' }) : names[0];
    if (names.length === 0) throw new SlipwayError('noPipeline', 'There is no pipeline in this Python file.');
    return name === undefined ? undefined : { kind: 'python', uri: uri.toString(), function: name };
  }

  async function chosenOf(target: Target | undefined): Promise<Chosen | undefined> {
    if (target !== undefined && !(target instanceof Uri) && target.kind !== 'file') return ofRow(target);
    const runId = target === undefined || isPanel(target) ? deps.activeRun() : undefined;
    if (runId !== undefined) return ofRow({ kind: 'run', runId });
    const uri = activePython(target) ?? fileOf(target instanceof Uri && isPanel(target) ? undefined : target);
    const source = await sourceOf(uri);
    const pipelineName = deps.files().find((file) => file.uri === uri.toString())?.pipelineName;
    return source && { source, label: deps.nameOf(source).label, pipelineName };
  }

  function ofRow(target: VersionTarget | RunTarget): Chosen {
    const row = deps.rowOf(target);
    const source: DiffSource =
      target.kind === 'run'
        ? { kind: 'run', runId: target.runId }
        : { kind: 'version', pipelineId: target.pipelineId, versionId: target.versionId };
    const pipelineName =
      row?.kind === 'run'
        ? pipelineNameOf(row.run)
        : row?.kind === 'version' && row.version.spec !== undefined
          ? pipelineNameIn(row.version.spec)
          : undefined;
    return { source, label: row?.label ?? deps.nameOf(source).label, pipelineName };
  }

  function open(before: DiffSource | undefined, after: DiffSource | undefined): void {
    if (before !== undefined && after !== undefined) panels.open({ before, after });
  }

  /** Rows come in the order of their selection; a file is as of now. */
  function olderFirst(targets: readonly Target[]): readonly Target[] {
    const madeAt = (target: Target): number => {
      const row = deps.rowOf(target);
      return Number(
        row?.kind === 'run' ? row.run.createdAt : row?.kind === 'version' ? row.version.createdAt : Infinity,
      );
    };
    return targets.toSorted((a, b) => (madeAt(a) < madeAt(b) ? -1 : madeAt(a) > madeAt(b) ? 1 : 0));
  }

  /** Two rows or files that are selected together. */
  async function openTwo(targets: readonly Target[]): Promise<void> {
    const [a, b] = targets;
    open((await chosenOf(a))?.source, (await chosenOf(b))?.source);
  }

  return {
    'slipway.pipeline.compareWith': async (target, all) => {
      const two = (all ?? []).filter(isComparable);
      if (two.length === 2) {
        await openTwo(olderFirst(two));
        return;
      }
      const texts = activeTextDiff(target instanceof Uri ? target : undefined);
      if (texts !== undefined) {
        await openTwo([texts.original, texts.modified]);
        return;
      }
      const self = await chosenOf(target);
      if (self !== undefined) open(await chooseOther(self, deps), self.source);
    },
    'slipway.pipeline.compareSelected': async (_target, all) => {
      if (all?.length === 2) await openTwo(all);
      else throw new SlipwayError('notTwo', 'Select two pipeline files in the Explorer first.');
    },
    'slipway.pipeline.openChanges': async (resource) => {
      const { leftUri, rightUri } = resource ?? {};
      const uri = resource?.resourceUri ?? fileOf(undefined);
      // Of a file that is gone, Git's right side is what it was.
      const isGone = leftUri === undefined && rightUri !== undefined && readGitUri(rightUri)?.ref === 'HEAD';
      const source = await sourceOf(uri, isGone ? rightUri : uri);
      if (source === undefined) return;
      // Rows of the index are compared as Git compares them: with HEAD, not with the file.
      const at = (other: Uri | undefined): DiffSource | undefined =>
        other && (source.kind === 'python' || source.kind === 'text')
          ? { ...source, uri: other.toString() }
          : undefined;
      open(at(leftUri) ?? (await atRef(source, 'HEAD')), (isGone ? undefined : at(rightUri)) ?? source);
    },
    'slipway.diff.next': () => panels.active?.step(1),
    'slipway.diff.previous': () => panels.active?.step(-1),
    'slipway.diff.swap': () => panels.active?.swap(),
    'slipway.diff.openTexts': () => panels.active?.openTexts(),
  } satisfies Partial<CommandHandlers>;
}

function functionOf(uri: Uri): string {
  return (uri.path.split('/').at(-1) ?? '').replace(/\.pipeline\.yaml$/, '');
}

/** A Python file in front, which nobody but its text says of that it has pipelines. */
function activePython(target: Target | undefined): Uri | undefined {
  const document = window.activeTextEditor?.document;
  const isIt = target === undefined && activeGraph() === undefined && document?.languageId === 'python';
  return isIt ? document.uri : undefined;
}

/** What an editor title's menu passes for a webview panel. */
function isPanel(target: Target): boolean {
  return target instanceof Uri && target.scheme === 'webview-panel';
}

function isComparable(target: unknown): target is Target {
  if (target instanceof Uri) return true;
  if (typeof target !== 'object' || target === null || !('kind' in target)) return false;
  return target.kind === 'file' || target.kind === 'run' || target.kind === 'version';
}

/** The text difference in front, e.g. of the Source Control view. */
function activeTextDiff(
  target: Uri | undefined,
): { readonly original: Uri; readonly modified: Uri } | undefined {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  if (!(input instanceof TabInputTextDiff)) return undefined;
  const isIt =
    target === undefined ||
    [input.original, input.modified].some((one) => one.toString() === target.toString());
  return isIt ? input : undefined;
}
