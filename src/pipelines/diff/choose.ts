/** Asks which version to compare with. */
import { Uri, window, workspace, type QuickPickItem, type QuickPickOptions } from 'vscode';
import type { Page, Pipeline } from '../../clients/kfp/model.ts';
import type { DiffSource } from '../../core/protocol/graphDiff.ts';
import type { Environments } from '../../environment/session.ts';
import type { StoredValue } from '../../platform/state.ts';
import { stateIcon, stateWord } from '../stateIcons.ts';
import { pipelineNameOf, type PipelineFile } from '../store.ts';
import { gitUri, readGitUri, repositoryOf } from './git.ts';

export const otherKinds = ['head', 'commit', 'file', 'version', 'run'] as const;
export type OtherKind = (typeof otherKinds)[number];

export interface ChooseDeps {
  readonly environments: Environments;
  /** What was chosen last comes first. */
  readonly last: StoredValue<OtherKind | ''>;
  files(): readonly PipelineFile[];
}

/** What is compared with something else. */
export interface Chosen {
  readonly source: DiffSource;
  readonly label: string;
  /** By which its runs and uploaded versions are told; unknown of files that were not read. */
  readonly pipelineName: string | undefined;
}

const MOST_COMMITS = 200;

const labels: Readonly<Record<OtherKind, Pick<QuickPickItem, 'label' | 'detail'>>> = {
  head: { label: '$(git-branch) Git HEAD', detail: 'What was committed last' },
  commit: { label: '$(git-commit) A commit…', detail: 'One that changed this file' },
  file: { label: '$(file) Another file…', detail: 'A pipeline of this workspace, or any other file' },
  version: { label: '$(tag) An uploaded version…', detail: 'Of the pipeline service' },
  run: { label: '$(play) What a run ran…', detail: 'The version that an earlier run used' },
};

/** `undefined`: the person thought better of it. */
export async function chooseOther(self: Chosen, deps: ChooseDeps): Promise<DiffSource | undefined> {
  const last = deps.last.get();
  const offered = otherKinds.filter((kind) => (kind !== 'head' && kind !== 'commit') || isInGit(self.source));
  const choice = await pick(
    offered
      .toSorted((a, b) => Number(b === last) - Number(a === last))
      .map((other) => ({ ...labels[other], description: other === last ? 'last time' : '', other })),
    { title: `Compare ${self.label} with`, placeHolder: 'The version to compare with', matchOnDetail: true },
  );
  if (choice === undefined) return undefined;
  const other = await choosers[choice.other](self, deps);
  if (other !== undefined) await deps.last.set(choice.other);
  return other;
}

/** As VS Code's, which is asked while the list is still being read. */
function pick<T extends QuickPickItem>(
  items: Promise<readonly T[]> | readonly T[],
  options: QuickPickOptions,
): Thenable<T | undefined> {
  return window.showQuickPick(items, options);
}

type Chooser = (self: Chosen, deps: ChooseDeps) => Promise<DiffSource | undefined>;

