/** A whole cluster of the test's own, to be broken. */
import { chown, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { findProgram } from '../../../dev-cluster/embedded/binaries/find.ts';
import { components } from '../../../dev-cluster/embedded/supervisor/components.ts';
import { readEmbeddedEndpoints, type EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { cli as testedCli } from '../../cli.ts';
import { run, type Ended } from '../../cluster/slipway.ts';
import { processesIn } from '../../cluster/processes.ts';

const clock = pathToFileURL(join(import.meta.dirname, 'clock.ts')).href;

const STARTUP_MS = 600_000;

const status = z.object({
  supervisor: z.object({ pid: z.int() }),
  components: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      message: z.string(),
      process: z.object({ pid: z.int() }).optional(),
    }),
  ),
});
type Status = z.infer<typeof status>;

/** Those that run as a process from the start. */
export const services: readonly string[] = components
  .filter(({ start, isOnDemand }) => start.kind === 'service' && isOnDemand !== true)
  .map(({ name }) => name);

export interface FaultClusterOptions {
  /** A program, with arguments, that runs `slipway`. */
  readonly through?: readonly string[];
  /** Where its home is made. */
  readonly parent?: string;
  /** Whose home it is. */
  readonly owner?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Only these, with what they depend on. */
  readonly only?: readonly string[];
  /** The program; the one under test unless said. */
  readonly cli?: string;
}

export class FaultCluster {
  readonly home: string;
  readonly #command: readonly string[];
  readonly #env: Readonly<Record<string, string>>;

  private constructor(home: string, command: readonly string[], env: Readonly<Record<string, string>>) {
    this.home = home;
    this.#command = command;
    this.#env = env;
  }

  /** Its home is there, and nothing runs yet. */
  static async make({
    through = [],
    parent = tmpdir(),
    owner,
    env = {},
    only = [],
    cli = testedCli,
  }: FaultClusterOptions = {}): Promise<FaultCluster> {
    // Folders have such names on people's machines.
    const home = await mkdtemp(join(await realpath(parent), 'slipway fäults '));
    if (owner !== undefined) await chown(home, owner, owner);
    return new FaultCluster(home, [...through, process.execPath, cli], {
      SLIPWAY_HOME: home,
      SLIPWAY_COMPONENTS: only.join(','),
      NODE_OPTIONS: `--import=${clock}`,
      SLIPWAY_TEST_CLOCK: clockFile(home),
      ...env,
    });
  }

  slipway(...args: readonly string[]): Promise<Ended> {
    const [program = '', ...rest] = [...this.#command, ...args];
    return run(program, rest, this.#env);
  }

  /** The same home with other components. */
  with({ only }: { readonly only: readonly string[] }): FaultCluster {
    return new FaultCluster(this.home, this.#command, {
      ...this.#env,
      SLIPWAY_COMPONENTS: only.join(','),
    });
  }

  /** For the first time, until all of it is ready: on a busy machine a part may fail at first. */
  async start(): Promise<void> {
    await until(() => this.up().then(() => true), undefined, STARTUP_MS);
  }

  /** Until all of it is ready. */
  async up(): Promise<void> {
    const { code, stderr } = await this.slipway('up', '--wait');
    if (code !== 0) throw new Error(stderr);
  }

  /** Stopped, gone, and nothing of it left running. */
  async remove(): Promise<void> {
    const { code, stderr } = await this.slipway('down');
    const left = processesIn(this.home);
    for (const line of left) process.kill(Number.parseInt(line, 10), 'SIGKILL');
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
    await rm(clockFile(this.home), { force: true });
    if (code !== 0 || left.length > 0) throw new Error(`slipway down left: ${stderr}\n${left.join('\n')}`);
  }

  async status(): Promise<Status> {
    return status.parse(JSON.parse(await readFile(join(this.home, 'embedded', 'status.json'), 'utf8')));
  }

  async pids(): Promise<Readonly<Record<string, number>>> {
    const running = (await this.status()).components.flatMap(({ name, process: one }) =>
      one === undefined ? [] : [[name, one.pid] as const],
    );
    return Object.fromEntries(running);
  }

  /** Kills the component's process with all of its group, as the system's memory killer might. */
  async kill(name: string): Promise<number> {
    const pid = (await this.pids())[name];
    if (pid === undefined) throw new Error(`${name} does not run.`);
    process.kill(-pid, 'SIGKILL');
    return pid;
  }

  /** What runs counts as started by another build of Slipway from now on. */
  async becomeOfAnotherBuild(): Promise<void> {
    const folder = join(this.home, 'embedded', 'processes');
    for (const name of await readdir(folder)) {
      const record = JSON.parse(await readFile(join(folder, name), 'utf8')) as object;
      await writeFile(join(folder, name), JSON.stringify({ ...record, build: 'another' }));
    }
  }

  /** Sends it to every process of the cluster, its pods and steps included. */
  signalAll(signal: NodeJS.Signals): void {
    for (const line of processesIn(this.home)) {
      try {
        process.kill(Number.parseInt(line, 10), signal);
      } catch {
        // It went with another.
      }
    }
  }

  /** The clock of all its Node processes is so much ahead of the machine's, or behind. */
  async setClock(milliseconds: number): Promise<void> {
    await writeFile(clockFile(this.home), String(milliseconds));
  }

  /** All that is wanted is ready, `except` a process that had this pid. */
  async whole(except?: { readonly name: string; readonly pid: number }): Promise<void> {
    let last: Status | undefined;
    const isReady = ({ name, state, process: one }: Status['components'][number]): boolean =>
      state === 'ready' && !(name === except?.name && one?.pid === except.pid);
    await until(
      async () => {
        last = await this.status();
        const onDemand = components.filter(({ isOnDemand }) => isOnDemand === true).map(({ name }) => name);
        return last.components.every((one) => onDemand.includes(one.name) || isReady(one));
      },
      () => last?.components.filter(({ state }) => state !== 'ready'),
    );
  }

  async endpoints(): Promise<EmbeddedEndpoints> {
    const endpoints = await readEmbeddedEndpoints(this.home);
    if (endpoints === undefined) throw new Error('The cluster has no endpoints.');
    return endpoints;
  }

  async kubectl(args: readonly string[], input = ''): Promise<string> {
    const kubectl = await findProgram('kubectl', {
      report: () => undefined,
      signal: AbortSignal.timeout(60_000),
    });
    const env = { KUBECONFIG: join(this.home, 'embedded', 'kubeconfig') };
    const { code, stdout, stderr } = await run(kubectl, args, env, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** The port that was given to this listener. */
  async ports(): Promise<Readonly<Record<string, number>>> {
    const text = await readFile(join(this.home, 'embedded', 'ports.json'), 'utf8');
    return z.record(z.string(), z.int()).parse(JSON.parse(text));
  }
}

function clockFile(home: string): string {
  return `${home}.clock`;
}

/** Fails with the state when it takes longer than people would wait. */
export async function until(
  isSo: () => Promise<boolean> | boolean,
  state: () => unknown = () => '',
  limitMs = 240_000,
): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    let problem: unknown;
    try {
      if (await isSo()) return;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > end)
      throw new Error(`It did not become so: ${JSON.stringify(state())}`, { cause: problem });
    await delay(250);
  }
}
