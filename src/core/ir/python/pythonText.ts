/** Python as text: literals, names and calls, broken where a line gets too long. */
import { isJsonObject, type JsonValue } from '../../base/json.ts';

export const maxWidth = 100;
const step = '    ';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const keywords = words(
  'False None True and as assert async await break class continue def del elif else except finally for from global if ' +
    'import in is lambda nonlocal not or pass raise return try while with yield',
);

/** Allowed as names, but in the way of what people know under them. */
const builtins = words(
  'all any bool bytes case compiler dict dir dsl exit file filter float format hash help id input int iter kfp ' +
    'kubernetes len list map match max min next object open print range repr round self set sorted str sum tuple type vars zip',
);

export function isIdentifier(name: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) && !keywords.has(name);
}

/** A valid name that is near to `text`. */
export function toIdentifier(text: string): string {
  const name = text
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  if (name === '') return 'unnamed';
  return /^\d/.test(name) || keywords.has(name) ? `_${name}` : builtins.has(name) ? `${name}_` : name;
}

/** Names that are taken; `pick` gives one that is not, as near to the wish as can be. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  pick(...wishes: readonly [string, ...string[]]): string {
    const free = wishes.find((wish) => !this.#taken.has(wish));
    let name = free ?? wishes[0];
    for (let i = 2; this.#taken.has(name); i++) name = `${wishes.at(-1) ?? wishes[0]}_${i}`;
    this.#taken.add(name);
    return name;
  }

  has(name: string): boolean {
    return this.#taken.has(name);
  }
}

export function pyString(text: string): string {
  if (text.includes('\n') && /^[^\\\r\t]*$/.test(text) && !text.includes('"""') && !text.endsWith('"'))
    return `"""${text}"""`;
  // As formatters for Python do: the quotes that need fewer backslashes.
  if (text.includes('"') && !text.includes("'")) return `'${escapePython(text).replaceAll('\\"', '"')}'`;
  return `"${escapePython(text)}"`;
}

/** For between double quotes. */
export function escapePython(text: string): string {
  return text.replace(
    /[\\"\p{Cc}\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu,
    (char) => {
      if (char === '\\' || char === '"') return `\\${char}`;
      if (char === '\n') return '\\n';
      if (char === '\t') return '\\t';
      if (char === '\r') return '\\r';
      const code = char.charCodeAt(0);
      return code < 256
        ? `\\x${code.toString(16).padStart(2, '0')}`
        : `\\u${code.toString(16).padStart(4, '0')}`;
    },
  );
}

/** `leaf` writes texts that are more than text; undefined for those that are not. */
export function pyValue(
  value: JsonValue,
  indent: string,
  room: number,
  options: { readonly isFloat?: boolean; readonly leaf?: (text: string) => string | undefined } = {},
): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return pyNumber(value, options.isFloat ?? false);
  if (typeof value === 'string') return options.leaf?.(value) ?? pyString(value);
  const inner = (one: JsonValue, by: string, width: number): string => pyValue(one, by, width, options);
  const entries = isJsonObject(value)
    ? Object.entries(value).map(([key, one]) => ({ key: `${options.leaf?.(key) ?? pyString(key)}: `, one }))
    : value.map((one: JsonValue) => ({ key: '', one }));
  const [open, close] = isJsonObject(value) ? '{}' : '[]';
  const flat = entries.map(({ key, one }) => key + inner(one, '', Infinity)).join(', ');
  if (entries.length === 0 || (flat.length + 2 <= room && !flat.includes('\n')))
    return `${open}${flat}${close}`;
  const deeper = indent + step;
  const lines = entries.map(
    ({ key, one }) => `${deeper}${key}${inner(one, deeper, maxWidth - deeper.length - key.length - 1)},\n`,
  );
  return `${open}\n${lines.join('')}${indent}${close}`;
}

function pyNumber(value: number, isFloat: boolean): string {
  if (!Number.isFinite(value))
    return value > 0 ? 'float("inf")' : value < 0 ? 'float("-inf")' : 'float("nan")';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return isFloat && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** What a value looks like at a place: how deep, and how much room the line has. */
export type Written = (indent: string, room: number) => string;

/** `head(a, b=c)`, on one line when it fits, else an argument a line. */
export function pyCall(
  head: string,
  args: readonly { readonly name?: string; readonly value: Written }[],
): Written {
  return (indent, room) => {
    const parts = (by: string, width: number): readonly string[] =>
      args.map(({ name, value }) => {
        const prefix = name === undefined ? '' : `${name}=`;
        return prefix + value(by, width - prefix.length);
      });
    const flat = `${head}(${parts(indent, Infinity).join(', ')})`;
    if (args.length === 0 || (flat.length <= room && !flat.includes('\n'))) return flat;
    const deeper = indent + step;
    const lines = parts(deeper, maxWidth - deeper.length - 1).map((part) => `${deeper}${part},\n`);
    return `${head}(\n${lines.join('')}${indent})`;
  };
}

/** Indents every line but those inside triple-quoted texts, which `pyCall` and `pyValue` leave alone too. */
export function literal(text: string): Written {
  return () => text;
}

/** A docstring's lines, safe between triple quotes. */
export function docstring(text: string, indent: string): string {
  const safe = text.trim().replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"').replace(/"$/, '\\"');
  const lines = safe.split('\n');
  if (lines.length === 1) return `${indent}"""${safe}"""\n`;
  return `${indent}"""${lines.map((line, at) => (at === 0 || line === '' ? line : indent + line)).join('\n')}\n${indent}"""\n`;
}
