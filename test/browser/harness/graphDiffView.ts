/** The comparison in a bare page: two real texts, compared and laid out as the worker does, over a host of the test's. */
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { Browser } from 'playwright-core';
import { compare } from '../../../src/core/ir/compare.ts';
import {
  graphDiffParsers,
  type GraphDiffContract,
  type GraphDiffState,
} from '../../../src/core/protocol/graphDiff.ts';
import type { Comparison } from '../../../src/core/protocol/graphWorker.ts';
import { openView, type BundleServer, type OpenedView, type ThemeName } from './page.ts';

export interface GraphDiffView extends OpenedView<GraphDiffContract> {
  readonly asked: string[];
  /** Other texts, as if the files had been edited. */
  compare(before: string, after: string): void;
  push(change: Partial<GraphDiffState>): void;
}

export async function openGraphDiff(
  browser: Browser,
  server: BundleServer,
  theme: ThemeName,
  texts: { readonly before: string; readonly after: string },
  options: {
    readonly size?: { readonly width: number; readonly height: number };
    readonly savedState?: unknown;
  } = {},
): Promise<GraphDiffView> {
  const graphviz = await Graphviz.load();
  const layout = {
    engine: { dot: (source: string) => graphviz.dot(source, 'plain') },
    memory: { get: () => undefined, set: () => undefined },
  };
  const asked: string[] = [];
  const done = (what: string): Promise<null> => {
    asked.push(what);
    return Promise.resolve(null);
  };
  let revision = 0;
  let shown = texts;
  const compared = (collapsed?: readonly string[]): Extract<Comparison, { kind: 'compared' }> => {
    const { before, after } = shown;
    const result = compare(
      { before: { text: before }, after: { text: after }, ...(collapsed === undefined ? {} : { collapsed }) },
      layout,
    );
    if (result.kind === 'notPipeline') throw new Error('The test compares something else.');
    return result;
  };
  const view = await openView<GraphDiffContract>(browser, server, 'graphDiff', {
    theme,
    ...options,
    parsers: graphDiffParsers,
    handlers: {
      drawing: ({ collapsed }) =>
        Promise.resolve({ revision, drawing: compared(collapsed ?? undefined).drawing ?? null }),
      changes: () => Promise.resolve({ revision, changes: compared().changes }),
      swap: () => done('swap'),
      openSide: ({ side }) => done(`openSide ${side}`),
      openNode: ({ nodeId, side }) => done(`openNode ${nodeId} ${side}`),
      openTexts: () => done('openTexts'),
      openField: ({ nodeId, path }) => done(`openField ${nodeId ?? 'pipeline'} ${path}`),
    },
  });
  const uri = 'file:///work/churn.pipeline.yaml';
  let state: GraphDiffState = {
    target: { before: { kind: 'text', uri }, after: { kind: 'text', uri } },
    title: 'churn.pipeline.yaml (HEAD) ↔ churn.pipeline.yaml',
    sides: {
      before: { label: 'churn.pipeline.yaml (HEAD)', detail: 'churn.pipeline.yaml', problem: undefined },
      after: { label: 'churn.pipeline.yaml', detail: 'churn.pipeline.yaml', problem: undefined },
    },
    comparison: { kind: 'loading' },
    step: { by: 1, count: 0 },
  };
  const push = (change: Partial<GraphDiffState>): void => {
    state = { ...state, ...change };
    view.channel.push(state);
  };
  const show = (before: string, after: string): void => {
    shown = { before, after };
    revision++;
    const { changes, drawing } = compared();
    push({
      comparison: {
        kind: 'compared',
        revision,
        isStale: false,
        isSame: changes.isSame,
        isSameText: before === after,
        isDrawn: drawing !== undefined,
      },
    });
  };
  show(texts.before, texts.after);
  return { ...view, complaints: view.complaints, asked, compare: show, push };
}
