import { EventEmitter, type Pseudoterminal } from 'vscode';
import { asError, isAbort } from '../core/base/errors.ts';
import { TerminalText } from '../platform/terminalText.ts';

/** Writes what happens with `write` (plain text, LF) and resolves with the task's exit code. */
export type RunWork = (write: (text: string) => void, signal: AbortSignal) => Promise<number>;

/** A task terminal around one run; closing it, or Ctrl+C in it, cancels the run. */
export class RunPseudoterminal implements Pseudoterminal {
  readonly #writes = new EventEmitter<string>();
  readonly onDidWrite = this.#writes.event;
  readonly #closes = new EventEmitter<number>();
  readonly onDidClose = this.#closes.event;
  readonly #work: RunWork;
  readonly #abort = new AbortController();
  readonly #filter = new TerminalText();

  constructor(work: RunWork) {
    this.#work = work;
  }

  open(): void {
    void this.#run();
  }

  close(): void {
    this.#abort.abort();
  }

  handleInput(data: string): void {
    if (data === '\u0003') this.#abort.abort();
  }

  async #run(): Promise<void> {
    let exitCode = 1;
    try {
      exitCode = await this.#work((text) => this.#writes.fire(this.#filter.push(text)), this.#abort.signal);
    } catch (error) {
      this.#writes.fire(
        isAbort(error)
          ? '\r\nCancelled.\r\n'
          : `\r\n\u001b[31m${this.#filter.push(asError(error).message)}\u001b[0m\r\n`,
      );
    }
    this.#closes.fire(exitCode);
  }
}
