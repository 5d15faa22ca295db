/** Where the entries of block mappings begin and end, found by their lines alone. */
export interface TextRegion {
  readonly start: number;
  readonly end: number;
}

export interface EntryRegion extends TextRegion {
  /** What is below a line that has only the key: perhaps entries again. */
  readonly inner: TextRegion | undefined;
}

const space = 0x20;

/** The documents of a text; undefined when it has directives, document ends, or values on the marker's line. */
export function splitDocuments(text: string): readonly TextRegion[] | undefined {
  if (/^(?:%|\.\.\.(?:\s|$)|---[ \t]*[^\s])/m.test(text) || text.startsWith('\ufeff')) return undefined;
  const regions: TextRegion[] = [];
  let start = 0;
  for (const marker of text.matchAll(/^---[ \t]*\r?$\n?/gm)) {
    if (marker.index > start || start > 0) regions.push({ start, end: marker.index });
    start = marker.index + marker[0].length;
  }
  regions.push({ start, end: text.length });
  const [first] = regions;
  // Comments before the first marker are no document.
  if (first !== undefined && regions.length > 1 && firstContent(text, first) === undefined) regions.shift();
  return regions;
}

const keyPattern = /(?:[A-Za-z0-9_$][\w.$/-]*|'(?:[^'\r\n]|'')*'|"(?:[^"\\\r\n]|\\.)*")[ ]*:(?=[ \t\r\n]|$)/y;

/** The entries of the block mapping that fills a region; undefined when it is anything else. */
export function splitEntries(text: string, region: TextRegion): readonly EntryRegion[] | undefined {
  const first = firstContent(text, region);
  if (first === undefined) return undefined;
  const indent = first.content - first.line;
  const starts: { readonly line: number; readonly afterKey: number }[] = [];
  for (let line = first.line; line < region.end; line = nextLine(text, line)) {
    let at = line;
    while (text.charCodeAt(at) === space) at++;
    const column = at - line;
    if (column > indent || isBlankOrComment(text, at)) continue;
    if (column < indent) return undefined;
    keyPattern.lastIndex = at;
    if (keyPattern.test(text)) starts.push({ line, afterKey: keyPattern.lastIndex });
    // A list may stand in the column of its key.
    else if (starts.length === 0 || !/^-[ \r\n]/.test(text.slice(at, at + 2))) return undefined;
  }
  return starts.map(({ line, afterKey }, i) => {
    const end = starts[i + 1]?.line ?? region.end;
    return { start: line, end, inner: innerRegion(text, afterKey, end, indent) };
  });
}

function innerRegion(text: string, afterKey: number, end: number, indent: number): TextRegion | undefined {
  let at = afterKey;
  while (text.charCodeAt(at) === space) at++;
  if (!isBlankOrComment(text, at)) return undefined;
  const body = firstContent(text, { start: nextLine(text, at), end });
  if (body === undefined || body.content - body.line <= indent) return undefined;
  return { start: body.line, end };
}

/** The first line that is more than a comment, and where its text begins. */
function firstContent(
  text: string,
  { start, end }: TextRegion,
): { readonly line: number; readonly content: number } | undefined {
  for (let line = start; line < end; line = nextLine(text, line)) {
    let content = line;
    while (text.charCodeAt(content) === space) content++;
    if (!isBlankOrComment(text, content)) return content < end ? { line, content } : undefined;
  }
  return undefined;
}

/** A tab counts as content: it is an error wherever it indents. */
function isBlankOrComment(text: string, at: number): boolean {
  const char = text.charAt(at);
  return char === '' || char === '#' || char === '\n' || (char === '\r' && text.charAt(at + 1) === '\n');
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}
