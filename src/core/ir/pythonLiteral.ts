import type { JsonValue } from '../base/json.ts';
import { splitTopLevel } from './pythonBrackets.ts';

/** The value can only be known by running Python, or has no JSON. */
export class PythonLiteralError extends Error {}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** A literal of Python as JSON: numbers, strings, True, False, None, lists, tuples and dicts. */
export function pythonLiteral(text: string): JsonValue {
  const value = text.trim();
  if (value === 'None') return null;
  if (value === 'True' || value === 'False') return value === 'True';
  if (/^[-+]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?$/.test(value))
    return Number(value.replaceAll('_', ''));
  if (/^[uU]?['"]/.test(value) || /^[rR]['"]/.test(value)) return stringLiteral(value);
  if (/^[[(][\s\S]*[\])]$/.test(value)) return items(value).map(pythonLiteral);
  if (/^\{[\s\S]*\}$/.test(value)) {
    return Object.fromEntries(
      items(value).map((item) => {
        const [key = '', ...rest] = splitTopLevel(item, ':');
        const name = pythonLiteral(key);
        if (typeof name !== 'string' || rest.length === 0) throw unreadable(value);
        return [name, pythonLiteral(rest.join(':'))];
      }),
    );
  }
  throw unreadable(value);
}

function items(bracketed: string): readonly string[] {
  return splitTopLevel(bracketed.slice(1, -1), ',').filter((item) => item.trim() !== '');
}

function stringLiteral(text: string): string {
  const match = /^([rRuU]?)("""|'''|"|')([\s\S]*)\2$/.exec(text);
  if (match === null) throw unreadable(text);
  const [, prefix = '', quote = '', body = ''] = match;
  if (/r/i.test(prefix)) return body;
  // A quote inside means that this is several strings in a row, or an expression.
  if (quote.length === 1 && new RegExp(String.raw`(?<!\\)(?:\\\\)*${quote}`).test(body))
    throw unreadable(text);
  return body.replaceAll(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[\s\S])/g, (all, code: string) => {
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    return escapes[code] ?? all;
  });
}

function unreadable(text: string): PythonLiteralError {
  return new PythonLiteralError(
    `The default \`${text}\` must be written out: a number, a text, a list, a dict or None.`,
  );
}
