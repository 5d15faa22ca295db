import { useState, type ReactElement, type ReactNode } from 'react';

/** A part of the form that starts closed where most have nothing to say; from then on the user opens and closes it. */
export function Foldable(props: {
  title: string;
  isOpen?: boolean;
  note?: string | undefined;
  children: ReactNode;
}): ReactElement {
  const [isOpen, setOpen] = useState(props.isOpen === true);
  return (
    <details
      className="section foldable"
      open={isOpen}
      data-testid={`section-${props.title}`}
      onToggle={(event) => {
        // Not of a part inside this one.
        if (event.target === event.currentTarget) setOpen(event.currentTarget.open);
      }}
    >
      <summary>
        <h3>{props.title}</h3>
        {props.note === undefined ? null : <span className="hint ellipsis">{props.note}</span>}
      </summary>
      {isOpen ? props.children : null}
    </details>
  );
}
