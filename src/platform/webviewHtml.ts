/** The page of every webview. Apart from vscode so that tests serve the same page, with the same policy. */
export interface WebviewPage {
  readonly title: string;
  readonly scriptUrl: string;
  readonly styleUrl: string;
  /** `webview.cspSource`: where the bundle's own styles and fonts come from. */
  readonly source: string;
  /** Fresh for every page. */
  readonly nonce: string;
}

/**
 * Nothing is allowed that is not named: no connections, no frames but those of srcdoc, scripts by nonce only. Styles may
 * be inline, because HTML reports shown in script-less frames inherit this policy and bring their own; with images and
 * fonts closed to the network, a style can send nothing anywhere.
 */
export function webviewHtml(page: WebviewPage): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${page.nonce}'`,
    `style-src ${page.source} 'unsafe-inline'`,
    `font-src ${page.source}`,
    `img-src ${page.source} data:`,
    `connect-src 'none'`,
    `form-action 'none'`,
    `base-uri 'none'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<link rel="stylesheet" href="${page.styleUrl}">
</head>
<body>
<div id="root"></div>
<script type="module" nonce="${page.nonce}" src="${page.scriptUrl}"></script>
</body>
</html>`;
}

/** For text and for quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
