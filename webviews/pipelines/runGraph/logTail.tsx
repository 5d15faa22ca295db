/** The end of an attempt's log, following while it runs. The host keeps the stream; this pulls what is new. */
import { useEffect, useLayoutEffect, useRef, useState, type ReactElement } from 'react';
import { isAbort, SlipwayError } from '../../../src/core/base/errors.ts';
import { ANSI_START, parseAnsi, type AnsiSpan, type AnsiState, type AnsiStyle } from '../../shared/ansi.ts';
import { useStore } from './context.ts';

/** Characters kept on screen; the full log is one click away. */
const KEEP = 200_000;
const READ_TIMEOUT_MS = 40_000;

interface Shown {
  readonly spans: readonly AnsiSpan[];
  readonly isCut: boolean;
  readonly hasEnded: boolean;
  readonly problem: string | undefined;
}

const NOTHING: Shown = { spans: [], isCut: false, hasEnded: false, problem: undefined };

export function LogTail({ taskId, attempt }: { taskId: string; attempt: string }): ReactElement {
  const store = useStore();
  const [shown, setShown] = useState<Shown>(NOTHING);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const read = async (): Promise<void> => {
      let from = 0;
      let ansi: AnsiState = ANSI_START;
      for (;;) {
        const chunk = await store.ask(
          'readLog',
          { taskId, attempt, from },
          { signal, timeoutMs: READ_TIMEOUT_MS },
        );
        if (signal.aborted) return;
        from = chunk.next;
        const parsed = parseAnsi(chunk.text, ansi);
        ansi = parsed.state;
        setShown((before) => append(before, parsed.spans, chunk.isGap, chunk.hasEnded));
        if (chunk.hasEnded) return;
      }
    };
    setShown(NOTHING);
    read().catch((error: unknown) => {
      if (signal.aborted || isAbort(error)) return;
      const problem = error instanceof SlipwayError ? error.message : String(error);
      setShown((before) => ({ ...before, hasEnded: true, problem }));
    });
    return () => controller.abort();
  }, [store, taskId, attempt]);

  useLayoutEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);

  return (
    <div
      ref={box}
      className="log-tail"
      role="log"
      aria-live="off"
      aria-label="Log of the step"
      aria-busy={!shown.hasEnded}
      tabIndex={0}
      data-testid="log-tail"
      data-ended={shown.hasEnded}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < 8;
      }}
    >
      {shown.isCut ? <div className="hint">Earlier lines are in the full log.</div> : null}
      {shown.spans.map((span, at) => (
        <span key={at} className={ansiClass(span.style)} style={ansiColours(span.style)}>
          {span.text}
        </span>
      ))}
      {shown.hasEnded && shown.spans.length === 0 && shown.problem === undefined ? (
        <span className="hint">This attempt printed nothing.</span>
      ) : null}
      {shown.problem === undefined ? null : <div className="problem">{shown.problem}</div>}
      {shown.hasEnded ? null : <span className="cursor" aria-hidden="true" />}
    </div>
  );
}

function append(before: Shown, spans: readonly AnsiSpan[], isGap: boolean, hasEnded: boolean): Shown {
  const all = [...before.spans];
  for (const span of spans) {
    const last = all.at(-1);
    if (last?.style === span.style) all[all.length - 1] = { style: span.style, text: last.text + span.text };
    else all.push(span);
  }
  let size = all.reduce((sum, span) => sum + span.text.length, 0);
  let isCut = before.isCut || isGap;
  while (size > KEEP) {
    const first = all[0];
    if (first === undefined) break;
    const over = size - KEEP;
    isCut = true;
    if (first.text.length <= over) all.shift();
    else all[0] = { style: first.style, text: first.text.slice(over) };
    size -= Math.min(over, first.text.length);
  }
  return { spans: all, isCut, hasEnded, problem: undefined };
}

const NAMES = ['Black', 'Red', 'Green', 'Yellow', 'Blue', 'Magenta', 'Cyan', 'White'];

function colour(value: number | string | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return `var(--vscode-terminal-ansi${value >= 8 ? 'Bright' : ''}${NAMES[value % 8] ?? 'White'})`;
}

function ansiColours(style: AnsiStyle): Record<string, string | undefined> {
  return { color: colour(style.foreground), backgroundColor: colour(style.background) };
}

function ansiClass(style: AnsiStyle): string | undefined {
  const names = [
    style.isBold ? 'bold' : '',
    style.isDim ? 'dim' : '',
    style.isItalic ? 'italic' : '',
    style.isUnderlined ? 'underlined' : '',
  ].filter((name) => name !== '');
  return names.length === 0 ? undefined : names.join(' ');
}
