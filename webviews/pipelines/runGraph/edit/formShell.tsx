import { useEffect, useRef, type ReactElement, type ReactNode } from 'react';
import { Button } from '../../../shared/controls.ts';
import { useEdit } from './context.ts';

/** Enter in any line of it does what its button does. */
export function FormShell(props: {
  title: string;
  act: string;
  isReady: boolean;
  onSubmit: () => void;
  children: ReactNode;
}): ReactElement {
  const edit = useEdit();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The toolkit's fields focus themselves only once they are drawn.
    const frame = requestAnimationFrame(() =>
      element.current
        ?.querySelector<HTMLElement>('vscode-text-field, vscode-dropdown, vscode-text-area')
        ?.focus({ preventScroll: true }),
    );
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <div
      ref={element}
      className="flow-form"
      role="group"
      aria-label={props.title}
      data-testid="flow-form"
      onKeyDown={(event) => {
        const isLine = event.target instanceof HTMLElement && event.target.tagName === 'VSCODE-TEXT-FIELD';
        if (event.key !== 'Enter' || !isLine || !props.isReady) return;
        event.preventDefault();
        props.onSubmit();
      }}
    >
      <h2 className="popup-title">{props.title}</h2>
      {props.children}
      <div className="actions">
        <Button
          appearance="primary"
          testId="form-apply"
          isDisabled={!props.isReady}
          onClick={() => {
            if (props.isReady) props.onSubmit();
          }}
        >
          {props.act}
        </Button>
        <Button testId="form-cancel" onClick={() => edit.close()}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
