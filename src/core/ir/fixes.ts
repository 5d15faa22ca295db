import type { Problem, SourceRange } from './model.ts';

type Fix = NonNullable<Problem['fix']>;

/**
 * A rename to the only candidate that is nearly `name`, or undefined: a fix is offered only when it is certain.
 * `range` is the YAML scalar that holds the name.
 */
export function renameFix(
  text: string,
  name: string,
  range: SourceRange,
  candidates: Iterable<string>,
): Fix | undefined {
  const near = onlyNearMiss(name, candidates);
  if (near === undefined) return undefined;
  const scalar = yamlScalar(near, text.charAt(range.start) === '"');
  return { title: `Change to '${near}'`, edits: [{ range, text: scalar }] };
}

/** The one candidate within two typing errors (one in a short name); undefined when there are none or several. */
export function onlyNearMiss(name: string, candidates: Iterable<string>): string | undefined {
  const allowed = name.length < 4 ? 1 : 2;
  const near: string[] = [];
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > allowed) continue;
    if (distance(name, candidate, allowed) <= allowed) near.push(candidate);
    if (near.length > 1) return undefined;
  }
  return near[0];
}

/** Removes one entry of a list: its line or its flow item, and the list's key with the last of them. */
export function removeItemFix(
  text: string,
  item: SourceRange,
  isOnly: boolean,
  title: string,
): Fix | undefined {
  const before = text.slice(0, item.start);
  const dash = /(?:^|\n)[ \t]*-[ \t]+$/.exec(before.slice(-200));
  if (dash === null) return flowItemFix(text, item, isOnly, title);
  const lineStart = before.lastIndexOf('\n') + 1;
  const newline = text.indexOf('\n', item.end);
  const lineEnd = newline === -1 ? text.length : newline + 1;
  // Something else on the line, a comment say: leave it to the person.
  if (text.slice(item.end, lineEnd).trim() !== '') return undefined;
  if (!isOnly) return { title, edits: [{ range: { start: lineStart, end: lineEnd }, text: '' }] };
  const keyLineStart = text.lastIndexOf('\n', lineStart - 2) + 1;
  if (!/^[ \t]*dependentTasks:[ \t]*\r?\n$/.test(text.slice(keyLineStart, lineStart))) return undefined;
  return { title, edits: [{ range: { start: keyLineStart, end: lineEnd }, text: '' }] };
}

function flowItemFix(text: string, item: SourceRange, isOnly: boolean, title: string): Fix | undefined {
  if (isOnly) return { title, edits: [{ range: item, text: '' }] };
  const after = /^\s*,\s*/.exec(text.slice(item.end, item.end + 200));
  if (after !== null) {
    return { title, edits: [{ range: { start: item.start, end: item.end + after[0].length }, text: '' }] };
  }
  const before = /\s*,\s*$/.exec(text.slice(Math.max(0, item.start - 200), item.start));
  if (before === null) return undefined;
  return { title, edits: [{ range: { start: item.start - before[0].length, end: item.end }, text: '' }] };
}

/** A string as a YAML scalar: plain where every reader takes it for text, else in double quotes. */
function yamlScalar(value: string, quoted: boolean): string {
  const isPlain = /^[A-Za-z_][\w.-]*$/.test(value) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain && !quoted ? value : JSON.stringify(value);
}

/** Levenshtein distance, or more than `limit`. */
function distance(a: string, b: string, limit: number): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const substitute = (previous[j - 1] ?? 0) + (a.charAt(i - 1) === b.charAt(j - 1) ? 0 : 1);
      const value = Math.min(substitute, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
      current.push(value);
      best = Math.min(best, value);
    }
    if (best > limit) return best;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
