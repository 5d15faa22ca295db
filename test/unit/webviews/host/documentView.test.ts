import { describe, expect, it } from 'vitest';
import type { AnalyseRequest, Analysis } from '../../../../src/core/protocol/graphWorker.ts';
import { analyse } from '../../../../src/core/ir/analyse.ts';
import type { Analyser } from '../../../../src/pipelines/analyser.ts';
import { AnalysedDocument } from '../../../../src/pipelines/graph/documentView.ts';
import { until } from './fakes.ts';

const good = `
pipelineInfo: { name: churn }
schemaVersion: 2.1.0
root:
  dag:
    tasks:
      train: { componentRef: { name: comp-train }, taskInfo: { name: train } }
components:
  comp-train: { executorLabel: exec-train }
deploymentSpec:
  executors:
    exec-train: { container: { image: python:3.11, command: [echo, hi] } }
`;
const typo = good.replace('componentRef: { name: comp-train }', 'componentRef: { name: comp-trian }');

/** The real analysis with a layout that puts everything in one place; answers when the test lets it. */
class SlowAnalyser implements Analyser {
  readonly requests: AnalyseRequest[] = [];
  readonly gates: (() => void)[] = [];
  isSlow = false;

  async analyse(request: AnalyseRequest, signal: AbortSignal): Promise<Analysis> {
    this.requests.push(request);
    if (this.isSlow) await new Promise<void>((resolve) => this.gates.push(resolve));
    signal.throwIfAborted();
    const engine = { dot: () => 'graph 1 1 1\nnode train 0.5 0.5 1 1 x solid box black white\nstop\n' };
    const memory = { get: () => undefined, set: () => undefined };
    return analyse(request, request.withoutLayout === true ? undefined : { engine, memory });
  }
}

function document() {
  const analyser = new SlowAnalyser();
  return { analyser, view: new AnalysedDocument(analyser) };
}
const never = new AbortController().signal;

describe('AnalysedDocument', () => {
  it('draws a good text and can run it', async () => {
    const { view } = document();
    expect(view.view).toEqual({ kind: 'loading' });
    await view.setText(good);
    expect(view.view).toMatchObject({ kind: 'drawn', isStale: false, problem: undefined });
    expect(view.isRunnable).toBe(true);
    const { drawing } = await view.drawing(undefined, never);
    expect(drawing?.graph.nodes.map((node) => node.id)).toEqual(['train']);
  });

  it('keeps the last good drawing while the text is broken, and does not run it', async () => {
    const { view } = document();
    await view.setText(good);
    await view.setText(`${good}\n  oops: [`);
    expect(view.view).toMatchObject({ kind: 'drawn', isStale: true });
    expect(view.isRunnable).toBe(false);
    expect((await view.drawing(undefined, never)).drawing?.graph.nodes).toHaveLength(1);
    await view.setText(good);
    expect(view.view).toMatchObject({ kind: 'drawn', isStale: false });
  });

  it('draws a text with errors of meaning, says the first, and does not run it', async () => {
    const { view } = document();
    await view.setText(typo);
    expect(view.view).toMatchObject({ kind: 'drawn', isStale: false });
    expect(view.view.kind === 'drawn' && view.view.problem).toContain('comp-trian');
    expect(view.isRunnable).toBe(false);
  });

  it('says when it is no pipeline, and when the pipeline is empty', async () => {
    const { view } = document();
    await view.setText('kind: Deployment\n');
    expect(view.view.kind).toBe('notPipeline');
    const other = document().view;
    await other.setText('pipelineInfo: { name: p }\nschemaVersion: 2.1.0\nroot: { dag: { tasks: {} } }\n');
    expect(other.view.kind).toBe('empty');
    expect(other.isRunnable).toBe(false);
  });

  it('the latest text wins, however late an earlier one is answered', async () => {
    const { view, analyser } = document();
    analyser.isSlow = true;
    const early = view.setText('kind: Deployment\n');
    const late = view.setText(good);
    await until(() => analyser.gates.length === 2);
    analyser.gates[1]?.();
    await late;
    analyser.gates[0]?.();
    await early;
    expect(view.view.kind).toBe('drawn');
  });

  it('lays out again for other closed groups, not for the same ones', async () => {
    const { view, analyser } = document();
    await view.setText(good);
    const before = analyser.requests.length;
    await view.drawing(undefined, never);
    expect(analyser.requests.length).toBe(before);
    await view.drawing(['train'], never);
    expect(analyser.requests.at(-1)).toMatchObject({ collapsed: ['train'] });
    await view.drawing(['train'], never);
    expect(analyser.requests.length).toBe(before + 1);
    await view.setText(`${good}# a comment\n`);
    expect(analyser.requests.at(-1)).toMatchObject({ collapsed: ['train'] });
  });

  it('every new drawing has a revision of its own, across documents', async () => {
    const [one, two] = [document().view, document().view];
    const revisions: number[] = [];
    for (const view of [one, two, one, two]) {
      await view.setText(`${good}# ${revisions.length}\n`);
      if (view.view.kind === 'drawn') revisions.push(view.view.revision);
    }
    expect(new Set(revisions).size).toBe(4);
  });

  it('a worker that fails is a sentence, not an exception', async () => {
    const view = new AnalysedDocument({ analyse: () => Promise.reject(new Error('The worker crashed.')) });
    await view.setText(good);
    expect(view.view).toEqual({ kind: 'failed', message: 'The worker crashed.' });
  });
});
