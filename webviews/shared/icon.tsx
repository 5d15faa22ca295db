import type { ReactElement } from 'react';
import { icons, type IconName } from './icons.ts';

/** A codicon; decoration only, so say its meaning in text or a label beside it. */
export function Icon({ name, spin = false }: { name: IconName; spin?: boolean }): ReactElement {
  return (
    <span
      className={`codicon codicon-${name}${spin ? ' codicon-spin' : ''}`}
      data-glyph={icons[name]}
      aria-hidden="true"
    />
  );
}
