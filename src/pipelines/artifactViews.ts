import { ViewColumn, window, type WebviewPanel } from 'vscode';
import { z } from 'zod';
import { panelTypes } from '../contributions.ts';
import { asError, SlipwayError } from '../core/base/errors.ts';
import type { ArtifactPreview } from '../core/protocol/runGraph.ts';
import type { Environments, Session } from '../environment/session.ts';
import { artifactHtml, type ArtifactPage } from './artifactHtml.ts';
import type { Artifacts } from './artifacts.ts';
import { safeName } from './fullLog.ts';
import type { VirtualDocuments } from './virtualDocuments.ts';

/** Where an artifact is found again after a reload. */
const artifactAddress = z.object({ runId: z.string().min(1), artifactId: z.string().min(1) });
type ArtifactAddress = z.infer<typeof artifactAddress>;

interface Found {
  readonly title: string;
  readonly preview: ArtifactPreview;
}

/** Opens an artifact: text as a read-only document, everything else in a panel that runs nothing of it. */
export class ArtifactViews {
  readonly #environments: Environments;
  readonly #artifacts: Artifacts;
  readonly #documents: VirtualDocuments;

  constructor(environments: Environments, artifacts: Artifacts, documents: VirtualDocuments) {
    this.#environments = environments;
    this.#artifacts = artifacts;
    this.#documents = documents;
  }

  async open(address: ArtifactAddress): Promise<void> {
    const { title, preview } = await this.#find(address, this.#environments.require());
    if (preview.kind === 'none') throw new SlipwayError('noPreview', preview.message);
    if (preview.kind === 'text') {
      const note = preview.isTruncated ? '\n… the rest is not shown\n' : '';
      const ending = /^\s*[[{]/.test(preview.text) ? 'json' : 'txt';
      const uri = this.#documents.put(
        `${safeName(address.artifactId)}/${safeName(title)}.${ending}`,
        preview.text + note,
      );
      await window.showTextDocument(uri, { preview: true });
      return;
    }
    const panel = window.createWebviewPanel(panelTypes.artifact, title, ViewColumn.Active, {
      enableFindWidget: true,
    });
    fill(panel, preview, address);
  }

  /** For the serializer. Without a running environment a sentence stands there until there is one. */
  async restore(panel: WebviewPanel, state: unknown): Promise<void> {
    const address = artifactAddress.safeParse(state);
    if (!address.success) {
      panel.dispose();
      return;
    }
    const environments = this.#environments;
    const show = (message: string): void => fill(panel, { kind: 'none', message }, address.data);
    let shownFrom: Session | undefined;
    const load = async (): Promise<void> => {
      const { session } = environments;
      if (session === undefined || session === shownFrom) return;
      shownFrom = session;
      try {
        const { preview } = await this.#find(address.data, session);
        if (session.signal.aborted) return;
        if (preview.kind === 'text') show('This artifact is text now: open it again from its run.');
        else fill(panel, preview, address.data);
        listening.dispose();
      } catch (error) {
        if (!session.signal.aborted) show(asError(error).message);
      }
    };
    const listening = environments.onDidChange(() => void load());
    panel.onDidDispose(() => listening.dispose());
    await environments.current.discovered;
    if (environments.session === undefined)
      show(`${environments.current.label} is not running. This artifact shows when it is.`);
    await load();
  }

  async #find({ runId, artifactId }: ArtifactAddress, { kfp, signal }: Session): Promise<Found> {
    const [run, tasks] = await Promise.all([kfp.getRun(runId, signal), kfp.listTasks(runId, signal)]);
    const artifact = tasks
      .flatMap((task) => [...task.outputs.artifacts, ...task.inputs.artifacts])
      .flatMap((io) => io.artifacts)
      .find((one) => one.id === artifactId);
    if (artifact === undefined)
      throw new SlipwayError('noArtifact', 'This artifact is not part of the run any more.');
    return {
      title: artifact.name || artifact.type,
      preview: await this.#artifacts.preview(artifact, run),
    };
  }
}

function fill(panel: WebviewPanel, page: ArtifactPage, { runId, artifactId }: ArtifactAddress): void {
  // Scripts for the one line of ours that keeps the address; the page's policy lets no other run.
  panel.webview.options = { enableScripts: true, localResourceRoots: [] };
  panel.webview.html = artifactHtml(panel.title, page, { runId, artifactId });
}
