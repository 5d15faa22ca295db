/** The pipeline service: store, engine and api put together. */
import { availableParallelism } from 'node:os';
import type { PythonEnvironmentSource } from '../python/environments.ts';
import { listen } from './api/listen.ts';
import { readDocument } from './engine/document.ts';
import { PipelineEngine } from './engine/engine.ts';
import { ProcessExecutor } from './engine/processExecutor.ts';
import { stopSteps } from './stopSteps.ts';
import { openDatabase } from './store/database.ts';
import { openStores } from './store/stores.ts';

export interface KfpServiceOptions {
  readonly database: string;
  /** The wanted port; see ApiOptions. */
  readonly port: number;
  readonly token: string;
  /** Folder for logs, attempts and artifacts. */
  readonly folder: string;
  readonly environments: PythonEnvironmentSource;
  readonly log: (line: string) => void;
}

export interface KfpService {
  readonly url: string;
  readonly port: number;
  /** Stops the running steps, too. (A killed service leaves them running, and the next one adopts them.) */
  stop(): Promise<void>;
}

export async function startKfpService(options: KfpServiceOptions): Promise<KfpService> {
  const db = openDatabase(options.database);
  const engine = new PipelineEngine({
    stores: openStores(db),
    executor: new ProcessExecutor({ environments: options.environments }),
    home: options.folder,
    maxParallelSteps: availableParallelism(),
    parse: readDocument,
    onError: (error) => options.log(`engine: ${error.stack ?? error.message}`),
  });
  engine.recover();
  const api = await listen({
    db,
    engine,
    port: options.port,
    token: options.token,
    onError: (error, request) =>
      options.log(`${request.method ?? ''} ${request.url ?? ''}: ${error.stack ?? error.message}`),
  });
  return {
    url: api.url,
    port: api.port,
    stop: async () => {
      await api.close();
      await engine.close();
      await stopSteps(db);
      db.close();
    },
  };
}
