/** Label selectors as they are in a query: `app=web,tier in (a, b),!old`. */

export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;

const NAME = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const REQUIREMENTS = [
  { form: new RegExp(String.raw`^(${NAME})\s*(=|==|!=)\s*([-A-Za-z0-9_.]*)$`), of: compared },
  { form: new RegExp(String.raw`^(${NAME})\s+(in|notin)\s*\(([^()]*)\)$`), of: listed },
  { form: new RegExp(String.raw`^(!?)\s*(${NAME})$`), of: present },
] as const;

/** `undefined` when the text isn't a selector. An empty one matches everything. */
export function labelSelector(text: string): LabelSelector | undefined {
  if (text.trim() === '') return () => true;
  // Commas inside brackets separate values.
  const parts = text.split(/,(?![^(]*\))/).map((part) => requirement(part.trim()));
  const requirements = parts.filter((part) => part !== undefined);
  if (requirements.length < parts.length) return undefined;
  return (labels) => requirements.every((matches) => matches(labels));
}

function requirement(text: string): LabelSelector | undefined {
  for (const { form, of } of REQUIREMENTS) {
    const [match, first = '', second = '', third = ''] = form.exec(text) ?? [];
    if (match !== undefined) return of(first, second, third);
  }
  return undefined;
}

function compared(name: string, operator: string, value: string): LabelSelector {
  const isEqual: LabelSelector = (labels) => Object.hasOwn(labels, name) && labels[name] === value;
  return operator === '!=' ? (labels) => !isEqual(labels) : isEqual;
}

function listed(name: string, operator: string, text: string): LabelSelector {
  const values = text.split(',').map((value) => value.trim());
  const isIn: LabelSelector = (labels) => Object.hasOwn(labels, name) && values.includes(labels[name] ?? '');
  return operator === 'notin' ? (labels) => !isIn(labels) : isIn;
}

function present(not: string, name: string): LabelSelector {
  return not === '!' ? (labels) => !Object.hasOwn(labels, name) : (labels) => Object.hasOwn(labels, name);
}
