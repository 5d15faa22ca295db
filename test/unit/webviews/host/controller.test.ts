import { describe, expect, it } from 'vitest';
import type { Run } from '../../../../src/clients/kfp/model.ts';
import { analyse } from '../../../../src/core/ir/analyse.ts';
import { canonicalJson } from '../../../../src/core/base/canonicalJson.ts';
import { specToDocuments } from '../../../../src/core/ir/specDocuments.ts';
import { Emitter } from '../../../../src/core/base/event.ts';
import type { RunGraphState } from '../../../../src/core/protocol/runGraph.ts';
import { GraphController } from '../../../../src/pipelines/graph/controller.ts';
import type { GraphEnvironment, GraphServices } from '../../../../src/pipelines/graph/controllerServices.ts';
import { GraphEditor } from '../../../../src/pipelines/editor/graphEditor.ts';
import { fakeEditServices } from '../../../builders/editServices.ts';
import { MemoryText } from '../../../builders/memoryText.ts';
import { FakeKfp, fakeRun, until } from './fakes.ts';

const uri = 'file:///churn.pipeline.yaml';
const spec = {
  pipelineInfo: { name: 'churn' },
  schemaVersion: '2.1.0',
  root: { dag: { tasks: { train: { componentRef: { name: 'comp-train' }, taskInfo: { name: 'train' } } } } },
  components: { 'comp-train': { executorLabel: 'exec-train' } },
  deploymentSpec: { executors: { 'exec-train': { container: { image: 'python:3.11', command: ['echo'] } } } },
};
const text = JSON.stringify(spec);
const never = new AbortController().signal;
/** As the worker: equal for a file and for what the server sends back of it. */
const meaningOf = (of: string): string => canonicalJson(specToDocuments(of));

function setUp(target: { uri?: string; runId?: string }, run: Partial<Run> = {}) {
  const kfp = new FakeKfp();
  kfp.versionSpec = { pipelineSpec: spec, platformSpec: undefined };
  kfp.run = fakeRun({ spec: kfp.versionSpec, ...run });
  const executed: unknown[][] = [];
  const environmentChanged = new Emitter<void>();
  let environment: GraphEnvironment = {
    name: 'Embedded cluster',
    status: 'ready',
    message: undefined,
    kfp: kfp.api,
  };
  let onExecute: () => Promise<void> = () => Promise.resolve();
  const services: GraphServices = {
    analyser: {
      analyse: (request) => {
        const engine = { dot: () => 'graph 1 1 1\nnode train 0.5 0.5 1 1 x solid box black white\nstop\n' };
        const analysis = analyse(request, {
          engine,
          memory: { get: () => undefined, set: () => undefined },
        });
        return Promise.resolve(
          analysis.kind === 'pipeline' ? { ...analysis, meaning: meaningOf(request.text) } : analysis,
        );
      },
    },
    environment: () => environment,
    onDidChangeEnvironment: environmentChanged.event,
    execute: (...command) => {
      executed.push(command);
      return onExecute();
    },
    showText: (...shown) => {
      executed.push(['showText', ...shown]);
      return Promise.resolve();
    },
    explain: (runId, taskId) =>
      Promise.resolve({
        view: {
          reason: `${runId} ${taskId}`,
          lines: [],
          likelyCause: undefined,
          sourceLabel: undefined,
          actionLabel: 'Retry',
        },
        follow: (part) => {
          executed.push(['follow', part]);
          return Promise.resolve();
        },
      }),
    rerun: ({ tasks, run: { parameters }, uri: file }) => {
      executed.push(['rerun', tasks, parameters, file]);
      return Promise.resolve('run-2');
    },
    preview: (artifact) => Promise.resolve({ kind: 'text', text: artifact.name, isTruncated: false }),
    onProblem: () => undefined,
  };
  const file = target.uri === undefined ? undefined : new MemoryText(text, target.uri);
  const editor = file && new GraphEditor(file, services.analyser, fakeEditServices());
  const controller = new GraphController(services, { editor, runId: target.runId });
  return {
    kfp,
    controller,
    file,
    executed,
    setEnvironment: (change: Partial<GraphEnvironment>) => {
      environment = { ...environment, ...change };
      environmentChanged.fire();
    },
    whenExecuting: (work: () => Promise<void>) => (onExecute = work),
    state: (isSo: (state: RunGraphState) => boolean) => until(() => isSo(controller.state)),
  };
}

