/** A whole cluster of the test's own, to be broken: what runs in it, and what its parts have acknowledged. */
import { chown, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { findProgram } from '../../../dev-cluster/embedded/binaries/find.ts';
import { components } from '../../../dev-cluster/embedded/supervisor/components.ts';
import { readEmbeddedEndpoints, type EmbeddedEndpoints } from '../../../src/clients/embedded.ts';
import { run, type Ended } from '../../cluster/slipway.ts';
import { processesIn } from '../../cluster/processes.ts';

const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');

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
const wanted = components.filter(({ isOnDemand }) => isOnDemand !== true).map(({ name }) => name);

export class FaultCluster {
  readonly home: string;
  readonly #through: readonly string[];

  private constructor(home: string, through: readonly string[]) {
    this.home = home;
    this.#through = through;
  }

  /** Its home is there, and nothing runs yet. `through`: a program, with arguments, that runs `slipway`. */
  static async make({
    through = [],
    parent = tmpdir(),
    owner = process.getuid?.() ?? 0,
  }: {
    readonly through?: readonly string[];
    readonly parent?: string;
    readonly owner?: number;
  } = {}): Promise<FaultCluster> {
    const home = await mkdtemp(join(await realpath(parent), 'slipway fäults '));
    if (owner !== process.getuid?.()) await chown(home, owner, owner);
    return new FaultCluster(home, through);
  }

  slipway(...args: readonly string[]): Promise<Ended> {
    const [program = process.execPath, ...rest] = [...this.#through, process.execPath, cli, ...args];
    return run(program, rest, { SLIPWAY_HOME: this.home });
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

  /** All that is wanted is ready, `except` a process that had this pid. */
  async whole(except?: { readonly name: string; readonly pid: number }): Promise<void> {
    let last: Status | undefined;
    await until(
      async () => {
        last = await this.status();
        const ready = last.components.filter(
          ({ name, state, process: one }) =>
            state === 'ready' && !(name === except?.name && one?.pid === except.pid),
        );
        return wanted.every((name) => ready.some((one) => one.name === name));
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

/** Fails with the state when it takes longer than people would wait. */
export async function until(
  isSo: () => Promise<boolean> | boolean,
  state: () => unknown = () => '',
  limitMs = 120_000,
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
