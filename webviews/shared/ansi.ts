/** Log text with SGR colours as styled spans; every other control sequence is dropped. Works on chunks. */

export interface AnsiStyle {
  /** 0–15: the terminal palette; `#rrggbb` beyond it. */
  readonly foreground: number | string | undefined;
  readonly background: number | string | undefined;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isItalic: boolean;
  readonly isUnderlined: boolean;
}

export interface AnsiSpan {
  readonly text: string;
  readonly style: AnsiStyle;
}

export const PLAIN: AnsiStyle = {
  foreground: undefined,
  background: undefined,
  isBold: false,
  isDim: false,
  isItalic: false,
  isUnderlined: false,
};

/** Carries the style, and a sequence cut in two, from chunk to chunk. */
export interface AnsiState {
  readonly style: AnsiStyle;
  readonly rest: string;
}

export const ANSI_START: AnsiState = { style: PLAIN, rest: '' };

// CSI, OSC and the other string sequences (ended by BEL or ST), two-character escapes, then lone control characters.
const SEQUENCE =
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/]*[0-Z\\^-~]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u0080-\u009f]/g;
const UNFINISHED = /(?:\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*\u001b?|[ -/]*)?|\r)$/;

/** A sequence that never ends is given up after this many characters. */
const LONGEST_SEQUENCE = 4096;

export function parseAnsi(
  chunk: string,
  from: AnsiState = ANSI_START,
): { readonly spans: readonly AnsiSpan[]; readonly state: AnsiState } {
  let text = from.rest + chunk;
  let rest = '';
  const cut = UNFINISHED.exec(text);
  if (cut !== null) {
    rest = cut[0].length > LONGEST_SEQUENCE ? '' : cut[0];
    text = text.slice(0, cut.index);
  }
  const spans: AnsiSpan[] = [];
  let { style } = from;
  let position = 0;
  const add = (end: number): void => {
    // A carriage return redraws the line in a terminal (progress bars); here each state gets its own line.
    const piece = text.slice(position, end).replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    if (piece !== '') spans.push({ text: piece, style });
  };
  for (const match of text.matchAll(SEQUENCE)) {
    add(match.index);
    position = match.index + match[0].length;
    if (match[2] === 'm') style = applySgr(style, match[1] ?? '');
  }
  add(text.length);
  return { spans, state: { style, rest } };
}

function applySgr(style: AnsiStyle, parameters: string): AnsiStyle {
  let next = style;
  const codes = parameters.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)));
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      const { colour, used } = extendedColour(codes, index + 1);
      index += used;
      next = code === 38 ? { ...next, foreground: colour } : { ...next, background: colour };
    } else next = applyCode(next, code);
  }
  return next;
}

function applyCode(style: AnsiStyle, code: number): AnsiStyle {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isDim: true };
  if (code === 3) return { ...style, isItalic: true };
  if (code === 4) return { ...style, isUnderlined: true };
  if (code === 22) return { ...style, isBold: false, isDim: false };
  if (code === 23) return { ...style, isItalic: false };
  if (code === 24) return { ...style, isUnderlined: false };
  if (code >= 30 && code <= 37) return { ...style, foreground: code - 30 };
  if (code === 39) return { ...style, foreground: undefined };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code === 49) return { ...style, background: undefined };
  if (code >= 90 && code <= 97) return { ...style, foreground: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  return style;
}

function extendedColour(
  codes: readonly number[],
  at: number,
): { colour: number | string | undefined; used: number } {
  if (codes[at] === 5) return { colour: indexedColour(codes[at + 1] ?? 0), used: 2 };
  if (codes[at] === 2) {
    const [red = 0, green = 0, blue = 0] = codes.slice(at + 1, at + 4);
    return { colour: hex(red, green, blue), used: 4 };
  }
  return { colour: undefined, used: 0 };
}

/** xterm's 256 colours: 16 of the palette, a 6×6×6 cube, 24 greys. */
function indexedColour(index: number): number | string {
  if (index < 16) return index;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return hex(grey, grey, grey);
  }
  const step = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return hex(step(Math.floor(cube / 36)), step(Math.floor(cube / 6) % 6), step(cube % 6));
}

function hex(...channels: readonly number[]): string {
  return `#${channels.map((channel) => Math.min(255, Math.max(0, channel)).toString(16).padStart(2, '0')).join('')}`;
}
