import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../core/base/json.ts';
import type { ArtifactPreview } from '../core/protocol/runGraph.ts';
import { escapeHtml } from '../platform/webviewHtml.ts';

/** What a panel shows: a preview, or a sentence in its place. Text has an editor of its own. */
export type ArtifactPage = Exclude<ArtifactPreview, { readonly kind: 'text' }>;

/**
 * A static page without network. Its one script keeps `state`, which VS Code hands back after a reload; what an HTML
 * report brings stays inside a frame that runs nothing.
 */
export function artifactHtml(title: string, preview: ArtifactPage, state: JsonObject): string {
  const nonce = randomUUID();
  const policy =
    preview.kind === 'html'
      ? `default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; script-src 'nonce-${nonce}'`
      : `default-src 'none'; img-src data:; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style nonce="${nonce}">
  body { padding: 12px; font: var(--vscode-font-size) var(--vscode-font-family); }
  table { border-collapse: collapse; font: var(--vscode-editor-font-size) var(--vscode-editor-font-family); }
  th, td { padding: 2px 8px; border: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, #8884)); text-align: left; white-space: pre; }
  th { position: sticky; top: 0; background: var(--vscode-editor-background); }
  img { max-width: 100%; }
  iframe { width: 100%; height: 94vh; border: 0; background: white; }
  p { color: var(--vscode-descriptionForeground); }
</style>
</head>
<body>
${body(title, preview)}
<script nonce="${nonce}">acquireVsCodeApi().setState(${JSON.stringify(state).replaceAll('<', '\\u003c')});</script>
</body>
</html>`;
}

function body(title: string, preview: ArtifactPage): string {
  switch (preview.kind) {
    case 'none':
      return `<p>${escapeHtml(preview.message)}</p>`;
    case 'image':
      return `<img alt="${escapeHtml(title)}" src="data:${preview.mimeType};base64,${preview.base64}">`;
    case 'html':
      // No allow-scripts: the report is shown, never run.
      return `<iframe title="${escapeHtml(title)}" sandbox="" srcdoc="${escapeHtml(preview.html)}"></iframe>`;
    case 'table': {
      const row = (tag: 'th' | 'td', cells: readonly string[]): string =>
        `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
      const note = preview.isTruncated ? `<p>The first ${preview.rows.length} rows.</p>` : '';
      return `<table><thead>${row('th', preview.columns)}</thead><tbody>${preview.rows.map((cells) => row('td', cells)).join('')}</tbody></table>${note}`;
    }
  }
}
