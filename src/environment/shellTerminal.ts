/** Shells in containers as terminals of the editor: through the API server, so no kubectl is needed. */
import {
  EventEmitter,
  ThemeIcon,
  window,
  type Pseudoterminal,
  type Terminal,
  type TerminalDimensions,
} from 'vscode';
import type { KubernetesApi } from '../clients/kubernetes/api.ts';
import type { Shell, TerminalSize } from '../clients/kubernetes/shell.ts';
import type { ContainerTarget } from '../contributions.ts';
import { asError } from '../core/base/errors.ts';

const DEFAULT_SIZE: TerminalSize = { rows: 24, columns: 80 };

class ShellPseudoterminal implements Pseudoterminal {
  readonly #writes = new EventEmitter<string>();
  readonly onDidWrite = this.#writes.event;
  readonly #closes = new EventEmitter<number>();
  readonly onDidClose = this.#closes.event;
  readonly #api: KubernetesApi;
  readonly #target: ContainerTarget;
  #size = DEFAULT_SIZE;
  #shell: Shell | undefined;
  /** What was typed before the shell was there. */
  #typed = '';
  #isClosed = false;

  constructor(api: KubernetesApi, target: ContainerTarget) {
    this.#api = api;
    this.#target = target;
  }

  open(dimensions: TerminalDimensions | undefined): void {
    if (dimensions !== undefined) this.#size = dimensions;
    void this.#run().catch((error: unknown) => {
      this.#say(asError(error).message || 'The container can’t be reached.');
      // The terminal stays, so that the sentence can be read.
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#shell?.close();
  }

  handleInput(data: string): void {
    if (this.#shell === undefined) this.#typed += data;
    else this.#shell.write(data);
  }

  setDimensions(dimensions: TerminalDimensions): void {
    this.#size = dimensions;
    this.#shell?.resize(dimensions);
  }

  async #run(): Promise<void> {
    const { openShell, SHELL_COMMAND } = await import('../clients/kubernetes/shell.ts');
    const { namespace, pod, container } = this.#target;
    const shell = await openShell(this.#api, {
      namespace,
      pod,
      container,
      command: SHELL_COMMAND,
      size: this.#size,
      onOutput: (text) => this.#writes.fire(text),
    });
    if (this.#isClosed) {
      shell.close();
      return;
    }
    this.#shell = shell;
    if (this.#typed !== '') shell.write(this.#typed);
    const end = await shell.ended;
    if (end?.message !== undefined && end.exitCode !== 0) this.#say(end.message);
    else if (end === undefined) this.#say('The connection to the container was closed.');
    else this.#closes.fire(end.exitCode);
  }

  #say(text: string): void {
    this.#writes.fire(`\r\n\u001b[2m── ${text.replaceAll('\n', ' ')}\u001b[0m\r\n`);
  }
}

export class ShellTerminals {
  readonly #open = new Set<Terminal>();
  readonly #onClose = window.onDidCloseTerminal((closed) => this.#open.delete(closed));

  open(api: KubernetesApi, target: ContainerTarget): void {
    const terminal = window.createTerminal({
      name: `${target.pod}${target.container === target.pod ? '' : ` (${target.container})`}`,
      pty: new ShellPseudoterminal(api, target),
      iconPath: new ThemeIcon('vm-running'),
      isTransient: true,
    });
    this.#open.add(terminal);
    terminal.show();
  }

  dispose(): void {
    this.#onClose.dispose();
    for (const terminal of this.#open) terminal.dispose();
  }
}
