import { join, resolve } from 'node:path';

/**
 * The `slipway` program under test. While you work, the source; in `npm test` the bundle, which is what ships, and whose
 * many short lives cost a third of the time.
 */
export const cli = resolve(
  process.env['SLIPWAY_TEST_CLI'] ?? join(import.meta.dirname, '..', 'src', 'cli', 'main.ts'),
);
