/** Runs upstream's Python clients against the services, with the variables people get. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { PythonEnvironments } from '../../../dev-cluster/embedded/python/environments.ts';
import { runTool } from '../../../dev-cluster/embedded/python/tool.ts';
import type { EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { toolEnvironment } from '../../../src/clients/toolEnvironment.ts';

const SCRIPT = join(import.meta.dirname, 'peer.py');

export class Peers {
  readonly #python: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(python: string, env: NodeJS.ProcessEnv) {
    this.#python = python;
    this.#env = env;
  }

  /** In the environment of Feast, which has the clients of all others. */
  static async make(endpoints: EmbeddedEndpoints, signal: AbortSignal): Promise<Peers> {
    const { python } = await new PythonEnvironments().service('feast', signal);
    const { postgres } = endpoints;
    const database = new URL(postgres?.url ?? 'postgresql://nowhere');
    const conninfo = `host=${database.hostname} port=${database.port} dbname=feast user=${postgres?.username ?? ''}`;
    return new Peers(python, {
      ...process.env,
      ...toolEnvironment(endpoints),
      CONNINFO: `${conninfo} password=${postgres?.password ?? ''}`,
      NO_PROXY: '127.0.0.1',
      PYTHONDONTWRITEBYTECODE: '1',
      // One answer is enough: a refused or broken connection is what the tests want to see.
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
      AWS_MAX_ATTEMPTS: '1',
    });
  }

  /** The same clients, or those of another Python environment, with some variables changed. */
  with(env: NodeJS.ProcessEnv, python = this.#python): Peers {
    return new Peers(python, { ...this.#env, ...env });
  }

  /** What it printed last. Rejects with the end of its stderr when it fails. */
  async ask(name: string, ...args: readonly string[]): Promise<unknown> {
    const stdout = await this.run([SCRIPT, name, ...args]);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null');
  }

  /** Any Python program of that environment; its stdout. */
  async run(args: readonly string[]): Promise<string> {
    const limit = AbortSignal.timeout(120_000);
    const { code, stdout, stderrTail } = await runTool(this.#python, args, { env: this.#env }, limit);
    if (code !== 0) throw new Error(stderrTail.join('\n'));
    return stdout;
  }

  /** A client that writes without end and says which writes were acknowledged, until its service is gone. */
  load(name: string): Load {
    return new Load(
      spawn(this.#python, [SCRIPT, `load_${name}`], { env: this.#env, stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  }
}

export class Load {
  readonly acknowledged: number[] = [];
  /** When the client has given up. */
  readonly ended: Promise<void>;
  readonly #child: ReturnType<typeof spawn>;
  #onLine: () => void = () => undefined;

  constructor(child: ReturnType<typeof spawn>) {
    if (child.stdout === null) throw new Error('The load’s stdout is a pipe.');
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.acknowledged.push(Number(line));
      this.#onLine();
    });
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** For a service that may be back before the client has noticed that it was gone. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Resolves after so many acknowledged writes. */
  async reaches(count: number): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#onLine = () => {
          if (this.acknowledged.length >= count) resolve();
        };
        this.#onLine();
      }),
      this.ended.then(() => {
        if (this.acknowledged.length < count) throw new Error('The load ended before its service did.');
      }),
    ]);
  }
}
