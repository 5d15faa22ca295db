/** Ports of the cluster's listeners: the same at every start, so that addresses people wrote down go on working. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { slipwayHome } from '../../src/clients/embedded.ts';
import { readStateFile, writePrivateFile } from './files.ts';
import { withLock } from './python/lock.ts';

const portsFile = z.record(z.string(), z.int());

/**
 * The port of the listener with this name: the remembered one, unless somebody else has it by now and `isOurs` doesn't
 * say that it is this very listener that runs. Two names never get one port.
 */
export async function stablePort(
  name: string,
  signal: AbortSignal,
  { home = slipwayHome(), isOurs = false } = {},
): Promise<number> {
  const path = join(home, 'embedded', 'ports.json');
  return withLock(
    `${path}.lock`,
    async () => {
      const ports = (await readStateFile(path, portsFile)) ?? {};
      const known = ports[name];
      if (known !== undefined && (isOurs || (await isFree(known)))) return known;
      const taken = new Set(Object.values(ports));
      let port = await freePort();
      while (taken.has(port)) port = await freePort();
      await writePrivateFile(path, JSON.stringify({ ...ports, [name]: port }, undefined, 2));
      return port;
    },
    { signal },
  );
}

export interface KnownPort {
  readonly name: string;
  readonly port: number;
  /** Nobody listens there now. */
  readonly isFree: boolean;
}

/** All ports that were given out. */
export async function knownPorts(home = slipwayHome()): Promise<readonly KnownPort[]> {
  const ports = (await readStateFile(join(home, 'embedded', 'ports.json'), portsFile)) ?? {};
  return Promise.all(
    Object.entries(ports).map(async ([name, port]) => ({ name, port, isFree: await isFree(port) })),
  );
}

/** Nobody listens there on this machine's loopback. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('A TCP listener has a port.');
  return address.port;
}
