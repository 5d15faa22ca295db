/** The running cluster, for tests: its addresses and the upstream `kubectl`. */
import { join } from 'node:path';
import { inject } from 'vitest';
import { findProgram } from '../../dev-cluster/embedded/binaries/find.ts';
import { readEmbeddedEndpoints, type EmbeddedEndpoints } from '../../src/clients/embedded.ts';
import { run, slipway, type Ended } from './slipway.ts';

export const cluster = {
  /** SLIPWAY_HOME. */
  get home(): string {
    return inject('home');
  },

  /** Of its administrator. */
  get kubeconfig(): string {
    return join(inject('home'), 'embedded', 'kubeconfig');
  },

  async endpoints(): Promise<EmbeddedEndpoints> {
    const endpoints = await readEmbeddedEndpoints(inject('home'));
    if (endpoints === undefined) throw new Error('The cluster has no endpoints.');
    return endpoints;
  },

  /** Runs `slipway ARGS` in this home. */
  slipway(...args: readonly string[]): Promise<Ended> {
    return slipway(inject('home'), args);
  },

  /** Runs the pinned kubectl as the administrator and resolves with what it printed; rejects when it fails. */
  async kubectl(args: readonly string[], input = ''): Promise<string> {
    const program = await findProgram('kubectl', {
      report: () => undefined,
      signal: AbortSignal.timeout(60_000),
    });
    const { code, stdout, stderr } = await run(program, args, { KUBECONFIG: cluster.kubeconfig }, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  },
};

/** Waits, as long as the test may take, until the condition holds. */
export async function until(condition: () => Promise<boolean> | boolean, intervalMs = 200): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, intervalMs));
}
