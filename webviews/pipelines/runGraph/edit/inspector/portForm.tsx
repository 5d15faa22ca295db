/** One input of a pipeline or group: its name, type, default and description. */
import type { ReactElement } from 'react';
import type { InputView } from '../../../../../src/core/protocol/graphEdit.ts';
import { Button, Checkbox } from '../../../../shared/controls.ts';
import { useEdit } from '../context.ts';
import { portKind, TYPE_OPTIONS } from '../interfaceForms.tsx';
import { typeLabel } from '../ports.ts';
import { checks, parseValue, valueText } from '../values.ts';
import { CommitChoice, CommitText } from './fields.tsx';

export function PortForm({ group, input }: { group: string; input: InputView }): ReactElement {
  const edit = useEdit();
  const { name, type, defaultValue, description, isOptional, kind } = input;
  const change = (what: Partial<Pick<InputView, keyof InputView>>): void => {
    const next = { name, kind, type, defaultValue, description, isOptional, ...what };
    void edit.perform({
      kind: 'changeInput',
      group,
      name,
      port: {
        name: next.name,
        kind: next.kind,
        type: next.type,
        isOptional: next.isOptional,
        ...(next.defaultValue === undefined ? {} : { defaultValue: next.defaultValue }),
        ...(next.description === undefined ? {} : { description: next.description }),
      },
    });
  };
  const options = TYPE_OPTIONS.some((option) => option.value === type)
    ? TYPE_OPTIONS
    : [{ value: type, label: typeLabel(type) }, ...TYPE_OPTIONS];
  return (
    <>
      <CommitText
        label="Name"
        testId={`port-name-${name}`}
        value={name}
        check={checks.required}
        onCommit={(text) => change({ name: text.trim() })}
      />
      <CommitChoice
        label="Type"
        testId={`port-type-${name}`}
        value={type}
        options={options}
        onCommit={(text) => change({ type: text, kind: portKind(text), defaultValue: undefined })}
      />
      {kind === 'artifact' ? null : (
        <CommitText
          label="Default"
          testId={`port-default-${name}`}
          value={defaultValue === undefined ? '' : valueText(type, defaultValue)}
          placeholder="none: a run must give it"
          mayBeEmpty
          check={(text) => {
            const parsed = parseValue(type, text);
            return parsed.kind === 'invalid' ? parsed.message : undefined;
          }}
          onCommit={(text) => {
            const parsed = text === '' ? undefined : parseValue(type, text);
            change({ defaultValue: parsed?.kind === 'value' ? parsed.value : undefined });
          }}
        />
      )}
      <CommitText
        label="Description"
        testId={`port-description-${name}`}
        value={description ?? ''}
        onCommit={(text) => change({ description: text === '' ? undefined : text })}
      />
      <Checkbox
        label={`${name} is optional`}
        isChecked={isOptional}
        onChange={(chosen) => change({ isOptional: chosen })}
      >
        Optional
      </Checkbox>
      <div className="actions">
        <Button onClick={() => void edit.perform({ kind: 'removeInput', group, name })}>Remove</Button>
      </div>
    </>
  );
}
