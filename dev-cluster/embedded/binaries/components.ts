/** The programs that no component runs, as the last task of all: then Go's caches can go. */
import { asError } from '../../../src/core/base/errors.ts';
import type { Component } from '../supervisor/component.ts';
import { whileNobodyBuilds } from './build.ts';
import { findProgram } from './find.ts';
import { clearGoCaches } from './go.ts';
import { programs } from './programs.ts';

const PROGRAMS = 'programs';

export const binaryComponents: readonly Component[] = [
  {
    name: PROGRAMS,
    version: '1',
    // Whoever starts the cluster doesn't wait for these: pods may want them one day.
    dependsOn: ['seed'],
    isNeeded: false,
    start: {
      kind: 'task',
      run: async (report, signal) => {
        try {
          for (const { name } of programs) await findProgram(name, { report, signal });
        } catch (error) {
          signal.throwIfAborted();
          // Tried again by whoever wants it, with what Go has compiled up to here.
          report(asError(error).message);
          return;
        }
        await whileNobodyBuilds(clearGoCaches, { signal });
      },
    },
  },
];