describe('a panel of a pipeline file', () => {
  it('draws the file and runs it by one command', async () => {
    const { controller, executed, state } = setUp({ uri });
    await state((now) => now.canRun);
    expect(controller.state).toMatchObject({ title: 'churn', target: { uri }, document: { kind: 'drawn' } });
    await controller.handlers.act({ act: 'run' }, never);
    expect(executed).toEqual([['slipway.pipeline.run', { kind: 'file', uri }]]);
  });

  it('says that it is busy exactly while the run is being started', async () => {
    const { controller, whenExecuting, state } = setUp({ uri });
    await state((now) => now.canRun);
    let end: () => void = () => undefined;
    whenExecuting(() => new Promise((resolve) => (end = resolve)));
    const running = controller.handlers.act({ act: 'run' }, never);
    expect(controller.state.busy).toBe('Starting the run');
    end();
    await running;
    expect(controller.state.busy).toBeUndefined();
    whenExecuting(() => Promise.reject(new Error('no')));
    await expect(controller.handlers.act({ act: 'run' }, never)).rejects.toThrow('no');
    expect(controller.state.busy).toBeUndefined();
  });

  it('becomes its run’s live graph, and the file’s again', async () => {
    const { controller, kfp, state } = setUp({ uri });
    await state((now) => now.canRun);
    kfp.set('RUNNING', { train: 'RUNNING' });
    controller.showRun('run-1');
    await state((now) => now.run?.state === 'RUNNING');
    expect(controller.title).toBe('churn 1');
    expect(controller.state.target).toEqual({ uri, runId: 'run-1' });
    const { rows } = await controller.handlers.tasks({}, never);
    expect(rows.map((row) => [row.path, row.state])).toEqual([
      ['', 'RUNNING'],
      ['train', 'RUNNING'],
    ]);
    const detail = await controller.handlers.task({ nodeId: 'train', taskId: 'train' }, never);
    expect(detail).toMatchObject({
      title: 'train',
      state: 'RUNNING',
      attempts: ['train-1'],
      hasSource: true,
    });
    expect(detail.definition).toContainEqual({ name: 'Image', value: 'python:3.11' });
    await controller.handlers.selectRun({ runId: null }, never);
    expect(controller.state.run).toBeUndefined();
    expect(controller.title).toBe('churn');
    controller.dispose();
  });

  it('lists earlier runs of this pipeline only', async () => {
    const { controller, kfp, state, setEnvironment } = setUp({ uri });
    await state((now) => now.canRun);
    kfp.runs = [
      fakeRun({ id: 'a', spec: { pipelineSpec: spec, platformSpec: undefined } }),
      fakeRun({
        id: 'b',
        spec: { pipelineSpec: { pipelineInfo: { name: 'other' } }, platformSpec: undefined },
      }),
    ];
    setEnvironment({});
    await state((now) => now.runs.length > 0);
    expect(controller.state.runs.map((run) => run.id)).toEqual(['a']);
  });

  it('opens its text at the step, and at the first problem', async () => {
    const { controller, executed, state } = setUp({ uri });
    await state((now) => now.canRun);
    await controller.handlers.openSource({ nodeId: 'train' }, never);
    await controller.handlers.openSource({ nodeId: 'nothing' }, never);
    expect(executed).toHaveLength(1);
    const [, shown, range] = executed[0] ?? [];
    expect(shown).toBe(uri);
    const { start, end } = range as { start: number; end: number };
    expect(text.slice(start, end)).toContain('comp-train');
  });

  it('keeps up with the text as it changes', async () => {
    const { controller, file, state } = setUp({ uri });
    await state((now) => now.canRun);
    file?.type('root: [');
    await state((now) => now.document.kind === 'drawn' && now.document.isStale);
    expect(controller.state.canRun).toBe(false);
    file?.type(text.replaceAll('"churn"', '"renamed"'));
    await state((now) => now.canRun);
    expect(controller.title).toBe('renamed');
  });

  it('can be edited, but not while it shows what a run ran', async () => {
    const { controller, file, state } = setUp({ uri });
    await state((now) => now.canRun);
    expect(controller.state.editing).toEqual({ kind: 'text' });
    const { document } = controller.state;
    const revision = document.kind === 'drawn' ? document.revision : 0;
    const rename = { kind: 'rename', task: 'train', name: 'fit' } as const;
    expect((await controller.handlers.edit({ revision, gesture: rename }, never)).kind).toBe('done');
    expect(file?.text).toContain('"fit"');
    controller.showRun('run-1');
    await state((now) => now.run !== undefined && now.editing.kind === 'readOnly');
    controller.dispose();
  });

  it('is edited on under a run of just what it says, which is then marked', async () => {
    const { controller, state } = setUp({ uri });
    await state((now) => now.canRun);
    controller.showRun('run-1');
    await state((now) => now.run !== undefined && now.document.kind === 'drawn');
    expect(controller.state).toMatchObject({ editing: { kind: 'text' }, run: { isEdited: false } });
    const { document } = controller.state;
    const revision = document.kind === 'drawn' ? document.revision : 0;
    const rename = { kind: 'rename', task: 'train', name: 'fit' } as const;
    expect((await controller.handlers.edit({ revision, gesture: rename }, never)).kind).toBe('done');
    expect(controller.state).toMatchObject({ editing: { kind: 'text' }, run: { isEdited: true } });
    await controller.handlers.undo({}, never);
    await state((now) => now.run?.isEdited === false);
    controller.dispose();
  });

  it('runs a step and what waits for it again, with the inputs of the run', async () => {
    const { controller, executed, state } = setUp({ uri }, { parameters: { rows: 10 } });
    await state((now) => now.canRun);
    controller.showRun('run-1');
    await state((now) => now.run !== undefined);
    await controller.handlers.retryFrom({ nodeId: 'train' }, never);
    expect(executed).toEqual([['rerun', ['train'], { rows: 10 }, uri]]);
    expect(controller.runId).toBe('run-2');
    controller.dispose();
  });

  it('has a step debugged by its task, and says which document shows it', async () => {
    const { controller, executed, state } = setUp({ uri });
    controller.showRun('run-1');
    await state((now) => now.run !== undefined);
    await controller.handlers.debugStep({ taskId: 'train-1' }, never);
    expect(executed).toEqual([
      ['slipway.task.debug', { kind: 'task', runId: 'run-1', taskId: 'train-1' }, uri],
    ]);
    controller.dispose();
  });

  it('brings a node into view, again when it is asked again', () => {
    const { controller } = setUp({ uri });
    controller.reveal('train');
    expect(controller.state.reveal).toEqual({ nodeId: 'train', count: 1 });
    controller.reveal('train');
    expect(controller.state.reveal).toEqual({ nodeId: 'train', count: 2 });
    controller.dispose();
  });
});

