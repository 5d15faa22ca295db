/** What an artifact looks like, fetched when asked for. Pages and Markdown run in a frame without scripts. */
import { useEffect, useState, type ReactElement } from 'react';
import { isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import type { ArtifactPreview, ArtifactView } from '../../../src/core/protocol/runGraph.ts';
import { Button } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { useStore } from './context.ts';
import { Metrics } from './metricViews.tsx';

export function Artifact(props: {
  artifact: ArtifactView;
  name: string;
  producer: string | undefined;
}): ReactElement {
  const { artifact, name } = props;
  const store = useStore();
  const isDrawn = artifact.metrics !== undefined;
  // Reports are made to be read: they open at once.
  const [isOpen, setOpen] = useState(artifact.type === 'HTML' || artifact.type === 'Markdown');
  return (
    <div className="artifact" data-testid={`artifact-${artifact.name}`}>
      <div className="artifact-head">
        <Icon name="package" />
        <span className="io-name" title={artifact.uri}>
          {name}
        </span>
        <span className="hint ellipsis grow">
          {props.producer === undefined ? '' : `from ${props.producer}`}
        </span>
        <span className="type">{artifact.type}</span>
        {isDrawn ? null : (
          <>
            <Button
              appearance="icon"
              label={isOpen ? 'Hide the preview' : 'Preview'}
              onClick={() => setOpen(!isOpen)}
            >
              <Icon name={isOpen ? 'eye-closed' : 'eye'} />
            </Button>
            <Button
              appearance="icon"
              label="Open in the editor"
              onClick={() =>
                void store.request('openArtifact', { artifactId: artifact.id }, { timeoutMs: 60_000 })
              }
            >
              <Icon name="go-to-file" />
            </Button>
          </>
        )}
      </div>
      {artifact.metrics === undefined ? null : <Metrics metrics={artifact.metrics} name={name} />}
      {artifact.metadata.length === 0 ? null : (
        <dl className="facts">
          {artifact.metadata.map((entry) => (
            <div key={entry.name}>
              <dt>{entry.name}</dt>
              <dd>{entry.value}</dd>
            </div>
          ))}
        </dl>
      )}
      {isOpen ? <Preview artifactId={artifact.id} name={name} /> : null}
    </div>
  );
}

function Preview(props: { artifactId: string; name: string }): ReactElement {
  const store = useStore();
  const { artifactId } = props;
  const [preview, setPreview] = useState<ArtifactPreview>();
  useEffect(() => {
    const controller = new AbortController();
    store
      .ask('preview', { artifactId }, { signal: controller.signal, timeoutMs: 60_000 })
      .then(setPreview)
      .catch((error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        setPreview({ kind: 'none', message: error instanceof SlipwayError ? error.message : String(error) });
      });
    return () => controller.abort();
  }, [store, artifactId]);
  if (preview === undefined) return <div className="hint">Loading…</div>;
  switch (preview.kind) {
    case 'none':
      return <div className="hint">{preview.message}</div>;
    case 'text':
      return (
        <pre className="preview-text" tabIndex={0} aria-label={`Preview of ${props.name}`}>
          {preview.text}
          {preview.isTruncated ? '\n…' : ''}
        </pre>
      );
    case 'image':
      return (
        <img
          className="preview-image"
          alt={props.name}
          src={`data:${preview.mimeType};base64,${preview.base64}`}
        />
      );
    case 'table':
      return (
        <div className="preview-table" tabIndex={0} role="region" aria-label={`Preview of ${props.name}`}>
          <table>
            <thead>
              <tr>
                {preview.columns.map((column, at) => (
                  <th key={at} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {preview.rows.map((row, at) => (
                <tr key={at}>
                  {row.map((cell, column) => (
                    <td key={column}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {preview.isTruncated ? <div className="hint">More rows in the editor.</div> : null}
        </div>
      );
    case 'html':
      return (
        <iframe
          className="preview-page"
          title={props.name}
          sandbox=""
          srcDoc={themedPage(preview.html)}
          data-testid="preview-page"
        />
      );
  }
}

const THEME_VARIABLES = [
  '--vscode-editor-background',
  '--vscode-editor-foreground',
  '--vscode-font-family',
  '--vscode-textLink-foreground',
  '--vscode-editorWidget-border',
];

/** A frame does not inherit the theme: its colours are written into the page, ahead of the page's own. */
function themedPage(html: string): string {
  const computed = getComputedStyle(document.documentElement);
  const [background, foreground, font, link, border] = THEME_VARIABLES.map((name) =>
    computed.getPropertyValue(name),
  );
  const style =
    `html{background:${background ?? ''};color:${foreground ?? ''};font:13px ${font ?? 'sans-serif'}}` +
    `body{margin:8px}a{color:${link ?? ''}}table{border-collapse:collapse}` +
    `td,th{border:1px solid ${border ?? 'currentColor'};padding:2px 8px}img{max-width:100%}`;
  return `<style>${style}</style>${html}`;
}
