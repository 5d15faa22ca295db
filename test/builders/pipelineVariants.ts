/** One pipeline written in many ways: as people, other tools and other systems write it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';

const fixtures = join(import.meta.dirname, '..', 'fixtures');

/** IR texts of the SDK, by file name. */
export const irTexts: ReadonlyMap<string, string> = new Map(
  ['pipelines', 'kfp/samples', 'older-sdks'].flatMap((folder) =>
    readdirSync(join(fixtures, folder))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => [name, readFileSync(join(fixtures, folder, name), 'utf8')] as const),
  ),
);

export const variants: Readonly<Record<string, (text: string) => string>> = {
  sdk: (text) => text,
  commented: withComments,
  crlf: (text) => withComments(text).replaceAll('\n', '\r\n'),
  withUnused: (text) =>
    text
      .replace(/^components:\n/m, 'components:\n  comp-a-unused:\n    executorLabel: exec-a-unused\n')
      .replace(
        /^ {2}executors:\n/m,
        '  executors:\n    exec-a-unused:\n      container:\n        image: alpine\n',
      ),
  withoutLastBreak: (text) => text.trimEnd(),
  indented: (text) =>
    documentsOf(text)
      .map((json) => stringify(json, { indent: 4, lineWidth: 60 }))
      .join('---\n'),
  flow: (text) =>
    documentsOf(text)
      .map((json) => stringify(json, { collectionStyle: 'flow', lineWidth: 100 }))
      .join('---\n'),
  json: (text) => {
    const [spec, platform] = documentsOf(text);
    return platform === undefined ? `${JSON.stringify(spec, null, 2)}\n` : text;
  },
  compactJson: (text) => {
    const [spec, platform] = documentsOf(text);
    return platform === undefined ? JSON.stringify(spec) : text;
  },
  rest: (text) => {
    const [pipeline_spec, platform_spec] = documentsOf(text);
    return stringify({ pipeline_spec, ...(platform_spec === undefined ? {} : { platform_spec }) });
  },
};

function documentsOf(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS() as unknown);
}

let count = 0;

/** A comment of its own above some keys, and behind some values. */
function withComments(text: string): string {
  const lines = text.split('\n');
  const starts = keyLines(text);
  return lines
    .map((line, i) => {
      const indent = /^ */.exec(line)?.[0] ?? '';
      const above = starts.has(i) && i % 3 === 0 ? `${indent}# note ${count++}\n` : '';
      const behind = starts.has(i) && i % 7 === 0 && /^[^'"#|>]*: [\w.-]+$/.test(line) && starts.has(i + 1);
      return above + line + (behind ? ` # why ${count++}` : '');
    })
    .join('\n');
}

/** The lines that begin with a key of a mapping, and not inside a text of several lines. */
function keyLines(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  let openUntil = -1;
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    const indent = line.search(/\S/);
    if (indent === -1) continue;
    if (openUntil !== -1 && indent > openUntil) continue;
    openUntil = -1;
    if (/^ *[\w-]+:(?: |$)/.test(line)) found.add(i);
    // A text that goes on below: everything deeper is its own.
    if (/^ *(?:[\w-]+:|-) +(?:['"|>]|\S+ )/.test(line) || /^ *- /.test(line)) openUntil = indent;
  }
  return found;
}