describe('a panel of a run', () => {
  it('refuses every edit', async () => {
    const { controller } = setUp({ runId: 'run-1' });
    expect(controller.state.editing).toEqual({ kind: 'readOnly', reason: undefined });
    await expect(controller.handlers.undo({}, never)).rejects.toMatchObject({ reason: 'readOnly' });
    controller.dispose();
  });

  it('draws what really ran, without a file', async () => {
    const { controller, executed, state } = setUp({ runId: 'run-1' });
    await state((now) => now.document.kind === 'drawn' && now.run !== undefined);
    expect(controller.state).toMatchObject({ canRun: true, title: 'churn' });
    const { drawing } = await controller.handlers.drawing({ collapsed: null }, never);
    expect(drawing?.graph.nodes).toHaveLength(1);
    await controller.handlers.act({ act: 'run' }, never);
    await controller.handlers.act({ act: 'terminate' }, never);
    expect(executed).toEqual([
      ['slipway.run.clone', { kind: 'run', runId: 'run-1' }],
      ['slipway.run.terminate', { kind: 'run', runId: 'run-1' }],
    ]);
    controller.dispose();
  });

  it('reads the spec of a run by reference from its version, and runs that version again', async () => {
    const version = { pipelineId: 'p', versionId: 'v' };
    const { controller, kfp, executed, state } = setUp({ runId: 'run-1' }, { version, spec: undefined });
    await state((now) => now.document.kind === 'drawn');
    expect(kfp.calls).toContain('getVersion');
    await controller.handlers.act({ act: 'run' }, never);
    expect(executed).toEqual([['slipway.pipeline.run', { kind: 'version', ...version }]]);
    controller.dispose();
  });

  it('says so when the server keeps no pipeline for it', async () => {
    const { controller, state } = setUp({ runId: 'run-1' }, { spec: undefined });
    await state((now) => now.document.kind === 'failed');
    controller.dispose();
  });

  it('explains a failure and follows what it offered', async () => {
    const { controller, kfp, executed, state } = setUp({ runId: 'run-1' });
    kfp.set('FAILED', { train: 'FAILED' });
    await state((now) => now.run?.state === 'FAILED');
    const failure = await controller.handlers.explain({ taskId: 'train' }, never);
    expect(failure).toMatchObject({ reason: 'run-1 train', actionLabel: 'Retry' });
    await controller.handlers.followFailure({ taskId: 'train', part: 'action' }, never);
    await controller.handlers.followFailure({ taskId: 'never-explained', part: 'action' }, never);
    expect(executed).toEqual([['follow', 'action']]);
    controller.dispose();
  });

  it('shows the run as a whole with every metric its steps made', async () => {
    const { controller, kfp, state } = setUp({ runId: 'run-1' });
    kfp.set('SUCCEEDED', { train: 'SUCCEEDED' });
    kfp.run = { ...kfp.run, parameters: { rows: 10 } };
    const artifact = {
      id: 'm',
      name: 'metrics',
      type: 'Metrics',
      uri: '',
      metadata: { accuracy: 0.9 },
      createdAt: new Date(0),
    };
    const model = { ...artifact, id: 'o', name: 'model', type: 'Model', metadata: {} };
    kfp.tasks = kfp.tasks.map((task) =>
      task.id === 'train'
        ? {
            ...task,
            outputs: {
              parameters: [],
              artifacts: [
                { name: 'metrics', artifacts: [artifact], producer: undefined },
                { name: 'model', artifacts: [model], producer: undefined },
              ],
            },
          }
        : task,
    );
    await state((now) => now.run?.state === 'SUCCEEDED');
    const detail = await controller.handlers.task({ nodeId: '', taskId: null }, never);
    expect(detail.inputs).toMatchObject([{ name: 'rows', value: 10 }]);
    expect(detail.outputs).toMatchObject([
      {
        name: 'metrics',
        producer: 'train',
        artifacts: [{ metrics: { scalars: [{ name: 'accuracy', value: 0.9 }] } }],
      },
    ]);
    expect(await controller.handlers.preview({ artifactId: 'o' }, never)).toMatchObject({ text: 'model' });
    await expect(controller.handlers.preview({ artifactId: 'x' }, never)).rejects.toMatchObject({
      reason: 'noArtifact',
    });
    controller.dispose();
  });

  it('goes on by itself when the service comes back', async () => {
    const { controller, kfp, state, setEnvironment } = setUp({ runId: 'run-1' });
    await state((now) => now.run !== undefined);
    setEnvironment({ status: 'stopped', kfp: undefined });
    await state((now) => now.run?.connection === 'reconnecting');
    await expect(
      controller.handlers.readLog({ taskId: 't', attempt: 'a', from: 0 }, never),
    ).rejects.toMatchObject({ reason: 'notStarted', action: 'Start it' });
    kfp.set('SUCCEEDED', { train: 'SUCCEEDED' });
    setEnvironment({ status: 'ready', kfp: kfp.api });
    await state((now) => now.run?.state === 'SUCCEEDED' && now.run.connection === 'live');
    controller.dispose();
  });

  it('stops looking when nobody can see it', async () => {
    const { controller, kfp, state } = setUp({ runId: 'run-1' });
    await state((now) => now.run !== undefined);
    controller.setVisible(false);
    const calls = kfp.calls.filter((call) => call === 'getRun').length;
    kfp.set('SUCCEEDED', {});
    controller.setVisible(true);
    await state((now) => now.run?.state === 'SUCCEEDED');
    expect(kfp.calls.filter((call) => call === 'getRun').length).toBe(calls + 1);
    controller.dispose();
  });
});
