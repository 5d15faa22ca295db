/** Forms as editor panels: one per pipeline file, uploaded version, cloned run or component. */
import { ThemeIcon, type Uri, type WebviewPanel } from 'vscode';
import { panelTypes } from '../contributions.ts';
import { DisposableStore, type Disposable } from '../core/base/disposable.ts';
import { asError, isAbort, SlipwayError } from '../core/base/errors.ts';
import {
  formTarget,
  runFormParsers,
  type FormAnswer,
  type FormTarget,
  type RunFormContract,
  type RunFormState,
} from '../core/protocol/runForm.ts';
import type { ErrorReporter } from '../platform/errorReporter.ts';
import { attachWebview, createPanel } from '../platform/webviewHost.ts';

/** What a form asks the inputs of, and what its answer starts. */
export interface FormSubject {
  /** Two with the same key share a form. */
  readonly key: string;
  readonly title: string;
  readonly target: FormTarget;
  state(signal: AbortSignal): Promise<RunFormState>;
  submit(answer: FormAnswer): Promise<void>;
}

export interface FormPanelDeps {
  readonly extensionUri: Uri;
  readonly reporter: ErrorReporter;
  /** After a reload. */
  load(target: FormTarget, signal: AbortSignal): Promise<FormSubject>;
}

export class FormPanels implements Disposable {
  readonly #deps: FormPanelDeps;
  readonly #open = new Map<string, WebviewPanel>();

  constructor(deps: FormPanelDeps) {
    this.#deps = deps;
  }

  open(subject: FormSubject): Promise<void> {
    const known = this.#open.get(subject.key);
    if (known !== undefined) {
      known.reveal();
      return Promise.resolve();
    }
    return this.#fill(createPanel(panelTypes.runForm, subject.title), subject.target, subject);
  }

  /** For the serializer. What was typed is the page's own state and is still there. */
  async restore(panel: WebviewPanel, state: unknown): Promise<void> {
    const saved = typeof state === 'object' && state !== null && 'target' in state ? state.target : undefined;
    const target = formTarget.safeParse(saved);
    if (target.success) await this.#fill(panel, target.data, undefined);
    else panel.dispose();
  }

  dispose(): void {
    for (const panel of [...this.#open.values()]) panel.dispose();
  }

  async #fill(panel: WebviewPanel, target: FormTarget, given: FormSubject | undefined): Promise<void> {
    const { extensionUri, reporter } = this.#deps;
    const disposables = new DisposableStore();
    const abort = new AbortController();
    panel.iconPath = new ThemeIcon('settings-gear');
    let subject = given;
    const channel = disposables.add(
      attachWebview<RunFormContract>(panel, {
        extensionUri,
        bundle: 'runForm',
        parsers: runFormParsers,
        handlers: {
          submit: async (answer) => {
            if (subject === undefined) throw new SlipwayError('loading', 'The inputs are still being read.');
            await subject.submit(answer);
            panel.dispose();
            return null;
          },
          cancel: () => {
            panel.dispose();
            return Promise.resolve(null);
          },
        },
        onProblem: (message, cause) => reporter.log(new Error(message, { cause })),
      }),
    );
    panel.onDidDispose(() => {
      for (const [key, one] of this.#open) if (one === panel) this.#open.delete(key);
      abort.abort();
      disposables.dispose();
    });
    try {
      subject ??= await this.#deps.load(target, AbortSignal.any([abort.signal, AbortSignal.timeout(60_000)]));
      this.#open.set(subject.key, panel);
      panel.title = subject.title;
      channel.push(await subject.state(abort.signal));
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) return;
      channel.push({ ...emptyForm, target, problem: asError(error).message });
    }
  }
}

/** Nothing asked for. */
export const emptyForm: Omit<RunFormState, 'target'> = {
  subject: 'pipeline',
  verb: 'Run',
  name: '',
  place: '',
  inputs: [],
  remembered: {},
  runName: '',
  experiments: [],
  experimentId: '',
  pipelineRoot: '',
  isCachingEnabled: true,
  cachingNote: undefined,
  problem: undefined,
};
