/** One input of a pipeline: the control of its type, its default, its error. */
import { useId, type ReactElement } from 'react';
import type { FormInput } from '../../../src/core/protocol/runForm.ts';
import { Button, Checkbox, Dropdown, TextField } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { defaultText, draftOf, typeName, type Draft, type Parsed } from './inputValues.ts';

/** Value of the dropdown's entry for "left at the default". */
const UNSET = '\u0000';

export function InputControl(props: {
  input: FormInput;
  draft: Draft;
  parsed: Parsed;
  /** Errors of untouched required inputs wait for the first try. */
  showsRequired: boolean;
  onChange: (draft: Draft) => void;
}): ReactElement {
  const { input, draft, parsed } = props;
  const id = useId();
  const error =
    parsed.kind === 'invalid' && (draft !== undefined || props.showsRequired) ? parsed.message : undefined;
  const isRequired = input.defaultValue === undefined && !input.isOptional;
  return (
    <div className="field" data-testid={`input-${input.name}`}>
      <div className="field-head">
        <span className="field-name">
          {input.name}
          {isRequired ? (
            <span className="required" aria-hidden="true">
              *
            </span>
          ) : null}
        </span>
        <span className="type">{typeName(input)}</span>
        <span className="grow" />
        {draft === undefined ? (
          <span className="hint ellipsis">{isRequired ? '' : `default: ${defaultText(input)}`}</span>
        ) : isRequired ? null : (
          <Button
            appearance="icon"
            label={`Back to the default of ${input.name}: ${defaultText(input)}`}
            testId={`reset-${input.name}`}
            onClick={() => props.onChange(undefined)}
          >
            <Icon name="discard" />
          </Button>
        )}
      </div>
      {input.description === undefined || input.description === '' ? null : (
        <p className="hint">{input.description}</p>
      )}
      <Control {...props} isInvalid={error !== undefined} describedBy={`${id}-error`} />
      <div id={`${id}-error`} className="field-error" role={error === undefined ? undefined : 'alert'}>
        {error === undefined ? null : <Icon name="error" />}
        {error}
      </div>
    </div>
  );
}

function Control(props: {
  input: FormInput;
  draft: Draft;
  onChange: (draft: Draft) => void;
  isInvalid: boolean;
  describedBy: string;
}): ReactElement {
  const { input, draft, onChange } = props;
  const label = `${input.name}, ${typeName(input)}`;
  if (input.literals.length > 0) {
    const options = input.literals.map((literal) => {
      const text = draftOf(input, literal);
      return { value: text, label: text };
    });
    return (
      <Dropdown
        label={label}
        value={draft ?? UNSET}
        options={[{ value: UNSET, label: `(${defaultText(input)})` }, ...options]}
        onChange={(value) => onChange(value === UNSET ? undefined : value)}
      />
    );
  }
  if (input.type === 'BOOLEAN') {
    const isChecked = draft === undefined ? input.defaultValue === true : draft === 'true';
    return (
      <Checkbox label={label} isChecked={isChecked} onChange={(value) => onChange(String(value))}>
        {isChecked ? 'true' : 'false'}
      </Checkbox>
    );
  }
  const isBlock = input.type === 'LIST' || input.type === 'STRUCT';
  return (
    <TextField
      label={label}
      value={draft ?? ''}
      placeholder={draft === undefined ? defaultText(input) : ''}
      isInvalid={props.isInvalid}
      describedBy={props.describedBy}
      // Emptied: for text that is a value, for everything else there is nothing to read.
      onInput={(value) => onChange(value === '' && input.type !== 'STRING' ? undefined : value)}
      {...(isBlock ? { rows: Math.min(12, Math.max(3, (draft ?? '').split('\n').length)) } : {})}
    />
  );
}
