import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogWindow } from '../../../src/platform/logWindow.ts';
import { TerminalText } from '../../../src/platform/terminalText.ts';

const ESC = '\u001b';
const filtered = (...chunks: string[]): string => {
  const filter = new TerminalText();
  return chunks.map((chunk) => filter.push(chunk)).join('');
};

describe('a log in a terminal', () => {
  test('colours stay', () => {
    const coloured = `${ESC}[1;38;5;208mwarm${ESC}[0m ${ESC}[38:2::1:2:3mrgb${ESC}[m`;
    expect(filtered(coloured)).toBe(coloured);
  });

  test.each([
    ['clear screen', `${ESC}[2J`],
    ['move the cursor', `${ESC}[10;10H`],
    ['private modes', `${ESC}[?1049h`],
    ['what looks like a colour but is private', `${ESC}[>4;2m`],
    ['title, ended by BEL', `${ESC}]0;evil\u0007`],
    ['title, ended by ST', `${ESC}]0;evil${ESC}\\`],
    ['clipboard', `${ESC}]52;c;ZXZpbA==\u0007`],
    ['hyperlink', `${ESC}]8;;http://evil${ESC}\\`],
    ['device control string', `${ESC}P+q544e${ESC}\\`],
    ['application program command', `${ESC}_evil${ESC}\\`],
    ['8-bit CSI', '\u009b2J'],
    ['8-bit OSC', '\u009d0;evil\u009c'],
    ['reset', `${ESC}c`],
    ['character set', `${ESC}(0`],
    ['bell and backspace', '\u0007\b'],
    ['a colour far too long', `${ESC}[${'1;'.repeat(100)}m`],
  ])('%s goes', (_what, sequence) => {
    expect(filtered(`a${sequence}b`)).toBe('ab');
  });

  test('an unfinished sequence swallows no more than its line', () => {
    expect(filtered(`a${ESC}]0;never ended\nb`)).toBe('a\r\nb');
    expect(filtered(`a${ESC}[12\nb`)).toBe('a\r\nb');
  });

  test('line feeds become CR LF once; progress bars keep their CR', () => {
    expect(filtered('a\nb\r\nc\r50 %\r', '\nd')).toBe('a\r\nb\r\nc\r50 %\r\nd');
  });

  const pieces = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        ESC,
        '[',
        ']',
        'm',
        ';',
        '\\',
        '\n',
        '\u0007',
        '\u009b',
        `${ESC}[31m`,
        `${ESC}]0;t`,
        `${ESC}[?25l`,
        `${ESC}P`,
      ),
    ),
    { maxLength: 40 },
  );

  test('however it is cut into chunks, the result is the same', () => {
    fc.assert(
      fc.property(pieces, (chunks) => {
        expect(filtered(...chunks)).toBe(filtered(chunks.join('')));
        expect(filtered(...chunks.join('').split(/(?:)/u))).toBe(filtered(chunks.join('')));
      }),
    );
  });

  test('whatever comes in, only text, line breaks, tabs and colours come out', () => {
    fc.assert(
      fc.property(pieces, (chunks) => {
        const out = filtered(...chunks);
        const withoutColours = out.replaceAll(/\u001b\[[\d;:]*m/g, '');
        expect(withoutColours).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
        expect(stripVTControlCharacters(out)).toBe(withoutColours);
      }),
    );
  });
});

describe('the window of a log', () => {
  test('what fits is passed on whole', () => {
    const window = new LogWindow(100);
    window.push('one\n');
    window.push('two\n');
    expect(window.take(5)).toEqual({ text: 'one\nt', skipped: 0 });
    expect(window.take(50)).toEqual({ text: 'wo\n', skipped: 0 });
    expect(window.isEmpty).toBe(true);
  });

  test('keeps the newest lines, counts what it skipped, and stays within its limit', () => {
    const window = new LogWindow(1_000);
    let written = '';
    for (let line = 0; line < 10_000; line++) {
      window.push(`line ${line}\n`);
      written += `line ${line}\n`;
    }
    const { text, skipped } = window.take(Number.MAX_SAFE_INTEGER);
    expect(text.length).toBeLessThanOrEqual(1_000);
    expect(written.endsWith(text)).toBe(true);
    expect(text.startsWith('line ')).toBe(true);
    expect(skipped + text.length).toBe(written.length);
  });

  test('any writing and reading: nothing is lost that is not counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ maxLength: 60 }), fc.nat({ max: 80 })), { maxLength: 60 }),
        (steps) => {
          const window = new LogWindow(100);
          let pushed = 0;
          let seen = 0;
          const read = (max: number): void => {
            const { text, skipped } = window.take(max);
            seen += text.length + skipped;
          };
          for (const step of steps) {
            if (typeof step === 'number') read(step);
            else {
              window.push(step);
              pushed += step.length;
            }
          }
          read(Number.MAX_SAFE_INTEGER);
          expect(seen).toBe(pushed);
        },
      ),
    );
  });
});
