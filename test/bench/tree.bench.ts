/** 10,000 runs: the service's page. */
import { benchService } from './treeService.ts';
import type { BenchSuite } from './suite.ts';

export const run: BenchSuite = async (report) => {
  await benchService(report);
};
