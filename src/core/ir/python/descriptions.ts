import type { Component } from '../model.ts';

/**
 * A docstring in which the SDK finds the descriptions of the inputs, or '' when there are none. `summary`: one line of
 * what the whole is for. Without one the Google style is not recognised, so the other is written.
 */
export function describeInputs({ inputs }: Component, summary: string | undefined): string {
  const described = [...inputs.parameters, ...inputs.artifacts].flatMap(({ name, description }) =>
    description === undefined || description.trim() === '' ? [] : [{ name, text: description.trim() }],
  );
  if (described.length === 0) return '';
  const indented = (text: string, by: string): string => text.replaceAll(/\n(?=[^\n])/g, `\n${by}`);
  return summary === undefined
    ? described.map(({ name, text }) => `:param ${name}: ${indented(text, '    ')}`).join('\n')
    : `${summary}\n\nArgs:\n${described.map(({ name, text }) => `    ${name}: ${indented(text, '        ')}`).join('\n')}`;
}

/** True for a description that the SDK reads out of a docstring as it is. */
export function isSummary(description: string | undefined): description is string {
  return description !== undefined && /^\S[^\n]*$/.test(description) && !/^:|:$|^\s|\s$/.test(description);
}
