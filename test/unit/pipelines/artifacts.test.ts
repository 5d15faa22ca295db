import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../src/clients/kfp/model.ts';
import { LocalArtifactReader } from '../../../src/pipelines/artifactReader.ts';
import { artifactHtml } from '../../../src/pipelines/artifactHtml.ts';
import { Artifacts } from '../../../src/pipelines/artifacts.ts';
import { delimiterOf, parseDelimited } from '../../../src/pipelines/delimitedText.ts';
import type { ArtifactPreview } from '../../../src/core/protocol/runGraph.ts';
import { run, start } from './builders.ts';

let home: string;
let outside: string;
beforeEach(async () => {
  const base = await mkdtemp(join(tmpdir(), 'slipway-artifacts-'));
  home = join(base, 'home');
  outside = join(base, 'outside');
  await mkdir(home);
  await mkdir(outside);
});
afterEach(() => rm(join(home, '..'), { recursive: true, force: true }));

function artifact(uri: string, type = 'Artifact'): Artifact {
  return { id: 'a', name: 'a', type, uri, metadata: {}, createdAt: start };
}

function preview(uri: string, type?: string, pipelineRoot?: string): Promise<ArtifactPreview> {
  const artifacts = new Artifacts(new LocalArtifactReader(home), (text) => Promise.resolve(`<p>${text}</p>`));
  return artifacts.preview(artifact(uri, type), run('r', { pipelineRoot }));
}

async function previewOf(content: string | Uint8Array, name = 'a', type?: string): Promise<ArtifactPreview> {
  const path = join(home, name);
  await writeFile(path, content);
  return preview(pathToFileURL(path).toString(), type);
}

describe('what is shown', () => {
  test('text', async () => {
    expect(await previewOf('one line')).toEqual({ kind: 'text', text: 'one line', isTruncated: false });
  });

  test('JSON, indented', async () => {
    expect(await previewOf('{"a":[1]}')).toEqual({
      kind: 'text',
      text: '{\n  "a": [\n    1\n  ]\n}',
      isTruncated: false,
    });
  });

  test('CSV as a table', async () => {
    expect(await previewOf('a,b\n1,"x, y"\n2,\n')).toEqual({
      kind: 'table',
      columns: ['a', 'b'],
      rows: [
        ['1', 'x, y'],
        ['2', ''],
      ],
      isTruncated: false,
    });
  });

  // Written by pyarrow.
  test.each(['snappy', 'zstd', 'gzip'])('Parquet compressed with %s', async (codec) => {
    const shown = await previewOf(await readFile(`test/fixtures/artifacts/table-${codec}.parquet`));
    expect(shown).toMatchObject({
      kind: 'table',
      columns: ['id', 'name', 'score', 'when', 'tags'],
      isTruncated: true,
    });
    if (shown.kind !== 'table') return;
    expect(shown.rows).toHaveLength(200);
    expect(shown.rows[7]).toEqual(['7', 'n7', '1.75', '2026-11-24T10:00:07.000Z', '[1,7]']);
    expect(shown.rows[3]?.[1]).toBe('');
  });

  test('Markdown and HTML by their type, without looking at the name', async () => {
    expect(await previewOf('# hi', 'x', 'Markdown')).toEqual({ kind: 'html', html: '<p># hi</p>' });
    expect(await previewOf('<b>hi</b>', 'x', 'HTML')).toEqual({ kind: 'html', html: '<b>hi</b>' });
  });

  test.each([
    [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d), 'image/png'],
    [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), 'image/jpeg'],
    [new TextEncoder().encode('GIF89a'), 'image/gif'],
    [new TextEncoder().encode('<svg xmlns="x"/>'), 'image/svg+xml'],
  ])('an image by its first bytes (%#)', async (bytes, mimeType) => {
    expect(await previewOf(bytes)).toMatchObject({ kind: 'image', mimeType });
  });

  test('binary and empty files are told', async () => {
    expect(await previewOf(Uint8Array.of(128, 4, 0, 1))).toEqual({
      kind: 'none',
      message: 'A binary file of 4 bytes.',
    });
    expect(await previewOf('')).toEqual({ kind: 'none', message: 'The file is empty.' });
  });

  test('a folder is the list of its files', async () => {
    await mkdir(join(home, 'model'));
    await writeFile(join(home, 'model', 'weights.bin'), 'x');
    expect(await preview(join(home, 'model'))).toMatchObject({ kind: 'text', text: 'weights.bin' });
  });

  test('a long text is cut', async () => {
    const shown = await previewOf(`${'x'.repeat(1_000)}\n`.repeat(1_000));
    expect(shown).toMatchObject({ kind: 'text', isTruncated: true });
    if (shown.kind === 'text') expect(shown.text.length).toBeLessThanOrEqual(512 * 1_024);
  });
});

