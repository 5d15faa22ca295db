import { ViewColumn, window, type WebviewPanel } from 'vscode';
import type { Artifact, Run } from '../clients/kfp/model.ts';
import { panelTypes } from '../contributions.ts';
import { SlipwayError } from '../core/base/errors.ts';
import { artifactHtml } from './artifactHtml.ts';
import type { Artifacts } from './artifacts.ts';
import { safeName } from './fullLog.ts';
import type { VirtualDocuments } from './virtualDocuments.ts';

/** Opens an artifact: text as a read-only document, everything else in a panel without scripts. */
export class ArtifactViews {
  readonly #artifacts: Artifacts;
  readonly #documents: VirtualDocuments;

  constructor(artifacts: Artifacts, documents: VirtualDocuments) {
    this.#artifacts = artifacts;
    this.#documents = documents;
  }

  async open(artifact: Artifact, run: Run): Promise<void> {
    const preview = await this.#artifacts.preview(artifact, run);
    if (preview.kind === 'none') throw new SlipwayError('noPreview', preview.message);
    const title = artifact.name || artifact.type;
    if (preview.kind === 'text') {
      const note = preview.isTruncated ? '\n… the rest is not shown\n' : '';
      const ending = /^\s*[[{]/.test(preview.text) ? 'json' : 'txt';
      const uri = this.#documents.put(
        `${safeName(artifact.id)}/${safeName(title)}.${ending}`,
        preview.text + note,
      );
      await window.showTextDocument(uri, { preview: true });
      return;
    }
    const panel: WebviewPanel = window.createWebviewPanel(panelTypes.artifact, title, ViewColumn.Active, {
      enableScripts: false,
      localResourceRoots: [],
      enableFindWidget: true,
    });
    panel.webview.html = artifactHtml(title, preview);
  }
}
