/** CSV and TSV for previews: quotes as RFC 4180 has them, ragged rows kept. */
export function parseDelimited(
  text: string,
  delimiter: ',' | '\t' | ';',
  maxRows: number,
): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  const endRow = (): void => {
    row.push(cell);
    rows.push(row);
    row = [];
    cell = '';
  };
  for (let at = 0; at < text.length && rows.length < maxRows; at++) {
    const char = text.charAt(at);
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(at + 1) === '"') {
        cell += '"';
        at++;
      } else isQuoted = false;
    } else if (char === '"' && cell === '') isQuoted = true;
    else if (char === delimiter) {
      row.push(cell);
      cell = '';
    } else if (char === '\n') endRow();
    else if (char !== '\r') cell += char;
  }
  if (rows.length < maxRows && (cell !== '' || row.length > 0)) endRow();
  return rows;
}

/** The delimiter of a text that is a table: the first lines all have it, equally often. `undefined`: not a table. */
export function delimiterOf(text: string): ',' | '\t' | ';' | undefined {
  for (const delimiter of ['\t', ',', ';'] as const) {
    const rows = parseDelimited(text.slice(0, 20_000), delimiter, 6).slice(0, 5);
    const width = rows[0]?.length ?? 0;
    if (width > 1 && rows.length > 1 && rows.every((row) => row.length === width)) return delimiter;
  }
  return undefined;
}
