import { useEffect, useState } from 'react';
import { isAbort, SlipwayError } from '../../../../../src/core/base/errors.ts';
import type { GroupView, NodeView } from '../../../../../src/core/protocol/graphEdit.ts';
import { useSelected } from '../../context.ts';
import { useEdit } from '../context.ts';

export interface Answer<T> {
  readonly value: T | undefined;
  readonly problem: string | undefined;
}

/** Asked again whenever the document's drawing moves; the last answer about the same nodes stays meanwhile. */
export function useNodeViews(nodeIds: readonly string[]): Answer<readonly NodeView[]> {
  const edit = useEdit();
  const key = JSON.stringify(nodeIds);
  return useAnswer(key, (signal) => edit.graph.ask('inspect', { nodeIds: [...nodeIds] }, { signal }));
}

/** As useNodeViews; of the pipeline itself when `group` is empty. */
export function useGroupView(group: string): Answer<GroupView> {
  const edit = useEdit();
  return useAnswer(group, (signal) => edit.graph.ask('inspectGroup', { group }, { signal }));
}

function useAnswer<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const revision = useSelected(({ host, drawingRevision }) =>
    host?.document.kind === 'empty' ? host.document.revision : drawingRevision,
  );
  const [answer, setAnswer] = useState<Answer<T> & { readonly key: string }>();
  useEffect(() => {
    const controller = new AbortController();
    ask(controller.signal)
      .then((value) => setAnswer({ key, value, problem: undefined }))
      .catch((error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        const problem = error instanceof SlipwayError ? error.message : String(error);
        setAnswer({ key, value: undefined, problem });
      });
    return () => controller.abort();
    // `ask` is made anew by each render; `key` says what it asks.
  }, [key, revision]);
  return answer?.key === key ? answer : { value: undefined, problem: undefined };
}
