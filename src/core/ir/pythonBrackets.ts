/** Where strings, comments and brackets of a Python text end: enough to read a signature without a parser. */

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Just behind the string or comment that starts at `at`; undefined when none does. */
export function skipString(text: string, at: number): number | undefined {
  if (text.charAt(at) === '#') {
    const end = text.indexOf('\n', at);
    return end === -1 ? text.length : end;
  }
  const opening = /^(?:[rRbBuUfF]{0,2})("""|'''|"|')/.exec(text.slice(at, at + 5));
  if (opening === null || (at > 0 && /[\p{L}\p{N}_]/u.test(text.charAt(at - 1)))) return undefined;
  const quote = opening[1] ?? '';
  const isRaw = /r/i.test(opening[0]);
  for (let i = at + opening[0].length; i < text.length; i++) {
    if (text.charAt(i) === '\\' && !(isRaw && text.charAt(i + 1) === '')) i++;
    else if (text.startsWith(quote, i)) return i + quote.length;
    else if (quote.length === 1 && text.charAt(i) === '\n') return i;
  }
  return text.length;
}

/** The bracket that closes the one at `open`; undefined when there is none. */
export function matchingBracket(text: string, open: number): number | undefined {
  const expected: string[] = [];
  for (let i = open; i < text.length; i++) {
    const end = skipString(text, i);
    if (end !== undefined) {
      i = end - 1;
      continue;
    }
    const char = text.charAt(i);
    const closer = closers[char];
    if (closer !== undefined) expected.push(closer);
    else if (char === expected.at(-1)) {
      expected.pop();
      if (expected.length === 0) return i;
    }
  }
  return undefined;
}

/** Parts between separators that stand in no bracket and no string; comments are left out. */
export function splitTopLevel(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const end = skipString(text, i) ?? (Object.hasOwn(closers, char) ? closing(text, i) : undefined);
    if (end !== undefined) {
      if (char !== '#') part += text.slice(i, end);
      i = end - 1;
    } else if (char === separator) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part];
}

function closing(text: string, open: number): number {
  const close = matchingBracket(text, open);
  return close === undefined ? text.length : close + 1;
}
