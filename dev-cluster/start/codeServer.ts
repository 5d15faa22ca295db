/** Starts VS Code's own server (code-server's bundled one) as a child process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { http } from '../../src/clients/http.ts';
import { delay } from '../../src/core/base/abort.ts';
import { SlipwayError } from '../../src/core/base/errors.ts';
import { servePortPages } from './portPages.ts';

export interface CodeServerOptions {
  /** The server's folder, from installCodeServer. */
  readonly server: string;
  readonly port: number;
  readonly userDataDir: string;
  readonly extensionsDir: string;
  /** A 0600 file; without it everyone on this machine may connect. */
  readonly connectionTokenFile: string;
  readonly extraArgs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Everything the server prints. */
  readonly onOutput: (text: string) => void;
}

export interface CodeServer {
  readonly url: string;
  /** Settles when the server has ended, whoever ended it. */
  readonly ended: Promise<number | undefined>;
  stop(): Promise<void>;
}

/** Resolves once the server answers. */
export async function startCodeServer(options: CodeServerOptions, signal: AbortSignal): Promise<CodeServer> {
  const env = options.env ?? process.env;
  // On somebody's cloud machine it is set already, to what works there.
  const ports = env['VSCODE_PROXY_URI'] === undefined ? await servePortPages() : undefined;
  const child = spawn(
    process.execPath,
    [
      join(options.server, 'out', 'server-main.js'),
      ...['--host', '127.0.0.1', '--port', String(options.port)],
      ...['--connection-token-file', options.connectionTokenFile],
      ...['--server-data-dir', options.userDataDir, '--user-data-dir', options.userDataDir],
      ...['--extensions-dir', options.extensionsDir],
      '--accept-server-license-terms',
      ...['--telemetry-level', 'off'],
      ...(options.extraArgs ?? []),
    ],
    { env: { VSCODE_PROXY_URI: ports?.template, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let tail = '';
  const hear = (text: string): void => {
    tail = (tail + text).slice(-4_000);
    options.onOutput(text);
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const ended = new Promise<number | undefined>((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code ?? undefined));
  }).finally(() => ports?.close());
  const url = `http://127.0.0.1:${options.port}`;
  const startup = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
  try {
    while (!(await answers(url, startup))) {
      if (hasEnded(child)) throw new Error(tail);
      await delay(50, startup);
    }
  } catch (error) {
    child.kill('SIGKILL');
    signal.throwIfAborted();
    throw new SlipwayError('editorStart', `The browser editor did not start on port ${options.port}.`, {
      action: 'Run `npm start` again.',
      cause: new Error(tail, { cause: error }),
    });
  }
  return {
    url,
    ended,
    async stop() {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(patience);
    },
  };
}

/** True when a VS Code server answers at `url`. */
export async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  const request = { method: 'GET', path: '/version', responseType: 'text', timeoutMs: 5_000 } as const;
  try {
    await http({ url, token: undefined, label: 'The browser editor' }, request, signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** `preferred` when it is free on loopback, else any free port. */
export async function freePort(preferred = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () => (preferred === 0 ? reject(new Error('no free port')) : resolve(freePort())));
    probe.listen(preferred, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : preferred));
    });
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
