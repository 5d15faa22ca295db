/** Where versions of a pipeline come from: VS Code's documents, Git, Python, the pipeline service. */
import { FileSystemError, RelativePattern, Uri, workspace } from 'vscode';
import type { SpecDocuments } from '../../clients/kfp/model.ts';
import type { CompileResult } from '../../clients/pythonCompiler.ts';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import { isAbort, SlipwayError } from '../../core/base/errors.ts';
import type { SourceRange } from '../../core/ir/model.ts';
import type { DiffSource, SideView } from '../../core/protocol/graphDiff.ts';
import type { Environments } from '../../environment/session.ts';
import { safeName } from '../fullLog.ts';
import { specOf } from '../graph/shownRun.ts';
import { readText } from '../readText.ts';
import { pipelineNameIn } from '../store.ts';
import type { VirtualDocuments } from '../virtualDocuments.ts';
import type { DiffText } from './comparison.ts';
import { readGitUri, refLabel, requireRef, repositoryOf } from './git.ts';
import { specYaml } from './specYaml.ts';

export interface DiffSourceDeps {
  readonly environments: Environments;
  readonly documents: VirtualDocuments;
  /** A text in the place of a Python file's. */
  compile(file: Uri, text: string, signal: AbortSignal): Promise<CompileResult>;
}

export class DiffSources {
  readonly #deps: DiffSourceDeps;
  /** Of versions and runs, which never change; by source. */
  readonly #known = new Map<string, DiffText>();

  constructor(deps: DiffSourceDeps) {
    this.#deps = deps;
  }

  nameOf(source: DiffSource, isGone = false): Pick<SideView, 'label' | 'detail'> {
    switch (source.kind) {
      case 'text':
        return nameOfUri(Uri.parse(source.uri), isGone);
      case 'python': {
        const { label, detail } = nameOfUri(Uri.parse(source.uri), isGone);
        return { label: label.replace(/^[^ ]+/, `$&: ${source.function}`), detail };
      }
      case 'version':
        return { label: 'Uploaded version', detail: source.versionId };
      case 'run':
        return { label: 'Run', detail: source.runId };
    }
  }

  async read(source: DiffSource, signal: AbortSignal): Promise<DiffText> {
    if (source.kind === 'text') {
      const text = await textOf(Uri.parse(source.uri));
      return text === undefined ? this.#gone(source) : { ...this.nameOf(source), text, uri: source.uri };
    }
    if (source.kind === 'python') return this.#compiled(source, signal);
    const key = JSON.stringify(source);
    const known = this.#known.get(key) ?? (await this.#uploaded(source, signal));
    this.#known.set(key, known);
    return known;
  }

