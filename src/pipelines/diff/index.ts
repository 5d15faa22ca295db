/** The comparison of pipelines put together. */
import { commands, Uri, type Memento } from 'vscode';
import { z } from 'zod';
import type { GraphWorker } from '../../clients/graphWorker.ts';
import { DisposableStore, type Disposable } from '../../core/base/disposable.ts';
import type { ErrorReporter } from '../../platform/errorReporter.ts';
import { StoredValue } from '../../platform/state.ts';
import { showText } from '../graph/services.ts';
import { readText } from '../readText.ts';
import type { PipelineFile } from '../store.ts';
import { otherKinds, type OtherKind } from './choose.ts';
import { diffCommands, type DiffCommandDeps } from './commands.ts';
import type { ComparisonServices } from './comparison.ts';
import { readGitUri } from './git.ts';
import { graphDiffPanels } from './panel.ts';
import { DiffSources, type DiffSourceDeps } from './sources.ts';

export interface GraphDiffDeps extends DiffSourceDeps, Pick<DiffCommandDeps, 'rowOf' | 'activeRun'> {
  readonly extensionUri: Uri;
  readonly worker: GraphWorker;
  readonly reporter: ErrorReporter;
  readonly state: Memento;
  files(): readonly PipelineFile[];
}

/** Gives the handlers of its commands, and the panels for the serializer. */
export function registerGraphDiff(deps: GraphDiffDeps) {
  const { worker, reporter, documents, environments } = deps;
  const disposables = new DisposableStore();
  const sources = new DiffSources(deps);
  const services: ComparisonServices = {
    worker,
    nameOf: (source) => sources.nameOf(source),
    read: (source, signal) => sources.read(source, signal),
    watch: (source, onChange) => sources.watch(source, onChange),
    showText: (uri, range) => showText(Uri.parse(uri), range),
    showDifference: async (before, after, title) => {
      await commands.executeCommand('vscode.diff', Uri.parse(before), Uri.parse(after), title);
    },
    keepText: (name, text) => documents.put(name, text).toString(),
    onProblem: (message, cause) => reporter.log(new Error(message, { cause })),
  };
  const panels = disposables.add(graphDiffPanels(services, deps));
  const last = z.enum(['', ...otherKinds]);
  const handlers = diffCommands({
    panels,
    environments,
    last: new StoredValue<OtherKind | ''>(deps.state, 'slipway.diff.last', last, ''),
    files: () => deps.files(),
    nameOf: (source) => sources.nameOf(source),
    rowOf: (target) => deps.rowOf(target),
    pipelinesIn: async (file) => {
      const text = await readText(file);
      const result = await deps.compile(readGitUri(file)?.file ?? file, text, AbortSignal.timeout(60_000));
      return result.pipelines.map((pipeline) => pipeline.function);
    },
    activeRun: () => deps.activeRun(),
  });
  return { handlers, panels, dispose: () => disposables.dispose() } satisfies Disposable &
    Record<string, unknown>;
}
