/** The api on a loopback port. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DatabaseSync } from 'node:sqlite';
import { SlipwayError } from '../../../../src/core/base/errors.ts';
import type { Engine } from '../engine/contract.ts';
import type { MlflowTracking } from '../mlflow/tracking.ts';
import { ArtifactStore } from '../store/artifacts.ts';
import { AttemptStore } from '../store/attempts.ts';
import { transaction } from '../store/database.ts';
import { ExperimentStore } from '../store/experiments.ts';
import { PipelineStore } from '../store/pipelines.ts';
import { RunStore } from '../store/runs.ts';
import { TaskStore } from '../store/tasks.ts';
import { VersionStore } from '../store/versions.ts';
import { experimentRoutes } from './experiments.ts';
import { healthRoutes, recurringRunRoutes } from './health.ts';
import { logRoutes } from './logs.ts';
import { pipelineRoutes } from './pipelines.ts';
import { router, type Route } from './router.ts';
import { runRoutes } from './runs.ts';
import { treeRoutes } from './tree.ts';

const ADDRESS = '127.0.0.1';
/** How many ports after a taken one are tried before the system chooses. */
const NEXT_PORTS = 20;

export interface ApiOptions {
  readonly db: DatabaseSync;
  readonly engine: Engine;
  /** Where runs are tracked in MLflow, too. */
  readonly mlflow?: MlflowTracking;
  /** The wanted port; 0 lets the system choose. Taken by someone else, the next free one is used. */
  readonly port: number;
  readonly token: string;
  /** Failures that are ours: the client got a 5xx. */
  readonly onError: (error: Error, request: IncomingMessage) => void;
}

export interface ListeningApi {
  readonly url: string;
  readonly port: number;
  /** Ends open requests, followed logs among them. */
  close(): Promise<void>;
}

export async function listen(options: ApiOptions): Promise<ListeningApi> {
  let port = 0;
  const server = createServer(
    router(routes(options), {
      token: options.token,
      hosts: () => [`${ADDRESS}:${port}`, `localhost:${port}`],
      onError: options.onError,
    }),
  );
  port = await bind(server, options.port);
  return {
    url: `http://${ADDRESS}:${port}`,
    port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function routes({ db, engine, mlflow }: ApiOptions): readonly Route[] {
  const experiments = new ExperimentStore(db);
  const versions = new VersionStore(db);
  const tasks = new TaskStore(db);
  const attempts = new AttemptStore(db);
  return [
    ...healthRoutes,
    ...recurringRunRoutes,
    ...experimentRoutes(experiments),
    ...pipelineRoutes({
      pipelines: new PipelineStore(db),
      versions,
      transaction: (work) => transaction(db, work),
    }),
    ...runRoutes({
      db,
      engine,
      runs: new RunStore(db),
      versions,
      experiments,
      ...(mlflow === undefined ? {} : { mlflow }),
    }),
    ...treeRoutes({ db, tasks, attempts, artifacts: new ArtifactStore(db) }),
    ...logRoutes({
      find: (runId, name) => {
        const attempt = attempts.get(name);
        if (attempt?.runId !== runId) return undefined;
        return { path: attempt.logPath, isFinished: attempt.finishedAt !== null };
      },
    }),
  ];
}

async function bind(server: Server, wanted: number): Promise<number> {
  const candidates =
    wanted === 0 ? [0] : [...Array.from({ length: NEXT_PORTS + 1 }, (_, index) => wanted + index), 0];
  for (const candidate of candidates.filter((port) => port <= 65_535)) {
    try {
      server.listen(candidate, ADDRESS);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    }
  }
  throw new SlipwayError('noPort', `No port on ${ADDRESS} is free for the pipeline service.`, {
    action: 'Stop a program that holds many ports, then try again.',
  });
}
