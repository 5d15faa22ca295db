/** Our canvas and React Flow alone in a browser without a frame limit, and how long their frames take. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import type { LaidOutGraph } from '../../src/core/ir/graphModel.ts';
import { layoutGraph } from '../../src/core/ir/layout.ts';
import { absoluteBox } from '../../webviews/pipelines/runGraph/navigation.ts';
import { serveBundles, type BundleServer } from '../browser/harness/page.ts';
import { openDrawing } from '../browser/harness/drawingView.ts';
import { launchChromium } from '../browser/harness/chromium.ts';
import { layeredDag, toGraph } from './layeredDag.ts';
import type { ReactFlowPeerData } from './peers/reactFlow.ts';

const SIZE = { width: 1180, height: 760 };

export interface CanvasPages {
  readonly browser: Browser;
  readonly server: BundleServer;
  close(): Promise<void>;
}

/** Production bundles of both, in a folder of their own. */
export async function openPages(): Promise<CanvasPages> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  await build({
    absWorkingDir: repositoryRoot,
    bundle: true,
    minify: true,
    outdir: folder,
    platform: 'browser',
    target: 'es2024',
    format: 'esm',
    jsx: 'automatic',
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
    define: { 'process.env.NODE_ENV': '"production"' },
    entryPoints: {
      runGraph: 'webviews/pipelines/runGraph.tsx',
      reactFlow: 'test/bench/peers/reactFlow.ts',
    },
  });
  const server = await serveBundles(folder);
  const browser = await launchChromium(AbortSignal.timeout(180_000), [
    '--disable-frame-rate-limit',
    '--disable-gpu-vsync',
    '--enable-precise-memory-info',
  ]);
  return {
    browser,
    server,
    close: async () => {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function layeredDrawing(count: number): Promise<LaidOutGraph> {
  const graphviz = await Graphviz.load();
  return layoutGraph(toGraph(layeredDag(count, 1)), { dot: (source) => graphviz.dot(source, 'plain') }, {});
}

export interface OpenedCanvas {
  readonly page: Page;
  /** From the drawing's arrival in the page to the first frame that shows it. */
  readonly firstPaintMs: number;
  readonly close: () => Promise<void>;
}

interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** Ours, editable; `viewport` absent: fitted. */
export async function openOurs(
  { browser, server }: CanvasPages,
  drawing: LaidOutGraph,
  viewport?: Viewport,
): Promise<OpenedCanvas> {
  const view = await openDrawing(browser, server, drawing, {
    size: SIZE,
    ...(viewport === undefined ? {} : { savedState: { viewport } }),
    beforeLoad: measurePaint,
  });
  return { page: view.page, firstPaintMs: await paintMs(view.page), close: () => view.close() };
}

/** React Flow with the same boxes and edges. */
export async function openPeer(
  { browser, server }: CanvasPages,
  drawing: LaidOutGraph,
  viewport?: Viewport,
): Promise<OpenedCanvas> {
  const context = await browser.newContext({ viewport: SIZE, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await measurePaint(page);
  await page.goto(`${server.url}/reactFlow.html`);
  const parents = new Map(drawing.graph.nodes.map((node) => [node.id, node.parent]));
  const data: ReactFlowPeerData = {
    nodes: drawing.graph.nodes.flatMap(({ id, label }) => {
      const box = absoluteBox(drawing, parents, id);
      if (box === undefined) return [];
      const { x, y, width, height } = box;
      return [{ id, position: { x, y }, width, height, data: { label } }];
    }),
    edges: drawing.graph.edges.map(({ id, from, to }) => ({ id, source: from, target: to })),
    ...(viewport === undefined ? {} : { viewport }),
  };
  await page.evaluate((message) => window.postMessage(message, '*'), data);
  return { page, firstPaintMs: await paintMs(page), close: () => context.close() };
}

/** Notes when the graph's data came and when the first frame with it was painted. */
async function measurePaint(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const marks = window as unknown as { drawingAt?: number; paintedAt?: number };
    window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const text = typeof data === 'object' && data !== null ? Object.keys(data).join() : '';
      const result = (data as { result?: { drawing?: unknown } } | null)?.result;
      if (text.includes('nodes') || (typeof result === 'object' && 'drawing' in result))
        marks.drawingAt ??= performance.now();
    });
    const look = (): void => {
      if (marks.drawingAt === undefined || document.querySelector('.react-flow__node, .overview') === null) {
        requestAnimationFrame(look);
        return;
      }
      requestAnimationFrame(() => {
        marks.paintedAt = performance.now();
      });
    };
    requestAnimationFrame(look);
  });
}

