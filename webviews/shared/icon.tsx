import type { ReactElement } from 'react';

/** A codicon; decoration only, so say its meaning in text or a label beside it. */
export function Icon({ name, spin = false }: { name: string; spin?: boolean }): ReactElement {
  return (
    <span className={`codicon codicon-${name}${spin ? ' codicon-modifier-spin' : ''}`} aria-hidden="true" />
  );
}
