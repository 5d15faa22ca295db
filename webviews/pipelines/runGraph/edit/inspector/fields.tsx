/** A form's field that edits the document: what is typed is kept here until Enter or leaving, then it is one gesture. */
import { useEffect, useId, useRef, useState, type ReactElement, type ReactNode } from 'react';
import { Dropdown, TextField } from '../../../../shared/controls.ts';
import type { Check } from '../values.ts';

/** Several selected nodes that do not agree. */
export const MIXED = Symbol('mixed');
export type Shared<T> = T | typeof MIXED;

/** What all of them say, or that they do not agree. */
export function sharedOf<T>(values: readonly T[]): Shared<T> | undefined {
  const [first, ...others] = values;
  if (first === undefined && values.length <= 1) return undefined;
  const text = JSON.stringify(first);
  return others.every((other) => JSON.stringify(other) === text) ? first : MIXED;
}

function FieldRow(props: {
  label: string;
  problem?: string | undefined;
  hint?: string | undefined;
  children: ReactNode;
}): ReactElement {
  return (
    <div className="field-row">
      <span className="field-label ellipsis" aria-hidden="true" title={props.label}>
        {props.label}
      </span>
      <div className="field-control">
        {props.children}
        {props.problem === undefined ? null : (
          <div className="field-error" role="alert">
            {props.problem}
          </div>
        )}
        {props.hint === undefined ? null : <div className="hint">{props.hint}</div>}
      </div>
    </div>
  );
}

export interface CommitTextProps {
  readonly label: string;
  readonly value: Shared<string>;
  readonly testId?: string;
  readonly placeholder?: string | undefined;
  readonly check?: Check | undefined;
  /** An empty field means "none": it is not checked. */
  readonly mayBeEmpty?: boolean;
  readonly rows?: number;
  readonly hint?: string | undefined;
  readonly onCommit: (text: string) => void;
}

export function CommitText(props: CommitTextProps): ReactElement {
  const { value, check, onCommit } = props;
  const given = value === MIXED ? '' : value;
  const [draft, setDraft] = useState<string>();
  const id = useId();
  /** What was told already; leaving the field does not say it a second time, Enter does. */
  const told = useRef<string>(undefined);
  // The document moved on, by this field or by something else.
  useEffect(() => {
    setDraft(undefined);
    told.current = undefined;
  }, [given]);
  const text = draft ?? given;
  const problem =
    draft === undefined || (draft === '' && props.mayBeEmpty === true) ? undefined : check?.(draft);
  const commit = (isAgain: boolean): void => {
    if (draft === undefined || problem !== undefined) return;
    if (draft === given && value !== MIXED) setDraft(undefined);
    else if (isAgain || told.current !== draft) {
      told.current = draft;
      onCommit(draft);
    }
  };
  return (
    <FieldRow label={props.label} problem={problem} hint={props.hint}>
      <div
        id={id}
        onBlur={() => commit(false)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (props.rows === undefined || event.ctrlKey || event.metaKey))
            commit(true);
          else if (event.key === 'Escape' && draft !== undefined) {
            setDraft(undefined);
            event.stopPropagation();
          } else return;
          event.preventDefault();
        }}
      >
        <TextField
          label={props.label}
          testId={props.testId}
          value={text}
          placeholder={value === MIXED ? 'several values' : props.placeholder}
          isInvalid={problem !== undefined}
          onInput={setDraft}
          {...(props.rows === undefined ? {} : { rows: props.rows })}
        />
      </div>
    </FieldRow>
  );
}

export function CommitChoice(props: {
  label: string;
  value: Shared<string>;
  options: readonly { readonly value: string; readonly label: string }[];
  testId?: string;
  hint?: string | undefined;
  onCommit: (value: string) => void;
}): ReactElement {
  const { value, options } = props;
  return (
    <FieldRow label={props.label} hint={props.hint}>
      <Dropdown
        label={props.label}
        testId={props.testId}
        value={value === MIXED ? '#mixed' : value}
        options={value === MIXED ? [{ value: '#mixed', label: 'several values' }, ...options] : options}
        onChange={(chosen) => {
          if (chosen !== '#mixed') props.onCommit(chosen);
        }}
      />
    </FieldRow>
  );
}
