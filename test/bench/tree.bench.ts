/** 10,000 runs: what the service's page costs, and how long until the editor shows one. */
import { benchService } from './treeService.ts';
import { benchView } from './treeView.ts';
import type { BenchSuite } from './suite.ts';

export const run: BenchSuite = async (report) => {
  await benchService(report);
  await benchView(report);
};
