import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number, fileParallelism = true, retry = 0) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.{ts,tsx}`],
    testTimeout,
    hookTimeout: testTimeout,
    fileParallelism,
    retry,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000),
      project('contract', 120_000),
      project('integration', 180_000, false),
      // One whole embedded cluster for all of them.
      {
        test: { ...project('cluster', 180_000, false).test, globalSetup: 'test/cluster/globalSetup.ts' },
      },
      // A browser on a busy CI machine gets a second try; on your own you see the first.
      project('e2e', 240_000, false, process.env['CI'] === undefined ? 0 : 1),
    ],
  },
});
