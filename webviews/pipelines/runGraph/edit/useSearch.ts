/** What a list shows for the text typed over it. */
import { useEffect, useState } from 'react';
import { isAbort, SlipwayError } from '../../../../src/core/base/errors.ts';

export type Search<T> = (query: string, signal: AbortSignal) => Promise<T>;

export interface Found<T> {
  /** The last answer stays while the next one is on its way. */
  readonly answer: T | undefined;
  readonly problem: string | undefined;
  /** The answer is to what is typed now. */
  readonly isFresh: boolean;
}

/** Asks again whenever the text or `search` changes. */
export function useSearch<T>(search: Search<T>, query: string): Found<T> {
  const [found, setFound] = useState<{ search: Search<T>; query: string; answer: T }>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const controller = new AbortController();
    search(query, controller.signal)
      .then((answer) => {
        if (controller.signal.aborted) return;
        setFound({ search, query, answer });
        setProblem(undefined);
      })
      .catch((error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        setProblem(error instanceof SlipwayError ? error.message : String(error));
      });
    return () => controller.abort();
  }, [search, query]);
  return { answer: found?.answer, problem, isFresh: found?.search === search && found.query === query };
}

/** For Enter: who types fast means the list that is still on its way. */
export function useEnter(query: string, isFresh: boolean, act: () => void): () => void {
  const [awaited, setAwaited] = useState<string>();
  useEffect(() => {
    if (awaited !== query || !isFresh) return;
    setAwaited(undefined);
    act();
  }, [awaited, query, isFresh, act]);
  return () => {
    if (isFresh) act();
    else setAwaited(query);
  };
}
