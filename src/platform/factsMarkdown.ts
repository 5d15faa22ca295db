/** A title and facts as Markdown for a tooltip; facts without a value are left out. */
export function factsMarkdown(
  title: string,
  facts: readonly (readonly [string, string | undefined])[],
): string {
  const known = facts.filter(
    (fact): fact is readonly [string, string] => fact[1] !== undefined && fact[1] !== '',
  );
  return [
    `**${escape(title)}**`,
    ...known.map(([name, value]) => `${escape(name)}: ${escape(clip(value))}`),
  ].join('  \n');
}

function clip(value: string): string {
  return value.length > 300 ? `${value.slice(0, 300)}…` : value;
}

/** Names and errors come from pipelines: they must not become links or commands. */
function escape(value: string): string {
  return value.replaceAll(/[\\`*_{}[\]()#+\-.!|<>~&$]/g, '\\$&').replaceAll('\n', ' ');
}
