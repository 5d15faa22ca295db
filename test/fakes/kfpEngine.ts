/** An engine that runs nothing: every run succeeds at once, unless its parameter `message` is `wait`. */
import type { DatabaseSync } from 'node:sqlite';
import type { Engine } from '../../dev-cluster/embedded/kfp/engine/contract.ts';
import { RunStore } from '../../dev-cluster/embedded/kfp/store/runs.ts';
import type { RunState } from '../../src/clients/kfp/model.ts';

export function fakeEngine(db: DatabaseSync): Engine {
  const runs = new RunStore(db);
  const end = (id: string, state: RunState, error?: string): void => {
    const at = Date.now();
    runs.setState(id, { state, at, finishedAt: at, ...(error === undefined ? {} : { error }) });
  };
  const start = (id: string): void => {
    runs.setState(id, { state: 'RUNNING', at: Date.now(), finishedAt: null });
    const message = runs.get(id)?.parameters['message'];
    if (message === 'fail') end(id, 'FAILED', 'The step greet failed with exit code 1.');
    else if (message !== 'wait') end(id, 'SUCCEEDED');
  };
  return {
    start,
    terminate: (id) => end(id, 'CANCELED'),
    retry: start,
    discard: () => Promise.resolve(),
    onDidChange: () => ({ dispose: () => undefined }),
    close: () => Promise.resolve(),
  };
}
