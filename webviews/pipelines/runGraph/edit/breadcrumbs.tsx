/** Where the drawing is: the pipeline, and the groups down to the one that is shown alone. */
import type { ReactElement } from 'react';
import { useSelected, useStore } from '../context.ts';

export function Breadcrumbs(): ReactElement | null {
  const store = useStore();
  const scope = useSelected((snapshot) => snapshot.view.scope);
  const nodes = useSelected((snapshot) => snapshot.nodes);
  const title = useSelected((snapshot) => snapshot.host?.title ?? 'Pipeline');
  if (scope === '') return null;
  const keys = scope.split('/');
  const groups = keys.map((_, at) => keys.slice(0, at + 1).join('/'));
  return (
    <nav className="breadcrumbs" aria-label="Groups" data-testid="breadcrumbs">
      {['', ...groups].map((group, at, all) => (
        <span key={group} className="breadcrumb">
          {at === 0 ? null : <span aria-hidden="true">›</span>}
          <button
            type="button"
            className="link-button ellipsis"
            aria-current={at === all.length - 1 ? 'location' : undefined}
            onClick={() => store.enter(group)}
          >
            {group === '' ? title : (nodes.get(group)?.label ?? group)}
          </button>
        </span>
      ))}
    </nav>
  );
}
