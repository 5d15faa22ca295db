/** Webviews live in frames within frames that come and go: they are found by what is drawn in them. */
import type { Frame, Page } from 'playwright-core';
import { delay } from '../../../src/core/base/abort.ts';

/** The frame that shows an element with this `data-testid`. */
export async function webviewWith(page: Page, testId: string, timeoutMs = 60_000): Promise<Frame> {
  const signal = AbortSignal.timeout(timeoutMs);
  for (;;) {
    for (const frame of page.frames()) {
      // A frame may go away while it is asked; the next round sees the new one.
      const shown = await frame
        .locator(`[data-testid="${testId}"]`)
        .count()
        .catch(() => 0);
      if (shown > 0) return frame;
    }
    await delay(100, signal).catch(() => {
      throw new Error(`No webview shows data-testid="${testId}" after ${timeoutMs} ms.`);
    });
  }
}