const marks = z.object({ drawingAt: z.number(), paintedAt: z.number() });

async function paintMs(page: Page): Promise<number> {
  await page.waitForFunction(() => 'paintedAt' in window, undefined, { timeout: 120_000 });
  const raw: unknown = await page.evaluate(() => {
    const { drawingAt, paintedAt } = window as unknown as { drawingAt: number; paintedAt: number };
    return { drawingAt, paintedAt };
  });
  const { drawingAt, paintedAt } = marks.parse(raw);
  return paintedAt - drawingAt;
}

/** Mean time of a frame while the drawing is moved in circles, once each frame. */
export async function panFrameMs(page: Page, frames: number): Promise<number> {
  return page.evaluate(async (count) => {
    const pane = document.querySelector('.react-flow__pane');
    if (pane === null) throw new Error('There is no canvas.');
    const { left, top, width, height } = pane.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + 20 + height / 100];
    const fire = (target: EventTarget, type: string, dx: number, dy: number): void => {
      const init = { bubbles: true, view: window, clientX: x + dx, clientY: y + dy, button: 0, buttons: 1 };
      target.dispatchEvent(new MouseEvent(type, init));
    };
    fire(pane, 'mousedown', 0, 0);
    const start = performance.now();
    for (let at = 1; at <= count; at++) {
      fire(window, 'mousemove', Math.sin(at / 8) * 60, Math.cos(at / 8) * 40);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    const end = performance.now();
    fire(window, 'mouseup', 0, 0);
    return (end - start) / count;
  }, frames);
}

/** Mean time of a frame while a wire follows the pointer over the cards; `dot` is where it starts. */
export async function wireFrameMs(page: Page, dot: string, frames: number): Promise<number> {
  return page.evaluate(
    async ({ selector, count }) => {
      const dots = [...document.querySelectorAll(selector)];
      const start = dots.find((one) => {
        const { left, top } = one.getBoundingClientRect();
        return left > 200 && left < 980 && top > 220 && top < 560;
      });
      if (start === undefined) throw new Error('There is no dot on screen.');
      const { left, top, width, height } = start.getBoundingClientRect();
      const [x, y] = [left + width / 2, top + height / 2];
      const fire = (target: EventTarget, kind: string, dx: number, dy: number): void => {
        const init = { bubbles: true, view: window, clientX: x + dx, clientY: y + dy, button: 0, buttons: 1 };
        target.dispatchEvent(new PointerEvent(`pointer${kind}`, { ...init, pointerId: 1, isPrimary: true }));
        target.dispatchEvent(new MouseEvent(`mouse${kind}`, init));
      };
      fire(start, 'down', 0, 0);
      fire(document, 'move', 20, 20);
      // What takes the wire is known by now.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const begin = performance.now();
      for (let at = 1; at <= count; at++) {
        fire(document, 'move', Math.sin(at / 8) * 110, Math.cos(at / 8) * 90);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      const end = performance.now();
      if (document.querySelector('[data-testid="wire"], .react-flow__connection') === null)
        throw new Error('There is no wire.');
      // Let go without a trace, so that the next measure finds the page as this one did.
      window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
      fire(document, 'up', 0, 0);
      return (end - begin) / count;
    },
    { selector: dot, count: frames },
  );
}

const metrics = z.object({ metrics: z.array(z.object({ name: z.string(), value: z.number() })) });

/** The page's live JavaScript objects, after a collection. */
export async function heapMib(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const raw: unknown = await session.send('Performance.getMetrics');
  const used = metrics.parse(raw).metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value;
  return (used ?? Number.NaN) / 1024 / 1024;
}
