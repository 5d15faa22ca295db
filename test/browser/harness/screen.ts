/** What the tests of one file draw on: a browser, the bundles' server, and the view that is open. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launchChromium } from './chromium.ts';
import { outputFolder } from '../../runner/output.ts';
import { serveBundles, type BundleServer, type OpenedView } from './page.ts';

type Shown = Pick<OpenedView<never>, 'page' | 'complaints' | 'close'>;

export interface Screen {
  /** Opens a view and closes it after the test, which fails when its page complained. */
  readonly show: <View extends Shown>(
    open: (browser: Browser, server: BundleServer) => Promise<View>,
  ) => Promise<View>;
  /** By `data-testid`, in the view that is open. */
  readonly at: (testId: string) => Locator;
  /** Keeps test/.out/screenshots/<name>.png, of the whole page when asked. */
  readonly screenshot: (name: string, options?: { readonly fullPage?: boolean }) => Promise<void>;
}

/** For the top of a test file; `expected` is the one complaint that is no fault. */
export function useScreen(expected?: string): Screen {
  const screenshots = join(outputFolder, 'screenshots');
  let browser: Browser | undefined;
  let server: BundleServer | undefined;
  let shown: Shown | undefined;
  const current = (): Shown => {
    if (shown === undefined) throw new Error('No view is open.');
    return shown;
  };

  beforeAll(async () => {
    browser = await launchChromium(AbortSignal.timeout(180_000));
    server = await serveBundles();
    await mkdir(screenshots, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  afterEach(async () => {
    const { complaints, close } = current();
    shown = undefined;
    await close();
    expect(complaints.filter((text) => expected === undefined || !text.includes(expected))).toEqual([]);
  });

  return {
    async show(open) {
      if (browser === undefined || server === undefined) throw new Error('There is no browser yet.');
      const view = await open(browser, server);
      shown = view;
      return view;
    },
    at: (testId) => current().page.getByTestId(testId),
    async screenshot(name, options = {}) {
      await current().page.screenshot({ path: join(screenshots, `${name}.png`), ...options });
    },
  };
}