describe('what is refused', () => {
  test('paths outside the run\u2019s root, by dots, by links and plainly', async () => {
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(join(outside, 'secret'), join(home, 'link'));
    for (const path of [join(outside, 'secret'), join(home, '..', 'outside', 'secret'), join(home, 'link')]) {
      const shown = await preview(path);
      expect(shown).toMatchObject({ kind: 'none', message: expect.stringContaining('outside') as string });
    }
  });

  test('a root whose name the path only starts with', async () => {
    await mkdir(`${home}-else`);
    await writeFile(join(`${home}-else`, 'x'), 'x');
    expect(await preview(join(`${home}-else`, 'x'))).toMatchObject({ kind: 'none' });
  });

  test('but the run\u2019s own root is fine', async () => {
    await writeFile(join(outside, 'x'), 'mine');
    expect(await preview(join(outside, 'x'), 'Artifact', pathToFileURL(outside).toString())).toMatchObject({
      kind: 'text',
      text: 'mine',
    });
  });

  test.each(['s3://bucket/x', 'file://host/x', '', '/nowhere/at/all'])(
    '%j has no preview, and a sentence',
    async (uri) => {
      expect(await preview(uri)).toMatchObject({
        kind: 'none',
        message: expect.stringMatching(/\.$/) as string,
      });
    },
  );
});

describe('delimited text', () => {
  test('what is written by the rules of RFC 4180 is read back', () => {
    const quote = (cell: string): string =>
      /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
    const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', 'ü', ' ', ';') });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1 }), (rows) => {
        const text = rows.map((row) => row.map(quote).join(',')).join('\r\n');
        expect(parseDelimited(text, ',', 1_000)).toEqual(rows);
      }),
    );
  });

  test('prose is not a table', () => {
    expect(delimiterOf('Dear reader, hello.\nThis is text.\n')).toBeUndefined();
    expect(delimiterOf('a\tb\n1\t2\n')).toBe('\t');
    expect(delimiterOf('a;b\n1,5;2,5\n')).toBe(';');
  });
});

describe('the page of an artifact', () => {
  const address = { runId: 'r', artifactId: '</script><script>' };

  test('has one script, which is ours and keeps the address, no network, and a report cannot leave its frame', () => {
    const html = '<script>alert(1)</script><img src="https://x">"';
    const page = artifactHtml('"><script>', { kind: 'html', html }, address);
    const scripts = [...page.matchAll(/<script[^>]*>(.*?)<\/script>/gs)];
    expect(scripts).toHaveLength(1);
    const kept: unknown[] = [];
    // As the webview runs it.
    runInNewContext(scripts[0]?.[1] ?? '', {
      acquireVsCodeApi: () => ({ setState: (state: unknown) => kept.push(state) }),
    });
    expect(kept).toEqual([address]);
    expect(page).toMatch(/default-src 'none'/);
    const nonce = /script-src 'nonce-([^']+)'/.exec(page)?.[1];
    expect(scripts[0]?.[0]).toContain(`nonce="${nonce}"`);
    expect(page).not.toMatch(/connect-src|frame-src/);
    expect(page).toMatch(/<iframe title="[^"]*" sandbox="" srcdoc="&lt;script&gt;/);
  });

  test('cells are text', () => {
    const page = artifactHtml(
      't',
      { kind: 'table', columns: ['<b>'], rows: [['<i>&']], isTruncated: false },
      address,
    );
    expect(page).toContain('<th>&lt;b&gt;</th>');
    expect(page).toContain('<td>&lt;i&gt;&amp;</td>');
  });
});
