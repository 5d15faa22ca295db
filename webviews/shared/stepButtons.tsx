import type { ReactElement } from 'react';
import { Button } from './controls.ts';
import { Icon } from './icon.tsx';

/** To the previous and the next of a list; `what` names one of it, `keys` do the same in VS Code. */
export function StepButtons(props: {
  readonly what: string;
  readonly keys?: { readonly previous: string; readonly next: string };
  readonly isEmpty: boolean;
  readonly onStep: (by: 1 | -1) => void;
}): ReactElement {
  const { what, keys, isEmpty, onStep } = props;
  const button = (way: 'previous' | 'next', by: 1 | -1, icon: 'arrow-up' | 'arrow-down'): ReactElement => (
    <Button
      appearance="icon"
      label={`${way === 'previous' ? 'Previous' : 'Next'} ${what}${keys === undefined ? '' : ` (${keys[way]})`}`}
      testId={`${way}-${what}`}
      isDisabled={isEmpty}
      onClick={() => onStep(by)}
    >
      <Icon name={icon} />
    </Button>
  );
  return (
    <>
      {button('previous', -1, 'arrow-up')}
      {button('next', 1, 'arrow-down')}
    </>
  );
}
