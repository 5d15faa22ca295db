/** A run again from a step on, with the function as it was mended: a new run, whose other steps come from the cache. */
import { Uri, workspace } from 'vscode';
import type { GraphWorker } from '../../clients/graphWorker.ts';
import { pythonScheme } from '../../contributions.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import { tasksFrom } from '../../core/ir/downstream.ts';
import { applyEdits } from '../../core/ir/edit/plan.ts';
import { readSignature } from '../../core/ir/pythonSignature.ts';
import { stepDefinition } from '../../core/ir/stepDefinition.ts';
import { withCancellableProgress } from '../../platform/progress.ts';
import { DocumentText } from '../editor/vscodeText.ts';
import type { GraphPanels } from '../panels.ts';
import { readText } from '../readText.ts';
import { rerun } from '../rerun.ts';
import type { RunStarter } from '../starter.ts';
import type { PythonPipelines } from './pythonPipelines.ts';
import type { DebuggedStep } from './stepDebug.ts';

export interface StepRetryDeps {
  readonly worker: GraphWorker;
  readonly starter: RunStarter;
  readonly pipelines: PythonPipelines;
  readonly graphs: GraphPanels;
}

interface Fixed {
  readonly text: string;
  /** The document that has it. */
  readonly uri: Uri | undefined;
}

export async function retryWithFix(deps: StepRetryDeps, step: DebuggedStep): Promise<void> {
  const { runId, uri } = await withCancellableProgress('Starting the run', async (_report, signal) => {
    const fixed = step.isExtracted
      ? await spliced(deps.worker, step, signal)
      : await compiled(deps.pipelines, step, signal);
    const { text } = fixed;
    const tasks = await tasksToForce(deps.worker, text, step, signal);
    const started = await rerun(deps, { text, uri: fixed.uri?.toString(), tasks, run: step.run }, signal);
    return { runId: started, uri: fixed.uri };
  });
  await deps.graphs.openRun(runId, uri);
}

/** Other code, or none that ever went through, has no result in the cache: such a step runs by itself. */
async function tasksToForce(
  worker: GraphWorker,
  text: string,
  { task, python }: DebuggedStep,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const analysis = await worker.analyse({ text }, signal);
  if (analysis.kind !== 'pipeline' || analysis.drawing === undefined || task.state === 'FAILED') return [];
  const executor = stepDefinition(analysis.document, task.scopePath)?.executor;
  const isSame = executor?.kind === 'container' && executor.python?.source === python.source;
  return isSame ? tasksFrom(analysis.drawing.graph, task.scopePath) : [];
}

/** The user's file compiled as it is now; the pipeline may be in another that imports it. */
async function compiled(
  pipelines: PythonPipelines,
  { file, graph, pipelineName }: DebuggedStep,
  signal: AbortSignal,
): Promise<Fixed> {
  const shown = graph === undefined ? undefined : Uri.parse(graph);
  const files = [
    ...(shown?.scheme === pythonScheme ? [Uri.parse(shown.query)] : []),
    file,
    ...(await filesNaming(pipelineName)),
  ];
  let problem: string | undefined;
  for (const one of files) {
    const result = await pipelines.compile(one, signal);
    const pipeline = result.pipelines.find(({ name }) => name === pipelineName);
    problem ??= result.problems[0]?.message;
    if (pipeline === undefined) continue;
    const uri = pipelines.uriOf(one, pipeline);
    // Open, so that its graph and whoever runs it read the text at hand.
    await workspace.openTextDocument(uri);
    return { text: pipeline.text, uri };
  }
  throw new SlipwayError(
    'notCompiled',
    problem ?? `No Python file of this folder defines the pipeline ${pipelineName}.`,
  );
}

async function filesNaming(pipelineName: string): Promise<readonly Uri[]> {
  const found: Uri[] = [];
  for (const uri of await workspace.findFiles(
    '**/*.py',
    '**/{node_modules,.venv,venv,site-packages}/**',
    300,
  )) {
    const text = await readText(uri).catch(() => '');
    if (text.includes(pipelineName) && /^@(?:(?:kfp\.)?dsl\.)?pipeline\b/m.test(text)) found.push(uri);
  }
  return found;
}

/** The mended function put into the pipeline's text: into its file when that is at hand, so that the fix stays. */
async function spliced(worker: GraphWorker, step: DebuggedStep, signal: AbortSignal): Promise<Fixed> {
  const source = (await readText(step.file)).replaceAll('\r\n', '\n');
  const signature = readSignature(source, step.python.functionName);
  if (signature.kind === 'refused') throw new SlipwayError('noSignature', signature.reason);
  const document = await ownDocument(worker, step, signal);
  const own = document === undefined ? undefined : new DocumentText(document);
  try {
    const text = own?.text ?? step.pipelineText;
    const version = own?.version ?? 0;
    const plan = await worker.plan(
      {
        text,
        gesture: {
          kind: 'setPythonSource',
          component: step.definition.component.name,
          functionName: signature.functionName,
          source,
          inputs: [...signature.inputs],
          outputs: [...signature.outputs],
        },
      },
      signal,
    );
    if (plan.kind === 'refused') throw new SlipwayError('refused', plan.reason);
    if (own !== undefined && plan.edits.length > 0 && !(await own.apply(plan.edits, version)))
      throw new SlipwayError('changed', 'The pipeline changed meanwhile. Try again.');
    return { text: applyEdits(text, plan.edits), uri: document?.uri };
  } finally {
    own?.dispose();
  }
}

/** The graph's file, when it still has the component whose code ran. */
async function ownDocument(worker: GraphWorker, step: DebuggedStep, signal: AbortSignal) {
  const uri = step.graph === undefined ? undefined : Uri.parse(step.graph);
  if (uri === undefined || uri.scheme === pythonScheme) return undefined;
  const document = await workspace.openTextDocument(uri);
  const analysis = await worker.analyse({ text: document.getText(), withoutLayout: true }, signal);
  if (analysis.kind !== 'pipeline') return undefined;
  const { component } = step.definition;
  const { implementation } = analysis.document.components.get(component.name) ?? component;
  const executor =
    implementation.kind === 'executor' ? analysis.document.executors.get(implementation.label) : undefined;
  const isSame = executor?.kind === 'container' && executor.python?.functionName === step.python.functionName;
  return isSame ? document : undefined;
}
