/** Commands on pipeline files and uploaded pipelines. */
import { Uri, window } from 'vscode';
import type { Pipeline } from '../clients/kfp/model.ts';
import type { FileTarget, PipelineTarget, VersionTarget } from '../contributions.ts';
import type { Environments, Session } from '../environment/session.ts';
import { executeCommand, type CommandHandlers } from '../platform/commands.ts';
import { withCancellableProgress } from '../platform/progress.ts';
import type { Analyser } from './analyser.ts';
import type { GraphPanels, RunForms } from './panels.ts';
import { fileOf, readText } from './readText.ts';
import {
  defaultRunName,
  oneClickParameters,
  runnableFromText,
  runnableFromVersion,
  type Runnable,
} from './runnable.ts';
import type { RunStarter } from './starter.ts';
import type { PipelinesStore } from './store.ts';
import type { LocalRuns } from './localRuns.ts';

export interface FileCommandDeps {
  readonly environments: Environments;
  readonly analyser: Analyser;
  readonly starter: RunStarter;
  readonly store: PipelinesStore;
  readonly graphs: GraphPanels;
  readonly forms: RunForms;
  readonly localRuns: LocalRuns;
}

type Target = FileTarget | PipelineTarget | VersionTarget;

export function fileCommands(deps: FileCommandDeps) {
  const { environments, analyser, starter, store, graphs, forms } = deps;

  async function runnableOf(target: Target | undefined, signal: AbortSignal): Promise<Runnable> {
    if (target === undefined || target instanceof Uri || target.kind === 'file') {
      const uri = fileOf(target);
      return runnableFromText(await readText(uri), uri.toString(), analyser, signal);
    }
    const session = await environments.connect();
    const versionId = target.kind === 'version' ? target.versionId : undefined;
    return runnableFromVersion(session.kfp, target.pipelineId, versionId, analyser, signal);
  }

  return {
    /** One click: starts at once when nothing must be asked, else the form opens. */
    'slipway.pipeline.run': async (target) => {
      const signal = AbortSignal.timeout(60_000);
      const runnable = await runnableOf(target, signal);
      const parameters = oneClickParameters(runnable, starter.remembered(runnable.key));
      if (parameters === undefined) {
        forms.open(runnable);
        return;
      }
      const run = await starter.start(runnable, {
        runName: defaultRunName(runnable.pipelineName, new Date()),
        parameters,
        experimentId: undefined,
        pipelineRoot: undefined,
        isCachingEnabled: true,
      });
      await graphs.openRun(run.id, runnable.uri === undefined ? undefined : Uri.parse(runnable.uri));
    },
    'slipway.pipeline.runWith': async (target) => {
      forms.open(await runnableOf(target, AbortSignal.timeout(60_000)));
    },
    'slipway.pipeline.runLocal': (target) => deps.localRuns.run(fileOf(target)),
    'slipway.pipeline.openGraph': (target) => graphs.openFile(fileOf(target)),
    'slipway.pipeline.openText': async (target) => {
      await window.showTextDocument(fileOf(target));
    },
    'slipway.pipeline.upload': async (target) => {
      const uri = fileOf(target);
      const text = await readText(uri);
      const runnable = await runnableFromText(text, uri.toString(), analyser, AbortSignal.timeout(60_000));
      const session = await environments.connect();
      await environments.confirmWrite(`Upload ${runnable.pipelineName}`);
      await upload(session, runnable.pipelineName, text);
      await store.refresh();
    },
  } satisfies Partial<CommandHandlers>;
}

/** Asks where to, uploads, and offers to run what was uploaded. */
async function upload(session: Session, pipelineName: string, text: string): Promise<void> {
  const { kfp } = session;
  const known = await kfp.listPipelines({ pageSize: 100, sortBy: 'created_at desc' }, session.signal);
  const sameName = known.items.find((one) => one.name === pipelineName);
  const items = [
    ...(sameName === undefined ? [newPipeline(pipelineName)] : [newVersionOf(sameName)]),
    ...known.items.filter((one) => one !== sameName).map(newVersionOf),
    ...(sameName === undefined ? [] : [newPipeline(undefined)]),
  ];
  const choice = await window.showQuickPick(items, {
    title: `Upload ${pipelineName}`,
    placeHolder: 'Upload as',
  });
  if (choice === undefined) return;
  const { pipeline } = choice;
  const versions =
    pipeline === undefined ? undefined : await kfp.listVersions(pipeline.id, { pageSize: 1 }, session.signal);
  const name = await window.showInputBox({
    title: pipeline === undefined ? 'Upload as a new pipeline' : `New version of ${pipeline.displayName}`,
    prompt: pipeline === undefined ? 'Name of the pipeline' : 'Name of the version',
    value: versions === undefined ? (choice.name ?? '') : `v${versions.totalSize + 1}`,
    validateInput: (value) =>
      value.trim() === '' || value.length > 127 ? 'A name has between 1 and 127 characters.' : undefined,
  });
  if (name === undefined) return;
  const target = await withCancellableProgress(`Uploading ${name}`, async (_report, signal) => {
    const all = AbortSignal.any([signal, session.signal]);
    if (pipeline === undefined) {
      const made = await kfp.uploadPipeline(name.trim(), text, all);
      return { kind: 'pipeline', pipelineId: made.id } as const;
    }
    const made = await kfp.uploadVersion(pipeline.id, name.trim(), text, all);
    return { kind: 'version', pipelineId: pipeline.id, versionId: made.id } as const;
  });
  void window.showInformationMessage(`Uploaded ${name}.`, 'Run').then((button) => {
    if (button === 'Run') void executeCommand('slipway.pipeline.run', target);
  });
}

interface UploadItem {
  readonly label: string;
  readonly name: string | undefined;
  readonly pipeline: Pipeline | undefined;
}

function newPipeline(name: string | undefined): UploadItem {
  return {
    label: `$(add) New pipeline${name === undefined ? '…' : ` “${name}”`}`,
    name,
    pipeline: undefined,
  };
}

function newVersionOf(pipeline: Pipeline): UploadItem {
  return { label: `$(tag) New version of “${pipeline.displayName}”`, name: undefined, pipeline };
}
