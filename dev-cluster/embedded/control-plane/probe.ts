/** Asking a loopback listener of the control plane whether it is well. */
import { Agent } from 'node:https';
import { readFile } from 'node:fs/promises';
import { http } from '../../../src/clients/http.ts';
import { stablePort } from '../ports.ts';
import type { CertificateFiles } from './pki.ts';

/** The port of a listener that runs, as its `command` chose it. */
export async function runningPort(name: string, signal: AbortSignal): Promise<number> {
  return stablePort(name, signal, { isOurs: true });
}

/** Resolves with the answer's body when it is a good one. Without a certificate the listener is plain HTTP. */
export async function probe(
  listener: { readonly label: string; readonly port: number; readonly path: string },
  client: CertificateFiles | undefined,
  signal: AbortSignal,
): Promise<string> {
  const scheme = client === undefined ? 'http' : 'https';
  const agent = client === undefined ? undefined : await agentOf(client);
  const endpoint = {
    url: `${scheme}://127.0.0.1:${listener.port}`,
    token: undefined,
    label: listener.label,
    ...(agent === undefined ? {} : { agent }),
  };
  try {
    return (await http(
      endpoint,
      { method: 'GET', path: listener.path, responseType: 'text' },
      signal,
    )) as string;
  } finally {
    agent?.destroy();
  }
}

async function agentOf(client: CertificateFiles): Promise<Agent> {
  const [ca, cert, key] = await Promise.all(
    [client.ca, client.cert, client.key].map((path) => readFile(path)),
  );
  return new Agent({ ca, cert, key });
}

/** Go programs of the control plane idle most of the time: a small heap costs them some more collections when busy. */
export function goMemory(limitMiB: number, growthPercent = 50): Readonly<Record<string, string>> {
  return { GOGC: String(growthPercent), GOMEMLIMIT: `${limitMiB}MiB` };
}
