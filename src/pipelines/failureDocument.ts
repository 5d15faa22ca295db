import type { ExplainedFailure } from './failures.ts';

/** An explained failure as Markdown, for the preview that *Details* opens. */
export function failureMarkdown({ explanation, source, sourceLabel }: ExplainedFailure): string {
  const { reason, likelyCause, lines } = explanation;
  const place =
    source === undefined || sourceLabel === undefined
      ? []
      : [
          `**Where**: [${text(sourceLabel)}](${source.uri.with({ fragment: `L${source.range.start.line + 1}` }).toString()})`,
          ...(explanation.source === undefined ? [] : [fenced('python', [explanation.source.text.trim()])]),
        ];
  return [
    `# ${text(reason)}`,
    ...(likelyCause === undefined ? [] : [`**Likely cause**: ${text(likelyCause)}`]),
    ...place,
    ...(lines.length === 0 ? [] : ['**From the log**', fenced('text', lines)]),
  ].join('\n\n');
}

function fenced(language: string, lines: readonly string[]): string {
  const longest = Math.max(
    2,
    ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map((match) => match[0].length)),
  );
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language}`, ...lines, fence].join('\n');
}

function text(value: string): string {
  return value.replaceAll(/[\\`*_{}[\]()#+!|<>~&$-]/g, '\\$&').replaceAll('\n', ' ');
}
