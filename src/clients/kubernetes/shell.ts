/** A command in a container with a terminal, by the API server's exec: needs no kubectl on this machine. */
import { PassThrough, Writable } from 'node:stream';
import type { KubernetesApi } from './api.ts';
import { Exec } from './clientNode.ts';

export interface ShellOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | undefined;
  readonly command: readonly string[];
  readonly size: TerminalSize;
  readonly onOutput: (text: string) => void;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

export interface Shell {
  write(text: string): void;
  resize(size: TerminalSize): void;
  /** Resolves when the command has ended, with what the API server says of it; `undefined`: the connection went away. */
  readonly ended: Promise<ShellEnd | undefined>;
  close(): void;
}

export interface ShellEnd {
  readonly exitCode: number;
  readonly message: string | undefined;
}

/** Bash where the image has it. */
export const SHELL_COMMAND: readonly string[] = [
  '/bin/sh',
  '-c',
  'command -v bash >/dev/null 2>&1 && exec bash; exec sh',
];

/** Rejects when the container can't be reached. */
export async function openShell(api: KubernetesApi, options: ShellOptions): Promise<Shell> {
  const { namespace, pod, container, command, onOutput } = options;
  const decoder = new TextDecoder();
  const output = new TerminalOutput(options.size, (chunk) =>
    onOutput(decoder.decode(chunk, { stream: true })),
  );
  const input = new PassThrough();
  const ended = Promise.withResolvers<ShellEnd | undefined>();
  const socket = await new Exec(api.config).exec(
    namespace,
    pod,
    container ?? '',
    [...command],
    output,
    // With a terminal both come as one.
    null,
    input,
    true,
    ({ status, message, details }) => {
      const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
      const exitCode = status === 'Success' ? 0 : Number(code ?? 1);
      ended.resolve({ exitCode, message: code === undefined ? message : undefined });
    },
  );
  socket.onclose = () => ended.resolve(undefined);
  return {
    write: (text) => void input.write(text),
    resize: (size) => output.resize(size),
    ended: ended.promise,
    close: () => socket.close(),
  };
}

/** What client-node takes for a terminal: a stream with a size and `resize` events. */
class TerminalOutput extends Writable {
  rows: number;
  columns: number;

  constructor(size: TerminalSize, onChunk: (chunk: Buffer) => void) {
    super({
      write: (chunk: Buffer, _encoding, done) => {
        onChunk(chunk);
        done();
      },
    });
    this.rows = size.rows;
    this.columns = size.columns;
  }

  resize({ rows, columns }: TerminalSize): void {
    this.rows = rows;
    this.columns = columns;
    this.emit('resize');
  }
}
