import axe from 'axe-core';
import type { Frame, Page } from 'playwright-core';
import { z } from 'zod';

const result = z.object({
  violations: z.array(
    z.object({ id: z.string(), help: z.string(), nodes: z.array(z.object({ html: z.string() })) }),
  ),
});

/** What axe-core finds in a page or webview, one sentence each; empty when all is well. */
export async function accessibilityViolations(target: Page | Frame, selector = 'body'): Promise<string[]> {
  // Evaluated, not added as a script element: a webview's content security policy refuses those.
  await target.evaluate(axe.source);
  const raw: unknown = await target.evaluate(`axe.run(${JSON.stringify(selector)})`);
  return result
    .parse(raw)
    .violations.map(
      ({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.html).join(' | ')})`,
    );
}
