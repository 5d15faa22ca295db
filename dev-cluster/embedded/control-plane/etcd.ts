/** etcd: one member, its data under the home, every connection with a certificate of its own authority. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { findProgram } from '../binaries/find.ts';
import { cachedProgram, programNamed } from '../binaries/programs.ts';
import { stablePort } from '../ports.ts';
import { PYTHON } from '../python/components.ts';
import type { Component } from '../supervisor/component.ts';
import { issueCertificate, type CertificateFiles } from './pki.ts';
import { goMemory, probe, runningPort } from './probe.ts';

const CLIENT_PORT = 'etcd';
const PEER_PORT = 'etcd-peer';

const health = z.object({ health: z.literal('true') });

/** For whoever may read and write all of the cluster's state: the API server, and the health check. */
export async function etcdClientCertificate(signal: AbortSignal): Promise<CertificateFiles> {
  return issueCertificate({ name: 'etcd-client', commonName: 'kube-apiserver', authority: 'etcd', signal });
}

/** Where etcd listens, running or not. */
export async function etcdUrl(signal: AbortSignal): Promise<string> {
  return `https://127.0.0.1:${await runningPort(CLIENT_PORT, signal)}`;
}

export const etcd: Component = {
  name: 'etcd',
  version: programNamed('etcd').version,
  /** What must be downloaded or built comes after the first run; what is there starts at once. */
  get dependsOn() {
    return existsSync(cachedProgram(programNamed('etcd'))) ? [] : [PYTHON];
  },
  isNeeded: false,
  start: {
    kind: 'service',
    command: async (report, signal) => {
      const program = await findProgram('etcd', { report, signal });
      const client = `https://127.0.0.1:${await stablePort(CLIENT_PORT, signal)}`;
      const peer = `https://127.0.0.1:${await stablePort(PEER_PORT, signal)}`;
      const server = await issueCertificate({
        name: 'etcd-server',
        commonName: 'etcd',
        hosts: ['localhost', '127.0.0.1'],
        authority: 'etcd',
        signal,
      });
      const folder = join(slipwayHome(), 'embedded', 'etcd');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const args = [
        ['--name', 'slipway'],
        ['--data-dir', folder],
        ['--listen-client-urls', client],
        ['--advertise-client-urls', client],
        ['--listen-peer-urls', peer],
        ['--initial-advertise-peer-urls', peer],
        ['--initial-cluster', `slipway=${peer}`],
        ['--cert-file', server.cert],
        ['--key-file', server.key],
        ['--trusted-ca-file', server.ca],
        ['--peer-cert-file', server.cert],
        ['--peer-key-file', server.key],
        ['--peer-trusted-ca-file', server.ca],
        ['--log-level', 'warn'],
        // Alone it has nobody to wait for: with upstream's 1 s it would take half of that to elect itself.
        ['--heartbeat-interval', '20'],
        ['--election-timeout', '100'],
        // What other members would catch up from stays in memory, definitions of hundreds of KiB among it.
        ['--snapshot-count', '1000'],
        ['--snapshot-catchup-entries', '100'],
      ].map(([flag, value]) => `${flag}=${value}`);
      return {
        program,
        args: [...args, '--client-cert-auth', '--peer-client-cert-auth'],
        env: goMemory(128),
      };
    },
    health: async (signal) => {
      const port = await runningPort(CLIENT_PORT, signal);
      const answer = await probe(
        { label: 'etcd', port, path: '/health' },
        await etcdClientCertificate(signal),
        signal,
      );
      if (!health.safeParse(JSON.parse(answer)).success)
        throw new SlipwayError('unhealthy', 'etcd says that it is not well.');
      return { endpoint: `https://127.0.0.1:${port}` };
    },
  },
};
