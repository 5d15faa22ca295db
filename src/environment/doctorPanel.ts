/** The doctor's page: one panel, checked when it opens and when asked. */
import { commands, env, extensions, version, workspace, type WebviewPanel } from 'vscode';
import { panelTypes } from '../contributions.ts';
import type { Disposable } from '../core/base/disposable.ts';
import { isAbort } from '../core/base/errors.ts';
import {
  doctorParsers,
  doctorText,
  type DoctorContract,
  type DoctorSection,
} from '../core/protocol/doctor.ts';
import type { Handlers } from '../core/protocol/rpc.ts';
import { executeCommand } from '../platform/commands.ts';
import { attachWebview, createPanel, type WebviewDeps, type WebviewPage } from '../platform/webviewHost.ts';
import {
  doctorActions,
  examine,
  examineEnvironment,
  type DoctorActionId,
  type DoctorSources,
  type EditorFacts,
} from './doctor.ts';

export interface DoctorDeps extends Omit<DoctorSources, 'editor'>, WebviewDeps {
  /** Of package.json's `engines.vscode`, without its caret. */
  readonly neededVersion: string;
}

const page: WebviewPage<DoctorContract> = { bundle: 'doctor', icon: 'pulse', parsers: doctorParsers };

/** While an environment starts it changes many times. */
const FOLLOW_MS = 300;

export class DoctorPanel implements Disposable {
  readonly #deps: DoctorDeps;
  #panel: WebviewPanel | undefined;

  constructor(deps: DoctorDeps) {
    this.#deps = deps;
  }

  open(): void {
    if (this.#panel === undefined) this.restore(createPanel(panelTypes.doctor, 'Doctor'));
    else this.#panel.reveal();
  }

  /** For the serializer too: everything is checked anew. */
  restore(panel: WebviewPanel): void {
    const { reporter } = this.#deps;
    this.#panel?.dispose();
    this.#panel = panel;
    const abort = new AbortController();
    let sections: readonly DoctorSection[] = [];
    let isChecking = false;
    let timer: NodeJS.Timeout | undefined;
    const isBusy = (): boolean => isChecking || abort.signal.aborted;
    const checkAll = async (): Promise<void> => {
      if (isChecking) return;
      isChecking = true;
      channel.push({ isChecking, sections });
      try {
        sections = await examine({ ...this.#deps, editor: () => this.#editor() }, abort.signal);
      } finally {
        isChecking = false;
      }
      if (!abort.signal.aborted) channel.push({ isChecking, sections });
    };
    const handlers: Handlers<DoctorContract> = {
      recheck: async () => {
        await checkAll();
        return null;
      },
      copy: async () => {
        await env.clipboard.writeText(doctorText(sections));
        return null;
      },
      act: async ({ id }) => {
        if (id in doctorActions) await act(id as DoctorActionId);
        await checkAll();
        return null;
      },
    };
    const channel = attachWebview(panel, page, handlers, this.#deps);
    // The rest of the page does not change with the environment.
    const followEnvironment = async (): Promise<void> => {
      if (isBusy() || sections.length === 0) return;
      const first = await examineEnvironment(this.#deps, abort.signal);
      if (isBusy()) return;
      sections = [first, ...sections.slice(1)];
      channel.push({ isChecking, sections });
    };
    const subscription = this.#deps.environments.onDidChange(() => {
      clearTimeout(timer);
      timer = setTimeout(() => reporter.background(followEnvironment()), FOLLOW_MS);
    });
    panel.onDidDispose(() => {
      clearTimeout(timer);
      if (this.#panel === panel) this.#panel = undefined;
      abort.abort();
      subscription.dispose();
    });
    reporter.background(
      checkAll().catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      }),
    );
  }

  dispose(): void {
    this.#panel?.dispose();
  }

  #editor(): EditorFacts {
    return {
      isTrusted: workspace.isTrusted,
      version,
      neededVersion: this.#deps.neededVersion,
      hasPythonExtension: extensions.getExtension('ms-python.python') !== undefined,
    };
  }
}

async function act(id: DoctorActionId): Promise<void> {
  switch (id) {
    case 'trust':
      await commands.executeCommand('workbench.trust.manage');
      return;
    case 'python':
      await commands.executeCommand('workbench.extensions.search', '@id:ms-python.python');
      return;
    case 'environment':
      await executeCommand('slipway.environment.start');
      return;
    case 'connection':
      await executeCommand('slipway.environment.refresh');
      return;
    case 'kubeconfig':
      await commands.executeCommand('workbench.action.openSettings', 'slipway.kubeconfig');
      return;
    case 'machine':
      await executeCommand('slipway.showLog');
  }
}
