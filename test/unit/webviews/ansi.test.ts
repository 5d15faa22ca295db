import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSI_START, parseAnsi, PLAIN, type AnsiSpan } from '../../../webviews/shared/ansi.ts';

const ESC = '\u001b';
const plainText = (spans: readonly AnsiSpan[]): string => spans.map((span) => span.text).join('');

/** The same text in any number of pieces. */
function inChunks(text: string, cuts: readonly number[]): readonly AnsiSpan[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  let state = ANSI_START;
  let from = 0;
  const spans: AnsiSpan[] = [];
  for (const to of [...places, text.length]) {
    const parsed = parseAnsi(text.slice(from, to), state);
    spans.push(...parsed.spans);
    state = parsed.state;
    from = to;
  }
  return spans;
}

/** Adjacent spans of one style as one. */
function merge(spans: readonly AnsiSpan[]): readonly AnsiSpan[] {
  const merged: AnsiSpan[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && JSON.stringify(last.style) === JSON.stringify(span.style))
      merged[merged.length - 1] = { style: last.style, text: last.text + span.text };
    else merged.push(span);
  }
  return merged;
}

describe('parseAnsi', () => {
  it('reads colours and attributes, and resets them', () => {
    const { spans } = parseAnsi(`a${ESC}[1;31mb${ESC}[22mc${ESC}[0md${ESC}[94;4me${ESC}[39;24mf`);
    expect(spans.map(({ text, style }) => [text, style])).toEqual([
      ['a', PLAIN],
      ['b', { ...PLAIN, isBold: true, foreground: 1 }],
      ['c', { ...PLAIN, foreground: 1 }],
      ['d', PLAIN],
      ['e', { ...PLAIN, foreground: 12, isUnderlined: true }],
      ['f', PLAIN],
    ]);
  });

  it('reads 256 and true colours as xterm defines them', () => {
    const colour = (codes: string): unknown => parseAnsi(`${ESC}[${codes}mx`).spans[0]?.style;
    expect(colour('38;5;9')).toMatchObject({ foreground: 9 });
    expect(colour('38;5;196')).toMatchObject({ foreground: '#ff0000' });
    expect(colour('48;5;67')).toMatchObject({ background: '#5f87af' });
    expect(colour('38;5;232')).toMatchObject({ foreground: '#080808' });
    expect(colour('38;5;255')).toMatchObject({ foreground: '#eeeeee' });
    expect(colour('38;2;1;2;300;1')).toMatchObject({ foreground: '#0102ff', isBold: true });
  });

  it('drops everything but colours: cursor moves, titles, links, bells', () => {
    const hostile = [
      `${ESC}[2J${ESC}[H`,
      `${ESC}]0;title\u0007`,
      `${ESC}]8;;http://evil.example\u0007link${ESC}]8;;${ESC}\\`,
      `${ESC}P1;2q${ESC}\\`,
      `${ESC}c`,
      `${ESC}(B`,
      '\u0007\u0000\u007f\u009b',
    ].join('');
    expect(plainText(parseAnsi(`<${hostile}>`).spans)).toBe('<link>');
  });

  it('gives each state of a progress bar its own line, and no empty ones for CRLF', () => {
    expect(plainText(inChunks('10%\r20%\r\ndone\r\n', []))).toBe('10%\n20%\ndone\n');
  });

  it('is the same whole or in pieces', () => {
    const piece = fc.constantFrom(
      'abc',
      '\n',
      '\r\n',
      '\r',
      'ü',
      `${ESC}[31m`,
      `${ESC}[0m`,
      `${ESC}[38;5;100m`,
      `${ESC}]0;t\u0007`,
      `${ESC}]8;;u${ESC}\\`,
      `${ESC}[2K`,
      `${ESC}M`,
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (pieces, cuts) => {
          // A last letter, so that nothing is left waiting for the rest of a sequence.
          const text = `${pieces.join('')}z`;
          expect(merge(inChunks(text, cuts))).toEqual(merge(parseAnsi(text).spans));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never lets an escape through, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(ESC, '[', ']', ';', '1', 'm', 'a', '\u0007', '\\', '\u0000', '\r'),
        }),
        fc.array(fc.nat(), { maxLength: 4 }),
        (text, cuts) => {
          expect(plainText(inChunks(text, cuts))).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
        },
      ),
    );
  });

  it('gives up on a sequence that never ends, without keeping it', () => {
    let state = ANSI_START;
    for (let at = 0; at < 100; at++)
      state = parseAnsi(at === 0 ? `${ESC}]0;${'x'.repeat(1_000)}` : 'x'.repeat(1_000), state).state;
    expect(state.rest.length).toBeLessThan(10_000);
  });
});
