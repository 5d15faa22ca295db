/** What every panel beside the graph looks like: a head with its title, and sections. */
import type { ReactElement, ReactNode } from 'react';
import { Button } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { useStore } from './context.ts';

/** Focusable as a whole, so that the keyboard can go into it; Escape closes it. */
export function PanelFrame(props: {
  nodeId: string;
  label: string;
  icon: ReactNode;
  title: string;
  hasText: boolean;
  /** Between the head and what scrolls. */
  fixed: ReactNode;
  children: ReactNode;
}): ReactElement {
  const store = useStore();
  const { nodeId } = props;
  return (
    <aside
      className="side-panel"
      aria-label={props.label}
      data-testid="side-panel"
      onKeyDown={(event) => {
        if (event.key === 'Escape') store.select(undefined);
      }}
    >
      <div className="panel-head">
        {props.icon}
        <h2 className="ellipsis grow">{props.title}</h2>
        {props.hasText ? (
          <Button
            appearance="icon"
            label="Go to the text"
            onClick={() => void store.request('openSource', { nodeId })}
          >
            <Icon name="go-to-file" />
          </Button>
        ) : null}
        <Button appearance="icon" label="Close" onClick={() => store.select(undefined)}>
          <Icon name="close" />
        </Button>
      </div>
      {props.fixed}
      <div className="panel-body" data-testid="panel-body" tabIndex={-1}>
        {props.children}
      </div>
    </aside>
  );
}

export function Section(props: { title: string; actions?: ReactNode; children: ReactNode }): ReactElement {
  return (
    <section className="section" aria-label={props.title}>
      <div className="section-head">
        <h3 className="grow">{props.title}</h3>
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}
