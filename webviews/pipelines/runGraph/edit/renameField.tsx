/** A name, edited where it stands: Enter and leaving keep it, Escape does not. */
import { useEffect, useRef, type ReactElement } from 'react';
import type { GraphNode } from '../../../../src/core/ir/graphModel.ts';
import { rename } from './acts.ts';
import { useEdit } from './context.ts';

export function RenameField({ node }: { node: GraphNode }): ReactElement {
  const edit = useEdit();
  const field = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  useEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);
  const finish = (name: string | undefined): void => {
    if (isDone.current) return;
    isDone.current = true;
    const hasFocus = document.activeElement === field.current;
    if (name === undefined) edit.close();
    else void rename(edit, node, name);
    if (hasFocus) document.querySelector<HTMLElement>('.canvas, .rows')?.focus({ preventScroll: true });
  };
  return (
    <input
      ref={field}
      className="plain-field rename-field nodrag nopan"
      aria-label={`New name of ${node.label}`}
      data-testid="rename-field"
      spellCheck={false}
      defaultValue={node.label}
      onPointerDown={(event) => event.stopPropagation()}
      onClick={(event) => event.stopPropagation()}
      onBlur={(event) => finish(event.currentTarget.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Enter') finish(event.currentTarget.value);
        else if (event.key === 'Escape') finish(undefined);
        else return;
        event.preventDefault();
      }}
    />
  );
}
