import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes begin first: at the end of a stage there is nothing to run beside them. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/integration/services/');
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

const project = (name: string, testTimeout: number, fileParallelism = true) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.{ts,tsx}`],
    testTimeout,
    hookTimeout: testTimeout,
    fileParallelism,
    // What is waited for may take long on a busy machine; vitest's own limit is one second.
    expect: { poll: { timeout: testTimeout / 4 } },
  },
});

export default defineConfig({
  test: {
    // vitest leaves one core to itself: of two that is half the machine.
    maxWorkers: '100%',
    sequence: { sequencer: SlowFirst },
    projects: [
      project('unit', 20_000),
      project('contract', 120_000),
      project('integration', 180_000),
      // One whole embedded cluster for all of them; some stop what others need.
      { test: { ...project('cluster', 180_000, false).test, globalSetup: 'test/cluster/globalSetup.ts' } },
      project('browser', 120_000),
      // What `npm start` builds is what the others load.
      project('e2e', 240_000, false),
    ],
  },
});
