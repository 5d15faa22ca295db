/** Webviews live in frames within frames that come and go: they are found by what is drawn in them. */
import type { Frame, Page } from 'playwright-core';
import { delay } from '../../../src/core/base/abort.ts';

/** A frame that is being loaded does not answer: it is asked again later. */
const LOOK_MS = 3_000;

/** The frame that shows an element with this `data-testid`. */
export async function webviewWith(page: Page, testId: string, timeoutMs = 60_000): Promise<Frame> {
  const signal = AbortSignal.timeout(timeoutMs);
  for (;;) {
    const [frame] = await framesWith(page, `[data-testid="${testId}"]`);
    if (frame !== undefined) return frame;
    await delay(100, signal).catch(() => {
      throw new Error(`No webview shows data-testid="${testId}" after ${timeoutMs} ms.`);
    });
  }
}

/** All frames that have such an element now. */
export async function framesWith(page: Page, selector: string): Promise<readonly Frame[]> {
  const frames = page.frames();
  const late = new Promise<number>((resolve) => setTimeout(resolve, LOOK_MS, 0));
  const counts = await Promise.all(
    // A frame may go away while it is asked.
    frames.map((frame) => Promise.race([frame.locator(selector).count(), late]).catch(() => 0)),
  );
  return frames.filter((_, at) => (counts[at] ?? 0) > 0);
}
