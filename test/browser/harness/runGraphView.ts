/** The run graph in a bare page, over a host that answers from one mutable scene. */
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { Browser } from 'playwright-core';
import type { PipelineGraph } from '../../../src/core/ir/graphModel.ts';
import { layoutGraph } from '../../../src/core/ir/layout.ts';
import {
  runGraphParsers,
  type ArtifactPreview,
  type FailureView,
  type RunGraphContract,
  type RunGraphState,
  type TaskDetail,
  type TaskRow,
} from '../../../src/core/protocol/runGraph.ts';
import { graphState, taskDetail } from './builders.ts';
import { openView, type BundleServer, type OpenedView, type ThemeName } from './page.ts';

export interface Scene {
  graph: PipelineGraph;
  rows: readonly TaskRow[];
  details: Record<string, TaskDetail>;
  logs: Record<string, string>;
  failure: FailureView | undefined;
  previews: Record<string, ArtifactPreview>;
}

export interface RunGraphView extends OpenedView<RunGraphContract> {
  readonly scene: Scene;
  /** Every request that asks for something to be done, e.g. `act run`. */
  readonly asked: string[];
  push(change: Partial<RunGraphState>): void;
}

export async function openRunGraph(
  browser: Browser,
  server: BundleServer,
  theme: ThemeName,
  scene: Partial<Scene> & { graph: PipelineGraph },
  options: { savedState?: unknown; size?: { width: number; height: number } } = {},
): Promise<RunGraphView> {
  const full: Scene = { rows: [], details: {}, logs: {}, failure: undefined, previews: {}, ...scene };
  const graphviz = await Graphviz.load();
  const engine = { dot: (source: string) => graphviz.dot(source, 'plain') };
  const asked: string[] = [];
  let revision = 1;
  const done = (what: string): Promise<null> => {
    asked.push(what);
    return Promise.resolve(null);
  };
  const view = await openView<RunGraphContract>(browser, server, 'runGraph', {
    theme,
    ...options,
    parsers: runGraphParsers,
    handlers: {
      drawing: ({ collapsed }) =>
        Promise.resolve({
          revision,
          drawing: layoutGraph(full.graph, engine, { collapsed: collapsed ?? undefined }),
        }),
      tasks: () => Promise.resolve({ revision, rows: full.rows }),
      task: ({ nodeId, taskId }) => {
        const task = full.rows.find((one) => one.id === taskId);
        const fallback = taskDetail(nodeId, {
          title: full.graph.nodes.find((one) => one.id === nodeId)?.label ?? 'Run',
          taskId: task?.id,
          state: task?.state,
          startedAt: task?.startedAt,
          finishedAt: task?.finishedAt,
          attempts: task === undefined || task.attempts === 0 ? [] : [`${task.id}-1`],
        });
        return Promise.resolve(full.details[taskId ?? nodeId] ?? full.details[nodeId] ?? fallback);
      },
      readLog: ({ attempt, from }) => {
        const text = full.logs[attempt] ?? '';
        return Promise.resolve({ text: text.slice(from), next: text.length, isGap: false, hasEnded: true });
      },
      preview: ({ artifactId }) =>
        Promise.resolve(full.previews[artifactId] ?? { kind: 'none', message: 'Nothing to show.' }),
      whyCache: () => Promise.resolve({ kind: 'first', against: undefined, differences: [] }),
      retryFrom: ({ nodeId }) => done(`retryFrom ${nodeId}`),
      debugStep: ({ taskId }) => done(`debugStep ${taskId}`),
      explain: () =>
        Promise.resolve(
          full.failure ?? {
            reason: 'Exit code 1',
            lines: [],
            likelyCause: undefined,
            sourceLabel: undefined,
            actionLabel: undefined,
          },
        ),
      followFailure: ({ part }) => done(`followFailure ${part}`),
      openSource: ({ nodeId }) => done(`openSource ${nodeId}`),
      openArtifact: ({ artifactId }) => done(`openArtifact ${artifactId}`),
      openLog: ({ attempt }) => done(`openLog ${attempt}`),
      selectRun: ({ runId }) => done(`selectRun ${runId ?? 'none'}`),
      act: ({ act }) => done(`act ${act}`),
    },
  });
  let state = graphState();
  return {
    ...view,
    complaints: view.complaints,
    scene: full,
    asked,
    push: (change) => {
      revision++;
      state = { ...state, ...change };
      if (state.run !== undefined) state = { ...state, run: { ...state.run, tasksRevision: revision } };
      if (change.document !== undefined && state.document.kind === 'drawn')
        state = { ...state, document: { ...state.document, revision } };
      view.channel.push(state);
    },
  };
}
