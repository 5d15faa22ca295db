/**
 * A program on a pseudo-terminal. Node has none, so Python's standard library holds it: copies between the terminal and
 * its own standard streams, and takes sizes as lines `columns rows` on descriptor 3. When that ends, the terminal hangs up.
 */
import { findInterpreter } from '../../python/interpreter.ts';
import type { ContainerCommand } from '../contract.ts';

const SCRIPT = `
import fcntl, os, pty, select, struct, sys, termios
words = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.close(3)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        os.write(2, f"{words[0]}: {error.strerror}\\r\\n".encode())
        os._exit(126 if isinstance(error, PermissionError) else 127)
os.set_blocking(terminal, False)
sources, pending, sizes = {0, 3, terminal}, b"", b""
while terminal in sources:
    takes = sources - {0} if len(pending) > 65536 else sources
    readable, writable, _ = select.select(takes, [terminal] if pending else [], [])
    if 3 in readable:
        data = os.read(3, 4096)
        if not data:
            break
        *lines, sizes = (sizes + data).split(b"\\n")
        for line in lines:
            columns, rows = map(int, line.split())
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    if 0 in readable:
        data = os.read(0, 65536)
        if not data:
            sources.discard(0)
        pending += data or b"\\x04"
    try:
        if writable:
            pending = pending[os.write(terminal, pending):]
        if terminal in readable:
            data = os.read(terminal, 65536)
            if not data:
                break
            while data:
                data = data[os.write(1, data):]
    except BlockingIOError:
        pass
    except OSError:
        break
os.close(terminal)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(128 - code if code < 0 else code)
`;

let interpreter: Promise<string> | undefined;

/** The command that runs this one on a terminal; descriptor 3 must be a pipe. Rejects when there is no Python. */
export async function onTerminal(command: ContainerCommand, signal: AbortSignal): Promise<ContainerCommand> {
  interpreter ??= findInterpreter(process.env, signal).then(({ path }) => path);
  // A failed search is repeated: Python may be installed meanwhile.
  interpreter.catch(() => {
    interpreter = undefined;
  });
  const isolated = ['-I', '-S', '-c', SCRIPT];
  return {
    ...command,
    program: await interpreter,
    args: [...isolated, command.program, ...command.args],
    env: { TERM: 'xterm', ...command.env },
  };
}