const choosers: Readonly<Record<OtherKind, Chooser>> = {
  head: ({ source }) => atRef(source, 'HEAD'),
  commit: async ({ source, label }) => {
    const file = fileOf(source);
    if (file === undefined) return undefined;
    const repository = await repositoryOf(file);
    const choice = await pick(
      repository.log({ path: file.fsPath, maxEntries: MOST_COMMITS }).then((commits) =>
        commits.map(({ hash, message, authorName, authorDate }) => ({
          label: `$(git-commit) ${message.split('\n', 1)[0] ?? ''}`,
          description: hash.slice(0, 7),
          detail: [authorName, authorDate?.toLocaleString()].filter((part) => part !== undefined).join(', '),
          hash,
        })),
      ),
      { title: `Commits of ${label}`, placeHolder: 'The commit to compare with', matchOnDescription: true },
    );
    return choice === undefined ? undefined : atRef(source, choice.hash);
  },
  file: async ({ source, label }, deps) => {
    const own = fileOf(source)?.toString();
    const choice = await pick(
      [
        ...deps
          .files()
          .filter(({ uri }) => uri !== own)
          .map(({ uri, path, pipelineName }) => ({
            label: `$(file) ${path}`,
            description: pipelineName ?? '',
            uri,
          })),
        { label: '$(folder-opened) Browse…', description: '', uri: undefined },
      ],
      { title: `Compare ${label} with a file`, placeHolder: 'The file to compare with' },
    );
    if (choice === undefined) return undefined;
    const uri = choice.uri ?? (await browse());
    return uri === undefined ? undefined : { kind: 'text', uri };
  },
  version: async ({ pipelineName }, { environments }) => {
    const { kfp, signal } = environments.require();
    const order = { pageSize: 100, sortBy: 'created_at desc' };
    const pipeline = await pick(
      kfp.listPipelines(order, signal).then((page) =>
        ownFirst(page, pipelineName).map((one) => ({
          label: `$(type-hierarchy-sub) ${one.displayName}`,
          description: one.name === pipelineName ? 'this pipeline' : '',
          id: one.id,
        })),
      ),
      { title: 'Uploaded pipelines', placeHolder: 'The pipeline to compare with' },
    );
    if (pipeline === undefined) return undefined;
    const version = await pick(
      kfp.listVersions(pipeline.id, order, signal).then(({ items }) =>
        items.map((one) => ({
          label: `$(tag) ${one.displayName}`,
          description: one.createdAt.toLocaleString(),
          detail: one.description,
          id: one.id,
        })),
      ),
      { title: 'Uploaded versions', placeHolder: 'The version to compare with' },
    );
    return version && { kind: 'version', pipelineId: pipeline.id, versionId: version.id };
  },
  run: async ({ source, pipelineName }, { environments }) => {
    const { kfp, signal } = environments.require();
    const own = source.kind === 'run' ? source.runId : undefined;
    const run = await pick(
      kfp.listRuns({ pageSize: 100, sortBy: 'created_at desc' }, signal).then((page) =>
        page.items
          .filter(({ id }) => id !== own)
          .map((one) => ({ run: one, isSame: pipelineNameOf(one) === pipelineName }))
          .toSorted((a, b) => Number(b.isSame) - Number(a.isSame))
          .map(({ run: one }) => ({
            label: `$(${stateIcon(one.state).id.replace('~spin', '')}) ${one.displayName}`,
            description: `${stateWord(one.state)}, ${one.createdAt.toLocaleString()}`,
            id: one.id,
          })),
      ),
      { title: 'Runs', placeHolder: 'The run to compare with' },
    );
    return run && { kind: 'run', runId: run.id };
  },
};

/** Earlier versions of it, by Git. Rejects as repositoryOf. */
export async function atRef(source: DiffSource, ref: string): Promise<DiffSource | undefined> {
  const file = fileOf(source);
  if (file === undefined || (source.kind !== 'text' && source.kind !== 'python')) return undefined;
  return { ...source, uri: (await gitUri(file, ref)).toString() };
}

function isInGit(source: DiffSource): boolean {
  return fileOf(source)?.scheme === 'file';
}

function fileOf(source: DiffSource): Uri | undefined {
  if (source.kind !== 'text' && source.kind !== 'python') return undefined;
  const uri = Uri.parse(source.uri);
  return readGitUri(uri)?.file ?? uri;
}

function ownFirst({ items }: Page<Pipeline>, name: string | undefined): readonly Pipeline[] {
  return items.toSorted((a, b) => Number(b.name === name) - Number(a.name === name));
}

async function browse(): Promise<string | undefined> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const [uri] =
    (await window.showOpenDialog({
      title: 'Compare with',
      filters: { Pipelines: ['yaml', 'yml', 'json'] },
      ...(folder === undefined ? {} : { defaultUri: folder }),
    })) ?? [];
  return uri?.toString();
}
