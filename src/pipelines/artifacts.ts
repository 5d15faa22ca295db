/** What can be seen of an artifact, of bounded size. Knows no vscode: Markdown is rendered by the caller. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema, toJson, type AsyncBuffer } from 'hyparquet';
import type { Artifact, Run } from '../clients/kfp/model.ts';
import { asError, SlipwayError } from '../core/base/errors.ts';
import type { ArtifactPreview } from '../core/protocol/runGraph.ts';
import type { ArtifactReader, OpenArtifact } from './artifactReader.ts';
import { delimiterOf, parseDelimited } from './delimitedText.ts';

/** What is read of a text. */
const maxText = 512 * 1_024;
const maxImage = 4 * 1_024 * 1_024;
const maxRows = 200;
const maxColumns = 60;
const maxCell = 200;

export class Artifacts {
  readonly #reader: ArtifactReader;
  readonly #renderMarkdown: (text: string) => Promise<string>;

  constructor(reader: ArtifactReader, renderMarkdown: (text: string) => Promise<string>) {
    this.#reader = reader;
    this.#renderMarkdown = renderMarkdown;
  }

  /** Never rejects for what an artifact is like: that becomes `none` with a sentence. */
  async preview(artifact: Artifact, run: Run): Promise<ArtifactPreview> {
    if (artifact.uri === '') return none('This artifact has no file: its metadata is all there is.');
    try {
      const found = await this.#reader.open(artifact.uri, run.pipelineRoot);
      if (found.kind === 'folder')
        return { kind: 'text', text: found.names.join('\n'), isTruncated: found.names.length >= 200 };
      try {
        return await this.#previewFile(artifact, found.file);
      } finally {
        await found.file.close();
      }
    } catch (error) {
      return none(
        error instanceof SlipwayError
          ? error.message
          : `This file cannot be shown: ${asError(error).message}`,
      );
    }
  }

  async #previewFile(artifact: Artifact, file: OpenArtifact): Promise<ArtifactPreview> {
    if (file.size === 0) return none('The file is empty.');
    const head = await file.read(0, 512);
    const mimeType = imageType(head);
    if (mimeType !== undefined) {
      if (file.size > maxImage) return none(`The image has ${megabytes(file.size)}, too much to show here.`);
      const bytes = await file.read(0, file.size);
      return { kind: 'image', mimeType, base64: Buffer.from(bytes).toString('base64') };
    }
    if (ascii(head, 0, 4) === 'PAR1') return previewParquet(file);
    if (isBinary(head)) return none(`A binary file of ${megabytes(file.size)}.`);
    const bytes = await file.read(0, maxText);
    const text = new TextDecoder().decode(bytes);
    return this.#previewText(artifact, text, file.size > maxText);
  }

  async #previewText(artifact: Artifact, text: string, isTruncated: boolean): Promise<ArtifactPreview> {
    const name = artifact.uri.toLowerCase();
    if (artifact.type === 'HTML' || /\.html?$/.test(name)) return { kind: 'html', html: text };
    if (artifact.type === 'Markdown' || name.endsWith('.md'))
      return { kind: 'html', html: await this.#renderMarkdown(text) };
    if (/^\s*[[{]/.test(text) && !isTruncated) {
      const json = prettyJson(text);
      if (json !== undefined) return { kind: 'text', text: json, isTruncated };
    }
    const delimiter = delimiterOf(text);
    if (delimiter === undefined) return { kind: 'text', text, isTruncated };
    const [columns = [], ...rows] = parseDelimited(text, delimiter, maxRows + 2);
    return table(columns, rows, isTruncated);
  }
}

async function previewParquet(file: OpenArtifact): Promise<ArtifactPreview> {
  const buffer: AsyncBuffer = {
    byteLength: file.size,
    slice: async (start, end = file.size) => {
      const bytes = await file.read(start, end);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    },
  };
  const metadata = await parquetMetadataAsync(buffer);
  const columns = parquetSchema(metadata)
    .children.map((child) => child.element.name)
    .slice(0, maxColumns);
  const rows = await parquetReadObjects({
    file: buffer,
    metadata,
    columns,
    rowEnd: Math.min(maxRows, Number(metadata.num_rows)),
    compressors: {
      GZIP: (input) => gunzipSync(input),
      ZSTD: (input) => zstdDecompressSync(input),
      BROTLI: (input) => brotliDecompressSync(input),
    },
  });
  const cells = rows.map((row) => columns.map((column): string => cellText(row[column])));
  return { ...table(columns, cells, Number(metadata.num_rows) > cells.length) };
}

function table(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  isTruncated: boolean,
): ArtifactPreview {
  return {
    kind: 'table',
    columns: columns.slice(0, maxColumns),
    rows: rows.slice(0, maxRows).map((row) => row.slice(0, maxColumns).map(clip)),
    isTruncated: isTruncated || rows.length > maxRows || columns.length > maxColumns,
  };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return JSON.stringify(toJson(value));
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : '';
}

function clip(cell: string): string {
  return cell.length > maxCell ? `${cell.slice(0, maxCell)}…` : cell;
}

function prettyJson(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value, null, 2);
  } catch {
    return undefined;
  }
}

function imageType(head: Uint8Array): string | undefined {
  if (ascii(head, 1, 4) === 'PNG') return 'image/png';
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'image/jpeg';
  if (ascii(head, 0, 4) === 'GIF8') return 'image/gif';
  if (ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP') return 'image/webp';
  // Shown by an <img>, which runs none of its scripts.
  if (/^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)?<svg[\s>]/.test(new TextDecoder().decode(head)))
    return 'image/svg+xml';
  return undefined;
}

function isBinary(head: Uint8Array): boolean {
  return head.includes(0);
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

function megabytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} bytes`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

function none(message: string): ArtifactPreview {
  return { kind: 'none', message };
}
