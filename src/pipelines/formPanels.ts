/** Forms as editor panels: one per pipeline file, uploaded version, cloned run or component. */
import type { WebviewPanel } from 'vscode';
import { panelTypes } from '../contributions.ts';
import { asError, isAbort, SlipwayError } from '../core/base/errors.ts';
import {
  formTarget,
  runFormParsers,
  type FormAnswer,
  type FormTarget,
  type RunFormContract,
  type RunFormState,
} from '../core/protocol/runForm.ts';
import type { Handlers } from '../core/protocol/rpc.ts';
import { attachWebview, type WebviewDeps, type WebviewPage } from '../platform/webviewHost.ts';
import { WebviewPanels } from '../platform/webviewPanels.ts';

/** What a form asks the inputs of, and what its answer starts. */
export interface FormSubject {
  /** Two with the same key share a form. */
  readonly key: string;
  readonly title: string;
  readonly target: FormTarget;
  state(signal: AbortSignal): Promise<RunFormState>;
  submit(answer: FormAnswer): Promise<void>;
}

export interface FormPanelDeps extends WebviewDeps {
  /** After a reload. */
  load(target: FormTarget, signal: AbortSignal): Promise<FormSubject>;
}

interface OpenForm {
  readonly target: FormTarget;
  /** Absent while it is loaded. */
  subject?: FormSubject;
}

const page: WebviewPage<RunFormContract> = {
  bundle: 'runForm',
  icon: 'settings-gear',
  parsers: runFormParsers,
};

/** What was typed into one is the state of its page, and still there after a reload. */
export function formPanels(deps: FormPanelDeps): WebviewPanels<OpenForm, OpenForm> {
  return new WebviewPanels<OpenForm, OpenForm>({
    viewType: panelTypes.runForm,
    title: 'Run',
    target: formTarget.transform((target) => ({ target })),
    contentOf: (form) => form,
    isOf: (form, { subject }) => subject !== undefined && form.subject?.key === subject.key,
    show: (panel, form) => deps.reporter.background(showForm(panel, form, deps)),
  });
}

async function showForm(panel: WebviewPanel, form: OpenForm, deps: FormPanelDeps): Promise<void> {
  const abort = new AbortController();
  if (form.subject !== undefined) panel.title = form.subject.title;
  const handlers: Handlers<RunFormContract> = {
    submit: async (answer) => {
      if (form.subject === undefined) throw new SlipwayError('loading', 'The inputs are still being read.');
      await form.subject.submit(answer);
      panel.dispose();
      return null;
    },
    cancel: () => {
      panel.dispose();
      return Promise.resolve(null);
    },
  };
  const channel = attachWebview(panel, page, handlers, deps);
  panel.onDidDispose(() => abort.abort());
  try {
    form.subject ??= await deps.load(
      form.target,
      AbortSignal.any([abort.signal, AbortSignal.timeout(60_000)]),
    );
    panel.title = form.subject.title;
    channel.push(await form.subject.state(abort.signal));
  } catch (error) {
    if (abort.signal.aborted || isAbort(error)) return;
    channel.push({ ...emptyForm, target: form.target, problem: asError(error).message });
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
