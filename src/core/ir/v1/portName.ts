/** What v2 makes of an input's or output's name: `Table (CSV)` is `table_csv`. */
export function portName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^_0-9a-z]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
}
