/** A list of rows of fields. A row is written once it is complete and valid, and the focus has left it. */
import { useEffect, useRef, useState, type ReactElement } from 'react';
import { Button, Dropdown, TextField } from '../../../../shared/controls.ts';
import { Icon } from '../../../../shared/icon.tsx';
import type { Check } from '../values.ts';
import { MIXED, type Shared } from './fields.tsx';

export type Row = Readonly<Record<string, string>>;

export interface Column {
  readonly key: string;
  readonly label: string;
  readonly check?: Check;
  readonly isOptional?: boolean;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
}

export function RowsEditor(props: {
  title: string;
  columns: readonly Column[];
  rows: Shared<readonly Row[]>;
  addLabel: string;
  testId: string;
  onCommit: (rows: readonly Row[]) => void;
}): ReactElement {
  const { columns, title } = props;
  const given = props.rows === MIXED ? NO_ROWS : props.rows;
  const key = JSON.stringify(given);
  const [drafts, setDrafts] = useState<readonly Row[]>();
  /** What was told already, and needs no telling when the focus leaves. */
  const told = useRef<string>(undefined);
  useEffect(() => {
    setDrafts(undefined);
    told.current = undefined;
  }, [key]);
  const rows = drafts ?? given;
  const problems = rows.map((row) => rowProblem(columns, row));
  const commit = (next: readonly Row[]): void => {
    const text = JSON.stringify(next);
    if (text === key) setDrafts(undefined);
    if (text === key || text === told.current) return;
    if (next.some((row) => rowProblem(columns, row) !== undefined)) return;
    told.current = text;
    props.onCommit(next);
  };
  const change = (at: number, column: string, text: string): void =>
    setDrafts(rows.map((row, index) => (index === at ? { ...row, [column]: text } : row)));
  return (
    <div className="rows-editor" role="group" aria-label={title} data-testid={props.testId}>
      <div className="rows-title">{title}</div>
      {props.rows === MIXED ? (
        <p className="hint">Several values; a row added here replaces them all.</p>
      ) : null}
      {rows.map((row, at) => (
        <div
          // Rows have no identity of their own.
          key={at}
          className="rows-row"
          onBlur={(event) => {
            if (!event.currentTarget.contains(event.relatedTarget)) commit(rows);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') commit(rows);
            else if (event.key === 'Escape' && drafts !== undefined) {
              setDrafts(undefined);
              event.stopPropagation();
            }
          }}
        >
          <div className="rows-cells">
            {columns.map((column) => (
              <Cell
                key={column.key}
                column={column}
                title={`${title} ${at + 1}: ${column.label}`}
                value={row[column.key] ?? ''}
                onChange={(text) => change(at, column.key, text)}
              />
            ))}
            <Button
              appearance="icon"
              label={`Remove ${title} ${at + 1}`}
              onClick={() => {
                const next = rows.filter((_, index) => index !== at);
                setDrafts(next);
                commit(next);
              }}
            >
              <Icon name="remove" />
            </Button>
          </div>
          {problems[at] === undefined || isBlank(row) ? null : (
            <div className="field-error">{problems[at]}</div>
          )}
        </div>
      ))}
      <button
        type="button"
        className="link-button"
        data-testid={`${props.testId}-add`}
        onClick={() => setDrafts([...rows, {}])}
      >
        <Icon name="add" /> {props.addLabel}
      </button>
    </div>
  );
}

const NO_ROWS: readonly Row[] = [];

function Cell(props: {
  column: Column;
  title: string;
  value: string;
  onChange: (text: string) => void;
}): ReactElement {
  const { column, title, value, onChange } = props;
  if (column.options !== undefined)
    return <Dropdown label={title} value={value} options={column.options} onChange={onChange} />;
  const isInvalid = value !== '' && column.check?.(value) !== undefined;
  return (
    <TextField
      label={title}
      placeholder={column.label}
      testId={`cell-${column.key}`}
      value={value}
      isInvalid={isInvalid}
      onInput={onChange}
    />
  );
}

function isBlank(row: Row): boolean {
  return Object.values(row).every((text) => text === '');
}

function rowProblem(columns: readonly Column[], row: Row): string | undefined {
  for (const column of columns) {
    const text = row[column.key] ?? '';
    if (text === '') {
      if (column.isOptional !== true && column.options === undefined) return `${column.label} is missing.`;
      continue;
    }
    const problem = column.check?.(text);
    if (problem !== undefined) return `${column.label}: ${problem}`;
  }
  return undefined;
}