  watch(source: DiffSource, onChange: () => void): Disposable {
    const disposables = new DisposableStore();
    if (source.kind === 'version' || source.kind === 'run') {
      // It may have been asked for before the service was there.
      disposables.add(this.#deps.environments.onDidChange(onChange));
      return disposables;
    }
    const uri = Uri.parse(source.uri);
    const isIt = (other: Uri): boolean => other.toString() === uri.toString();
    disposables.add(
      source.kind === 'python'
        ? // As everywhere: what people save is compiled, not every key.
          workspace.onDidSaveTextDocument((document) => {
            if (isIt(document.uri)) onChange();
          })
        : workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
            if (contentChanges.length > 0 && isIt(document.uri)) onChange();
          }),
    );
    if (uri.scheme === 'file') {
      // Not open anywhere, it changes all the same.
      const [folder, name] = [Uri.joinPath(uri, '..'), uri.path.split('/').at(-1) ?? ''];
      const watcher = disposables.add(
        workspace.createFileSystemWatcher(new RelativePattern(folder, name.replaceAll(/[[\]{}*?]/g, '?'))),
      );
      for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
        disposables.add(
          event((changed) => {
            if (isIt(changed)) onChange();
          }),
        );
    }
    const git = readGitUri(uri);
    if (git !== undefined) this.#watchRepository(git.file, disposables, onChange);
    return disposables;
  }

  /** HEAD and the index move. */
  #watchRepository(file: Uri, disposables: DisposableStore, onChange: () => void): void {
    let isGone = false;
    disposables.add({
      dispose: () => {
        isGone = true;
      },
    });
    repositoryOf(file).then(
      ({ state }) => {
        if (!isGone) disposables.add(state.onDidChange(onChange));
      },
      // Reading it says why.
      () => undefined,
    );
  }

  async #compiled(source: Extract<DiffSource, { kind: 'python' }>, signal: AbortSignal): Promise<DiffText> {
    const uri = Uri.parse(source.uri);
    const file = readGitUri(uri)?.file ?? uri;
    const code = await textOf(uri);
    if (code === undefined) return this.#gone(source);
    const { pipelines, problems } = await this.#deps.compile(file, code, signal);
    const { label, detail } = this.nameOf(source);
    const found = pipelines.find((one) => one.function === source.function);
    if (found === undefined && problems[0] === undefined) return this.#gone(source);
    if (found === undefined)
      throw new SlipwayError(
        'notCompiled',
        problems[0]?.message ?? `There is no pipeline ${source.function} in ${label}.`,
      );
    const name = `${safeName(uri.toString())}/${source.function}.pipeline.yaml`;
    const rangeOf = (nodeId: string): SourceRange | undefined => {
      const { call } = found.nodes[nodeId] ?? {};
      return call ? lineRange(code, call[0]) : undefined;
    };
    return {
      label,
      detail,
      text: found.text,
      uri: this.#keep(name, found.text),
      code: { uri: source.uri, rangeOf },
    };
  }

  /** Compared as nothing: then all of the other version is new, or gone. */
  #gone(source: Extract<DiffSource, { kind: 'text' | 'python' }>): DiffText {
    const { label, detail } = this.nameOf(source, true);
    return { label, detail, text: '', uri: this.#keep(`${safeName(source.uri)}/${safeName(label)}`, '') };
  }

  async #uploaded(
    source: Extract<DiffSource, { kind: 'version' | 'run' }>,
    signal: AbortSignal,
  ): Promise<DiffText> {
    const { kfp, environmentLabel, signal: session } = this.#deps.environments.require();
    const all = AbortSignal.any([signal, session]);
    if (source.kind === 'version') {
      const version = await kfp.getVersion(source.pipelineId, source.versionId, all);
      const pipeline = version.spec === undefined ? undefined : pipelineNameIn(version.spec);
      const label = pipeline === undefined ? version.displayName : `${pipeline} (${version.displayName})`;
      return this.#spec(label, version.id, version.spec, environmentLabel);
    }
    const run = await kfp.getRun(source.runId, all);
    return this.#spec(run.displayName, run.id, await specOf(run, kfp, all), environmentLabel);
  }

  #spec(label: string, id: string, spec: SpecDocuments | undefined, environment: string): DiffText {
    if (spec === undefined) throw new SlipwayError('noSpec', `The server keeps no pipeline for ${label}.`);
    const text = specYaml(spec);
    return {
      label,
      detail: environment,
      text,
      uri: this.#keep(`${safeName(id)}/${safeName(label)}.pipeline.yaml`, text),
    };
  }

  #keep(name: string, text: string): string {
    return this.#deps.documents.put(name, text).toString();
  }
}

/** `undefined`: this version has no such file. */
async function textOf(uri: Uri): Promise<string | undefined> {
  try {
    return await readText(uri);
  } catch (error) {
    if (isAbort(error)) throw error;
    const git = readGitUri(uri);
    if (error instanceof FileSystemError && error.code === 'FileNotFound') {
      // Git says so of a file of no repository, and of a commit that it does not have, too.
      if (git !== undefined) await requireRef(git.file, git.ref);
      return undefined;
    }
    const name = (git?.file ?? uri).path.split('/').at(-1) ?? '';
    throw new SlipwayError('noFile', `${name} cannot be read.`, { cause: error });
  }
}

function nameOfUri(uri: Uri, isGone: boolean): Pick<SideView, 'label' | 'detail'> {
  const git = readGitUri(uri);
  const file = git?.file ?? uri;
  const name = file.path.split('/').at(-1) ?? file.path;
  const path = workspace.asRelativePath(file, (workspace.workspaceFolders ?? []).length > 1);
  if (git === undefined)
    return isGone
      ? { label: `${name} (not there)`, detail: `${path} is not there` }
      : { label: name, detail: path };
  const ref = refLabel(git.ref);
  return isGone
    ? { label: `${name} (not in ${ref})`, detail: `${path} is not in ${ref}` }
    : { label: `${name} (${ref})`, detail: `${path} at ${ref}` };
}

/** Of a line of a text, from 1. */
function lineRange(text: string, line: number): SourceRange {
  const before = text.split('\n', line);
  const end = before.join('\n').length;
  return { start: end - (before.at(-1)?.length ?? 0), end };
}
