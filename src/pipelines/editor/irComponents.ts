import type { GraphWorker } from '../../clients/graphWorker.ts';
import type { ReadComponents } from './componentFiles.ts';

/** Components of IR texts and of KFP v1's, read off the host's thread. */
export function irComponents(worker: Pick<GraphWorker, 'definitions'>): ReadComponents {
  return async ({ text }, signal) =>
    (await worker.definitions({ text }, signal)).map(
      ({ name, description, inputs, outputs, definition }) => ({
        key: definition.name,
        name,
        description,
        inputs,
        outputs,
        definition: () => Promise.resolve(definition),
      }),
    );
}
