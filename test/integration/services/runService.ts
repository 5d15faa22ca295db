/** One service without the supervisor: started as it would start it, in a home of the test's own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { delay } from '../../../src/core/base/abort.ts';
import type { Component, Health, ServiceStart } from '../../../dev-cluster/embedded/supervisor/component.ts';

const READY_TIMEOUT_MS = 120_000;

export class RunningService {
  readonly #start: ServiceStart;
  readonly #name: string;
  #child: ChildProcess | undefined;

  constructor({ name, start }: Component) {
    if (start.kind !== 'service') throw new Error(`${name} is no service.`);
    this.#name = name;
    this.#start = start;
  }

  get logPath(): string {
    return join(slipwayHome(), `${this.#name}.log`);
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#name} does not run.`);
    return pid;
  }

  /** Resolves when it is well. */
  async start(signal: AbortSignal): Promise<Health> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
    const command = await this.#start.command(() => undefined, limit);
    mkdirSync(slipwayHome(), { recursive: true });
    const log = openSync(this.logPath, 'a');
    const child = spawn(command.program, command.args, {
      env: { ...process.env, ...command.env },
      stdio: ['ignore', log, log],
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    });
    closeSync(log);
    this.#child = child;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${this.#name} ended: see ${this.logPath}`);
      try {
        return await this.#start.health(limit);
      } catch (error) {
        if (limit.aborted)
          throw new Error(`${this.#name} did not get well: see ${this.logPath}`, { cause: error });
      }
      await delay(100, limit);
    }
  }

  /** With SIGKILL, or as the supervisor asks it to stop. */
  async stop(how: 'ask' | 'kill' = 'ask'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(how === 'kill' ? 'SIGKILL' : (this.#start.stopSignal ?? 'SIGTERM'));
    await ended;
  }
}
