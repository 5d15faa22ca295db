/** The pipeline service: store, engine and api put together. */
import { availableParallelism } from 'node:os';
import type { EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import type { PythonEnvironmentSource } from '../python/environments.ts';
import { listen } from './api/listen.ts';
import type { ClusterEndpoints } from './clusterEndpoints.ts';
import { readDocument } from './engine/document.ts';
import { PipelineEngine } from './engine/engine.ts';
import type { Executor } from './engine/executor.ts';
import { ProcessExecutor } from './engine/processExecutor.ts';
import { MlflowTracking } from './mlflow/tracking.ts';
import { trackRuns } from './mlflow/runTracking.ts';
import { TrackedExecutor } from './mlflow/trackedExecutor.ts';
import { ClusterPods } from './podPlace.ts';
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
  /** What else of the cluster there is: without it, steps are processes and runs aren't in MLflow. */
  readonly endpoints?: ClusterEndpoints;
  readonly log: (line: string) => void;
}

export interface KfpService {
  readonly url: string;
  readonly port: number;
  /** Stops the running steps, too. (A killed service leaves them running, and the next one adopts them.) */
  stop(): Promise<void>;
}

export async function startKfpService(options: KfpServiceOptions): Promise<KfpService> {
  const { environments, endpoints, log } = options;
  const db = openDatabase(options.database);
  const stores = openStores(db);
  const tracking = new MlflowTracking(() => endpoints?.current?.mlflow, log);
  const tracked = (inner: Executor): Executor =>
    new TrackedExecutor({
      inner,
      tracking,
      outputOf: (runId) => stores.runs.mlflowOutput(runId),
      credentials: () => credentials(endpoints?.current),
    });
  const pods = endpoints && new ClusterPods({ endpoints, environments, log, wrap: tracked });
  const engine = new PipelineEngine({
    stores,
    executor: tracked(new ProcessExecutor({ environments })),
    ...(pods === undefined ? {} : { pods }),
    home: options.folder,
    maxParallelSteps: availableParallelism(),
    parse: readDocument,
    onError: (error) => log(`engine: ${error.stack ?? error.message}`),
  });
  const tracker = trackRuns(engine, stores.runs, tracking);
  engine.recover();
  const api = await listen({
    db,
    engine,
    mlflow: tracking,
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
      tracker.dispose();
      await engine.close();
      endpoints?.close();
      await stopSteps(db);
      db.close();
    },
  };
}

function credentials(endpoints: EmbeddedEndpoints | undefined): Readonly<Record<string, string>> {
  if (endpoints?.mlflow === undefined) return {};
  const { username, password } = endpoints.mlflow;
  return { MLFLOW_TRACKING_USERNAME: username, MLFLOW_TRACKING_PASSWORD: password };
}
