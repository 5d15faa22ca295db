/** Frames, first paint and memory of large drawings, beside React Flow alone with the same boxes. */
import {
  heapMib,
  layeredDrawing,
  openOurs,
  openPages,
  openPeer,
  panFrameMs,
  wireFrameMs,
  type OpenedCanvas,
} from './canvasPages.ts';
import type { BenchSuite } from './suite.ts';

const peer = 'React Flow';
/** Close enough to read labels: a few dozen cards on screen. */
const near = { x: -2_500, y: -600, zoom: 0.6 };

export const run: BenchSuite = async (report) => {
  const pages = await openPages();
  const measure = async <T>(
    opened: Promise<OpenedCanvas>,
    what: (canvas: OpenedCanvas) => Promise<T>,
  ): Promise<T> => {
    const canvas = await opened;
    try {
      return await what(canvas);
    } finally {
      await canvas.close();
    }
  };
  const whole = async ({ page, firstPaintMs }: OpenedCanvas): Promise<Whole> => {
    return { firstPaintMs, frameMs: await steady(() => panFrameMs(page, 20)), mib: await heapMib(page) };
  };
  try {
    for (const count of [1_000, 5_000]) {
      const drawing = await layeredDrawing(count);
      const ours = await measure(openOurs(pages, drawing), whole);
      const theirs = await measure(openPeer(pages, drawing), whole);
      const of = { peer };
      report({ case: `${count}-fit`, metric: 'frame-ms', ours: ours.frameMs, ...of, theirs: theirs.frameMs });
      report({
        case: `${count}-first-paint`,
        metric: 'ms',
        ours: ours.firstPaintMs,
        ...of,
        theirs: theirs.firstPaintMs,
      });
      report({ case: `${count}-memory`, metric: 'mib', ours: ours.mib, ...of, theirs: theirs.mib });
    }
    const drawing = await layeredDrawing(1_000);
    const pan = ({ page }: OpenedCanvas): Promise<number> => steady(() => panFrameMs(page, 20));
    report({
      case: '1000-pan',
      metric: 'frame-ms',
      ours: await measure(openOurs(pages, drawing, near), pan),
      peer,
      theirs: await measure(openPeer(pages, drawing, near), pan),
    });
    report({
      case: '1000-wire-drag',
      metric: 'frame-ms',
      ours: await measure(openOurs(pages, drawing, near), ({ page }) =>
        steady(() => wireFrameMs(page, '.port-dot.output:not(.order)', 20)),
      ),
      peer,
      theirs: await measure(openPeer(pages, drawing, near), ({ page }) =>
        steady(() => wireFrameMs(page, '.react-flow__handle.source', 20)),
      ),
    });
  } finally {
    await pages.close();
  }
};

/** The median of several means: other work on the machine comes in bursts. */
async function steady(measure: () => Promise<number>): Promise<number> {
  await measure();
  const means: number[] = [];
  for (let at = 0; at < 5; at++) means.push(await measure());
  return means.toSorted((a, b) => a - b)[2] ?? Number.NaN;
}

interface Whole {
  readonly firstPaintMs: number;
  readonly frameMs: number;
  readonly mib: number;
}
