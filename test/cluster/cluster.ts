/** The running cluster, for tests: its addresses and the upstream `kubectl`. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
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

  /** The pinned kubectl's path. */
  kubectlPath(): Promise<string> {
    return findProgram('kubectl', { report: () => undefined, signal: AbortSignal.timeout(60_000) });
  },

  /** Runs the pinned kubectl as the administrator. Resolves whatever its exit code. */
  async runKubectl(args: readonly string[], input = ''): Promise<Ended> {
    return run(await cluster.kubectlPath(), args, { KUBECONFIG: cluster.kubeconfig }, input);
  },

  /** Runs it and resolves with what it printed; rejects when it fails. */
  async kubectl(args: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await cluster.runKubectl(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  },
};

/** A namespace of the test file's own, `prefix` with something random; it goes, with all that is in it, after the tests. */
export function useNamespace(prefix: string): string {
  const name = `${prefix}-${randomBytes(3).toString('hex')}`;
  beforeAll(() => cluster.kubectl(['create', 'namespace', name]));
  afterAll(() => cluster.kubectl(['delete', 'namespace', name, '--wait=false']));
  return name;
}

/** Waits, as long as the test may take, until the condition holds. */
export async function until(condition: () => Promise<boolean> | boolean, intervalMs = 200): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, intervalMs));
}
