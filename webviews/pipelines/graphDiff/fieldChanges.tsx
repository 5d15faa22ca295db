import type { ReactElement } from 'react';
import { describeLines } from '../../../src/core/ir/diff/summary.ts';
import type { FieldChange } from '../../../src/core/protocol/graphDiff.ts';
import type { ChangeItem } from './changes.ts';
import { useDiff } from './context.ts';

/** Longer values are no reading in a list: the editor's own difference shows them. */
const MOST_CHARACTERS = 400;

/** Field by field, what was and what is. */
export function FieldChanges({ item }: { item: ChangeItem }): ReactElement {
  return (
    <dl className="field-changes">
      {item.changes.map((change) => (
        <div key={change.path} data-testid={`field-${change.path}`}>
          <dt>{change.path}</dt>
          <dd>
            <Values change={change} />
            {isText(change) ? <OpenField item={item} path={change.path} /> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function isText({ before, after }: FieldChange): boolean {
  return [before, after].some(
    (text) => text?.includes('\n') === true || (text?.length ?? 0) > MOST_CHARACTERS,
  );
}

function Values({ change }: { change: FieldChange }): ReactElement {
  const { before, after } = change;
  if (before !== undefined && after !== undefined && isText(change))
    return <span className="hint">{describeLines(before, after)}</span>;
  return (
    <>
      {before === undefined ? null : (
        <del>
          <span className="screen-reader-only">before: </span>
          {shortened(before)}
        </del>
      )}
      {after === undefined ? null : (
        <ins>
          <span className="screen-reader-only">after: </span>
          {shortened(after)}
        </ins>
      )}
    </>
  );
}

/** Objects with spaces, where they may be broken into lines. */
function shortened(value: string): string {
  const text = /^[[{]/.test(value)
    ? value.replaceAll(/("(?:[^"\\]|\\.)*")|([:,])/g, '$1$2 ').replaceAll(/" (?=[:,}\]])/g, '"')
    : value;
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

function OpenField({ item, path }: { item: ChangeItem; path: string }): ReactElement {
  const diff = useDiff();
  return (
    <button
      type="button"
      className="link-button"
      data-testid={`open-field-${path}`}
      onClick={() => void diff.request('openField', { nodeId: item.nodeId ?? null, path })}
    >
      Open the difference
    </button>
  );
}
