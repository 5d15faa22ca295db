import {
  EventEmitter,
  TerminalLocation,
  ThemeIcon,
  window,
  type Pseudoterminal,
  type Terminal,
} from 'vscode';
import { delay } from '../core/base/abort.ts';
import { asError, isAbort, isSlipwayError } from '../core/base/errors.ts';
import { LogWindow } from './logWindow.ts';
import { TerminalText } from './terminalText.ts';

export interface FollowedLog {
  /** Two with the same key are the same log: it is shown once. */
  readonly key: string;
  readonly title: string;
  /**
   * From its start, until it has ended. Asked anew after a lost connection, when it must start over: what was shown is
   * not shown again.
   */
  readonly follow: (signal: AbortSignal) => AsyncIterable<string>;
  /** What to do about text that came faster than a terminal shows it, e.g. `use Open Full Log as File`. */
  readonly whenSkipped: string;
}

/** Written at most this much every `flushMs`: the editor stays fluent whatever a step prints. */
const flushSize = 64 * 1_024;
const flushMs = 30;
const windowSize = 1_024 * 1_024;
const maxRetries = 8;

const dim = (text: string): string => `\u001b[2m${text}\u001b[0m`;

/** A log in a read-only terminal among the editors. */
class LogPseudoterminal implements Pseudoterminal {
  readonly #writes = new EventEmitter<string>();
  readonly onDidWrite = this.#writes.event;
  readonly #source: FollowedLog;
  readonly #abort = new AbortController();
  readonly #window = new LogWindow(windowSize);
  #timer: NodeJS.Timeout | undefined;

  constructor(source: FollowedLog) {
    this.#source = source;
  }

  open(): void {
    void this.#follow().catch((error: unknown) => {
      if (!isAbort(error)) this.#say(asError(error).message);
    });
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#writes.dispose();
  }

  /** Required by some versions of VS Code to show a cursor; keys do nothing. */
  handleInput(): void {
    // Read-only.
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    let received = 0;
    let failures = 0;
    for (;;) {
      const filter = new TerminalText();
      let position = 0;
      try {
        for await (const chunk of this.#source.follow(signal)) {
          // After a reconnection the log starts over: what was shown is read through the filter, but not shown again.
          const start = Math.max(0, received - position);
          filter.push(chunk.slice(0, start));
          position += chunk.length;
          if (chunk.length > start) this.#show(filter.push(chunk.slice(start)));
          received = Math.max(received, position);
          failures = 0;
        }
        this.#say('End of the log');
        return;
      } catch (error) {
        if (signal.aborted) return;
        const isFinalAnswer = isSlipwayError(error) && ['notFound', 'unauthorized'].includes(error.reason);
        if (isFinalAnswer || failures >= maxRetries) throw error;
        if (failures === 0) this.#say('Connection lost; trying again');
        await delay(Math.min(10_000, 500 * 2 ** failures++), signal);
      }
    }
  }

  #say(message: string): void {
    this.#show(`\r\n${dim(`── ${message}`)}\r\n`);
  }

  #show(text: string): void {
    this.#window.push(text);
    this.#timer ??= setTimeout(() => this.#flush(), 0);
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#abort.signal.aborted) return;
    const { text, skipped } = this.#window.take(flushSize);
    if (skipped > 0)
      this.#writes.fire(
        `\u001b[0m${dim(`── ${skipped.toLocaleString()} characters skipped: ${this.#source.whenSkipped}`)}\r\n`,
      );
    this.#writes.fire(text);
    if (!this.#window.isEmpty) this.#timer = setTimeout(() => this.#flush(), flushMs);
  }
}

/** Opens logs, one terminal each: asking again shows the one that is there. */
export class LogTerminals {
  readonly #open = new Map<string, Terminal>();
  readonly #onClose = window.onDidCloseTerminal((closed) => {
    for (const [key, terminal] of this.#open) if (terminal === closed) this.#open.delete(key);
  });

  show(source: FollowedLog): void {
    const { key } = source;
    const terminal =
      this.#open.get(key) ??
      window.createTerminal({
        name: source.title,
        pty: new LogPseudoterminal(source),
        location: TerminalLocation.Editor,
        iconPath: new ThemeIcon('output'),
        isTransient: true,
      });
    this.#open.set(key, terminal);
    terminal.show();
  }

  dispose(): void {
    this.#onClose.dispose();
    for (const terminal of this.#open.values()) terminal.dispose();
  }
}
