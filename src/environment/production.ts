import type { Environment } from './environment.ts';

/** Whether a pattern matches the environment's name; one that is no regular expression is taken as plain text. */
export function isProduction(
  { label, isManaged }: Pick<Environment, 'label' | 'isManaged'>,
  patterns: readonly string[],
): boolean {
  return !isManaged && patterns.some((pattern) => matches(label, pattern));
}

function matches(label: string, pattern: string): boolean {
  try {
    return new RegExp(pattern).test(label);
  } catch {
    return label.includes(pattern);
  }
}
