import type { Component } from '../supervisor/component.ts';
import { ensurePool } from './pool.ts';

export const spotMarketComponents: readonly Component[] = [
  {
    name: 'gpu-nodes',
    version: '1',
    dependsOn: ['node-agent'],
    isNeeded: false,
    start: {
      kind: 'task',
      run: async (report, signal) => {
        report('Adding simulated GPU nodes, on-demand and spot');
        await ensurePool(signal);
      },
    },
  },
];
