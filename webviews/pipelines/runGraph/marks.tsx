/** What of a drawing is not the same in two versions; without a provider, nothing is. */
import { createContext, useContext, type ReactElement } from 'react';
import type { DiffMark } from '../../../src/core/protocol/graphDiff.ts';
import { Icon } from '../../shared/icon.tsx';
import type { IconName } from '../../shared/icons.ts';

export interface DrawingMarks {
  readonly nodes: ReadonlyMap<string, DiffMark>;
  readonly edges: ReadonlyMap<string, DiffMark>;
  /** By group: how many marks are inside. */
  readonly within: ReadonlyMap<string, number>;
}

const MarksContext = createContext<DrawingMarks | undefined>(undefined);

export const MarksProvider = MarksContext.Provider;

export const MARK_TEXT: Readonly<Record<DiffMark, string>> = {
  added: 'Added',
  removed: 'Removed',
  changed: 'Changed',
};
export const MARK_ICON: Readonly<Record<DiffMark, IconName>> = {
  added: 'diff-added',
  removed: 'diff-removed',
  changed: 'diff-modified',
};
/** For pictures; elements have the classes `diff-*` (graphDiff.css). */
export const MARK_VARIABLE: Readonly<Record<DiffMark, string>> = {
  added: '--diff-added',
  removed: '--diff-removed',
  changed: '--diff-changed',
};

/** `undefined`: one version alone is drawn. */
export function useDrawingMarks(): DrawingMarks | undefined {
  return useContext(MarksContext);
}

export function useNodeMark(nodeId: string): DiffMark | undefined {
  return useContext(MarksContext)?.nodes.get(nodeId);
}

export function useEdgeMark(edgeId: string): DiffMark | undefined {
  return useContext(MarksContext)?.edges.get(edgeId);
}

export function DiffBadge({ nodeId }: { nodeId: string }): ReactElement | null {
  const marks = useContext(MarksContext);
  const mark = marks?.nodes.get(nodeId);
  const within = marks?.within.get(nodeId) ?? 0;
  if (mark === undefined && within === 0) return null;
  const inside = `${within} ${within === 1 ? 'change' : 'changes'} inside`;
  const text = [...(mark === undefined ? [] : [MARK_TEXT[mark]]), ...(within === 0 ? [] : [inside])].join(
    ', ',
  );
  return (
    <span className={`diff-badge${mark === undefined ? '' : ` diff-${mark}`}`} title={text}>
      {within === 0 ? null : <span aria-hidden="true">{within}</span>}
      <Icon name={mark === undefined ? 'diff' : MARK_ICON[mark]} />
      <span className="screen-reader-only">{text}</span>
    </span>
  );
}
