/** A step's inputs: wired to something, given a value, or left at the default. */
import { useMemo, type ReactElement } from 'react';
import type { JsonValue } from '../../../../../src/core/base/json.ts';
import type { InputView, NodeView } from '../../../../../src/core/protocol/graphEdit.ts';
import { Button, Dropdown } from '../../../../shared/controls.ts';
import { Icon } from '../../../../shared/icon.tsx';
import { useSelected, useStore } from '../../context.ts';
import { useEdit } from '../context.ts';
import { mayFit, portLabel, sourceOptions, typeLabel } from '../ports.ts';
import { parseValue, valueText } from '../values.ts';
import { CommitChoice, CommitText } from './fields.tsx';
import { Foldable } from './foldable.tsx';

export function InputsSection({ view }: { view: NodeView }): ReactElement | null {
  if (view.inputs.length === 0) return null;
  return (
    <Foldable title="Inputs" isOpen>
      {view.inputs.map((input) => (
        <InputField key={input.name} task={view.nodeId} input={input} />
      ))}
    </Foldable>
  );
}

function InputField({ task, input }: { task: string; input: InputView }): ReactElement {
  const edit = useEdit();
  const name = portLabel(input.name);
  const isMissing = input.source.kind === 'none' && input.defaultValue === undefined && !input.isOptional;
  return (
    <div className="input-field" data-testid={`field-${input.name}`}>
      <div className="io-head">
        <span className="io-name" title={input.description}>
          {name}
        </span>
        {isMissing ? <span className="badge">needs a value</span> : null}
        <span className="grow" />
        <span className="type">{typeLabel(input.type)}</span>
        {input.source.kind === 'none' ? null : (
          <Button
            appearance="icon"
            testId={`disconnect-${input.name}`}
            label={
              input.source.kind === 'wired'
                ? `Disconnect ${name}`
                : `Take the value of ${name} away: ${defaultText(input)}`
            }
            onClick={() => void edit.perform({ kind: 'disconnect', task, input: input.name })}
          >
            <Icon name={input.source.kind === 'wired' ? 'close' : 'discard'} />
          </Button>
        )}
      </div>
      {input.source.kind === 'wired' ? (
        <Wired label={input.source.label} node={input.source.node} />
      ) : (
        <>
          {input.kind === 'parameter' ? <Constant task={task} input={input} /> : null}
          <WireChoice task={task} input={input} />
        </>
      )}
    </div>
  );
}

function Wired({ label, node }: { label: string; node: string | undefined }): ReactElement {
  const store = useStore();
  const edit = useEdit();
  return (
    <button
      type="button"
      className="link-button wired-from"
      disabled={node === undefined}
      onClick={() => {
        if (node === undefined) return;
        store.select(node);
        edit.geometry?.reveal(node);
      }}
    >
      <Icon name="plug" /> {label}
    </button>
  );
}

function Constant({ task, input }: { task: string; input: InputView }): ReactElement {
  const edit = useEdit();
  const { type, source, name } = input;
  const commit = (value: JsonValue): void =>
    void edit.perform({ kind: 'connect', task, input: name, source: { kind: 'constant', value } });
  const text = source.kind === 'constant' ? valueText(type, source.value) : '';
  if (type === 'BOOLEAN')
    return (
      <CommitChoice
        label="Value"
        testId={`value-${name}`}
        value={text}
        options={[
          { value: '', label: defaultText(input) },
          { value: 'true', label: 'true' },
          { value: 'false', label: 'false' },
        ]}
        onCommit={(chosen) => {
          if (chosen === '') void edit.perform({ kind: 'disconnect', task, input: name });
          else commit(chosen === 'true');
        }}
      />
    );
  const isBlock = type === 'LIST' || type === 'STRUCT' || text.includes('\n');
  return (
    <CommitText
      label="Value"
      testId={`value-${name}`}
      value={text}
      placeholder={defaultText(input)}
      // An emptied field of text is text; of anything else there is nothing to read.
      mayBeEmpty={type !== 'STRING'}
      check={(draft) => {
        const parsed = parseValue(type, draft);
        return parsed.kind === 'invalid' ? parsed.message : undefined;
      }}
      onCommit={(draft) => {
        if (draft === '' && type !== 'STRING') {
          void edit.perform({ kind: 'disconnect', task, input: name });
          return;
        }
        const parsed = parseValue(type, draft);
        if (parsed.kind === 'value') commit(parsed.value);
      }}
      {...(isBlock ? { rows: 3 } : {})}
    />
  );
}

/** The same as drawing a wire, for those who choose from a list. */
function WireChoice({ task, input }: { task: string; input: InputView }): ReactElement | null {
  const edit = useEdit();
  const graph = useSelected((snapshot) => snapshot.drawing?.graph);
  const options = useMemo(
    () => (graph === undefined ? [] : sourceOptions(graph, (port) => mayFit(port, input))),
    [graph, input],
  );
  const others = options.filter(({ node }) => node.id !== task && !node.id.startsWith(`${task}/`));
  if (others.length === 0) return null;
  return (
    <Dropdown
      label={`Connect ${portLabel(input.name)} to`}
      testId={`wire-${input.name}`}
      value=""
      options={[
        { value: '', label: 'Connect to…' },
        ...others.map(({ key, label }) => ({ value: key, label })),
      ]}
      onChange={(key) => {
        const source = others.find((option) => option.key === key)?.source;
        if (source !== undefined) void edit.perform({ kind: 'connect', task, input: input.name, source });
      }}
    />
  );
}

function defaultText({ defaultValue, isOptional, type }: InputView): string {
  if (defaultValue === undefined) return isOptional ? 'not set' : 'no value';
  const text = defaultValue === null ? 'None' : valueText(type, defaultValue);
  return `default: ${text === '' ? 'empty text' : text}`;
}
