/** JSON as YAML text in the manner of the file around it, such that YAML 1.1 (PyYAML, Go) and 1.2 read the same. */
import { stringify } from 'yaml';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';

/** How a file is written. */
export interface YamlStyle {
  readonly eol: '\n' | '\r\n';
  /** Columns from a mapping to the one inside it. */
  readonly step: number;
  /** Columns from a key to the dashes of its list. */
  readonly dash: number;
  /** Keys are in order, as the SDK writes them. */
  readonly sorted: boolean;
}

export type ScalarStyle = 'plain' | 'single' | 'double';

/** `key: value` with all its lines; the first one is not indented, the last one has no line break. */
export function renderEntry(key: string, value: JsonValue, column: number, style: YamlStyle): string {
  return `${renderKey(key)}:${renderAfterKey(value, column, style)}`;
}

export function renderKey(key: string, wanted: ScalarStyle = 'plain'): string {
  return renderString(key, wanted);
}

/** What follows `key:` in that column, a space or a line break before it. */
export function renderAfterKey(value: JsonValue, column: number, style: YamlStyle): string {
  if (isJsonObject(value) && Object.keys(value).length > 0) {
    const inner = column + style.step;
    return style.eol + ' '.repeat(inner) + renderMap(value, inner, style);
  }
  if (isList(value) && value.length > 0) {
    const inner = column + style.dash;
    return style.eol + ' '.repeat(inner) + renderList(value, inner, style);
  }
  return ` ${renderLeaf(value, column, style)}`;
}

/** What follows `- ` when the dash is in that column. */
export function renderItem(value: JsonValue, column: number, style: YamlStyle): string {
  if (isJsonObject(value) && Object.keys(value).length > 0) return renderMap(value, column + 2, style);
  if (isList(value) && value.length > 0) return renderList(value, column + 2, style);
  return renderLeaf(value, column, style);
}

function renderMap(value: JsonObject, column: number, style: YamlStyle): string {
  const keys = Object.keys(value);
  if (style.sorted) keys.sort();
  return keys
    .map((key) => renderEntry(key, value[key] ?? null, column, style))
    .join(style.eol + ' '.repeat(column));
}

function renderList(value: readonly JsonValue[], column: number, style: YamlStyle): string {
  return value.map((item) => `- ${renderItem(item, column, style)}`).join(style.eol + ' '.repeat(column));
}

function renderLeaf(value: JsonValue, column: number, style: YamlStyle): string {
  if (isList(value)) return '[]';
  if (isJsonObject(value)) return '{}';
  return typeof value === 'string'
    ? (renderLiteral(value, column, style) ?? renderString(value, 'plain'))
    : renderOther(value);
}

/** Text of several lines as they are, below `|`, without the last line break; undefined for what cannot be written so. */
export function renderLiteral(value: string, column: number, style: YamlStyle): string | undefined {
  const end = /\n*$/.exec(value)?.[0].length ?? 0;
  const isPrintable = !/[^\t\n\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(
    value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''),
  );
  if (!value.includes('\n') || value.trim() === '' || !isPrintable) return undefined;
  const lines = (end > 0 ? value.slice(0, -1) : value).split('\n');
  const first = lines.find((line) => line !== '') ?? '';
  const indicator = /^[ \t]/.test(first) ? String(style.step) : '';
  const indent = ' '.repeat(column + style.step);
  return [
    `|${indicator}${end === 0 ? '-' : end > 1 ? '+' : ''}`,
    ...lines.map((line) => (line === '' ? '' : indent + line)),
  ].join(style.eol);
}

/** Numbers, booleans and null. */
export function renderOther(value: number | boolean | null): string {
  if (typeof value !== 'number') return String(value);
  if (Object.is(value, -0)) return '-0.0';
  // YAML 1.1 takes an exponent for a number only after a point and with a sign.
  return String(value).replace(
    /^(-?\d+)(\.\d+)?e([+-])(\d+)$/,
    (_all, whole: string, part: string | undefined, sign: string, digits: string) =>
      `${whole}${part ?? '.0'}e${sign}${digits}`,
  );
}

/** A string on one line, in the style wished for where that can hold it. */
export function renderString(value: string, wanted: ScalarStyle): string {
  if (wanted === 'plain' && isPlain(value)) return value;
  const isSingle = /^[\t\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(value);
  if (isSingle && wanted !== 'double') return `'${value.replaceAll("'", "''")}'`;
  return renderDouble(value);
}

/** JSON, and so YAML's double quotes; what YAML does not print is escaped. */
export function renderDouble(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** True for text that every YAML reader takes for the same text without quotes, in block style. */
function isPlain(value: string): boolean {
  if (!/^(?:[\p{L}\w./(<$]|-+[\p{L}\w])[\p{L}\w ./+=()<>$@%^;~:'"-]*$/u.test(value)) return false;
  if (/:(?: |$)| $|^<<$/.test(value)) return false;
  return plainIn('1.1', value) && plainIn('1.2', value);
}

function plainIn(version: '1.1' | '1.2', value: string): boolean {
  return stringify(value, { version, lineWidth: 0 }) === `${value}\n`;
}

/** In flow style: JSON, which is YAML too; on lines of its own where `pad` says how deep. */
export function renderFlow(value: JsonValue, step: number, pad: string | undefined, eol: string): string {
  if (typeof value === 'string') return renderDouble(value);
  if (!isList(value) && !isJsonObject(value)) return JSON.stringify(value);
  const entries = isList(value)
    ? value.map((item) => ['', item] as const)
    : Object.entries(value).map(([key, item]) => [`${renderDouble(key)}: `, item] as const);
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return open + close;
  const innerPad = pad === undefined ? undefined : pad + ' '.repeat(step);
  const items = entries.map(([key, item]) => key + renderFlow(item, step, innerPad, eol));
  return innerPad === undefined
    ? `${open}${items.join(', ')}${close}`
    : `${open}${eol}${innerPad}${items.join(`,${eol}${innerPad}`)}${eol}${pad ?? ''}${close}`;
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
