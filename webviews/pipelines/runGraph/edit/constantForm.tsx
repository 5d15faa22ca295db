/** A constant typed beside the dot of its input. */
import { useEffect, useState, type ReactElement } from 'react';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import { Dropdown, TextField } from '../../../shared/controls.ts';
import { useEdit } from './context.ts';
import { FormShell } from './formShell.tsx';
import { portLabel, typeLabel } from './ports.ts';
import { parseValue, valueText } from './values.ts';

export function ConstantForm(props: {
  task: string;
  input: string;
  type: string;
  onDone: (gesture: Gesture) => void;
}): ReactElement {
  const { task, input, type } = props;
  const edit = useEdit();
  const [text, setText] = useState<string>();
  const [now, setNow] = useState('');
  useEffect(() => {
    const controller = new AbortController();
    void edit.graph.request('inspect', { nodeIds: [task] }, { signal: controller.signal }).then((views) => {
      const found = views?.[0]?.inputs.find((one) => one.name === input);
      const value = found?.source.kind === 'constant' ? found.source.value : found?.defaultValue;
      if (value !== undefined && value !== null) setNow(valueText(type, value));
    });
    return () => controller.abort();
  }, [edit, task, input, type]);
  const shown = text ?? now;
  const parsed = parseValue(type, shown);
  const problem = text !== undefined && parsed.kind === 'invalid' ? parsed.message : undefined;
  const isBlock = type === 'LIST' || type === 'STRUCT' || shown.includes('\n');
  return (
    <FormShell
      title={`${portLabel(input)}: ${typeLabel(type)}`}
      act="Set"
      isReady={parsed.kind === 'value'}
      onSubmit={() => {
        if (parsed.kind !== 'value') return;
        const source = { kind: 'constant', value: parsed.value } as const;
        props.onDone({ kind: 'connect', task, input, source });
      }}
    >
      {type === 'BOOLEAN' ? (
        <Dropdown
          label="Value"
          testId="constant-value"
          value={shown}
          options={[
            { value: '', label: 'no value' },
            { value: 'true', label: 'true' },
            { value: 'false', label: 'false' },
          ]}
          onChange={setText}
        />
      ) : (
        <TextField
          label="Value"
          testId="constant-value"
          value={shown}
          isInvalid={problem !== undefined}
          onInput={setText}
          {...(isBlock ? { rows: 3 } : {})}
        />
      )}
      {problem === undefined ? null : <div className="field-error">{problem}</div>}
    </FormShell>
  );
}
