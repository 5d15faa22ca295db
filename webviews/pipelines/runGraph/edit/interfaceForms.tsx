/** Forms of what has a name: inputs, outputs, sub-pipelines; and which step an exit handler runs last. */
import { useMemo, useState, type ReactElement } from 'react';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import { givenTypes, systemArtifacts } from '../../../../src/core/ir/values.ts';
import { Checkbox, Dropdown, TextField } from '../../../shared/controls.ts';
import { useSelected } from '../context.ts';
import { FormShell } from './formShell.tsx';
import { isPortNode, sourceOptions, typeLabel } from './ports.ts';
import { parseValue } from './values.ts';

export function NameForm(props: {
  title: string;
  label: string;
  initial: string;
  act: string;
  onDone: (name: string) => void;
}): ReactElement {
  const [name, setName] = useState(props.initial);
  return (
    <FormShell
      title={props.title}
      act={props.act}
      isReady={name.trim() !== ''}
      onSubmit={() => props.onDone(name.trim())}
    >
      <TextField label={props.label} testId="name-field" value={name} onInput={setName} />
    </FormShell>
  );
}

const artifactTypes = [...systemArtifacts].map((name) => `system.${name}`);
export const TYPE_OPTIONS = [...givenTypes, ...artifactTypes].map((type) => ({
  value: type,
  label: typeLabel(type),
}));

export function portKind(type: string): 'parameter' | 'artifact' {
  return givenTypes.some((one) => one === type) ? 'parameter' : 'artifact';
}

export function InputForm(props: { group: string; onDone: (gesture: Gesture) => void }): ReactElement {
  const [name, setName] = useState('');
  const [type, setType] = useState<string>('STRING');
  const [text, setText] = useState('');
  const [isOptional, setOptional] = useState(false);
  const kind = portKind(type);
  const parsed = text === '' ? undefined : parseValue(type, text);
  const problem = parsed?.kind === 'invalid' ? parsed.message : undefined;
  return (
    <FormShell
      title="New input"
      act="Add"
      isReady={name.trim() !== '' && problem === undefined}
      onSubmit={() =>
        props.onDone({
          kind: 'addInput',
          group: props.group,
          port: {
            name: name.trim(),
            kind,
            type,
            ...(parsed?.kind === 'value' && kind === 'parameter' ? { defaultValue: parsed.value } : {}),
            ...(isOptional ? { isOptional } : {}),
          },
        })
      }
    >
      <TextField label="Name" placeholder="Name" testId="input-name" value={name} onInput={setName} />
      <Dropdown label="Type" testId="input-type" value={type} options={TYPE_OPTIONS} onChange={setType} />
      {kind === 'artifact' ? null : (
        <TextField
          label="Default"
          placeholder="No default"
          testId="input-default"
          value={text}
          isInvalid={problem !== undefined}
          onInput={setText}
        />
      )}
      <Checkbox isChecked={isOptional} onChange={setOptional} label="Optional">
        Optional
      </Checkbox>
      {problem === undefined ? null : <div className="field-error">{problem}</div>}
    </FormShell>
  );
}

export function OutputForm(props: {
  group: string;
  from: { readonly task: string; readonly output: string } | undefined;
  onDone: (gesture: Gesture) => void;
}): ReactElement {
  const graph = useSelected((snapshot) => snapshot.drawing?.graph);
  const options = useMemo(
    () =>
      graph === undefined
        ? []
        : sourceOptions(graph, () => true).filter((option) => option.source.kind === 'taskOutput'),
    [graph],
  );
  const given = props.from;
  const start = options.find(({ node, port }) => node.id === given?.task && port.name === given.output);
  const [name, setName] = useState(start?.port.name ?? '');
  const [chosen, setChosen] = useState(start?.key ?? options[0]?.key ?? '');
  const source = options.find((option) => option.key === chosen);
  return (
    <FormShell
      title="New output"
      act="Add"
      isReady={name.trim() !== '' && source !== undefined}
      onSubmit={() => {
        if (source === undefined) return;
        const from = { task: source.node.id, output: source.port.name };
        props.onDone({ kind: 'addOutput', group: props.group, name: name.trim(), from });
      }}
    >
      {options.length === 0 ? <p className="hint">No step here has an output.</p> : null}
      <TextField label="Name" placeholder="Name" testId="output-name" value={name} onInput={setName} />
      <Dropdown
        label="From"
        testId="output-from"
        value={chosen}
        options={options.map(({ key, label, port }) => ({
          value: key,
          label: `${label} (${typeLabel(port.type)})`,
        }))}
        onChange={setChosen}
      />
    </FormShell>
  );
}

export function ExitHandlerForm(props: {
  tasks: readonly string[];
  onDone: (gesture: Gesture) => void;
}): ReactElement {
  const nodes = useSelected((snapshot) => snapshot.nodes);
  const first = nodes.get(props.tasks[0] ?? '');
  const siblings = [...nodes.values()].filter((node) => node.parent === first?.parent && !isPortNode(node));
  const outside = siblings.filter((node) => !props.tasks.includes(node.id));
  // With everything selected, one of them must be the last.
  const candidates = outside.length > 0 ? outside : siblings;
  const [chosen, setChosen] = useState(candidates.at(-1)?.id ?? '');
  const tasks = props.tasks.filter((id) => id !== chosen);
  return (
    <FormShell
      title="Exit handler: runs however the others end"
      act="Put into exit handler"
      isReady={chosen !== '' && tasks.length > 0}
      onSubmit={() => props.onDone({ kind: 'wrapInExitHandler', tasks, exitTask: chosen })}
    >
      <Dropdown
        label="Step that runs at the end"
        testId="exit-task"
        value={chosen}
        options={candidates.map(({ id, label }) => ({ value: id, label }))}
        onChange={setChosen}
      />
      {tasks.length > 0 ? null : (
        <p className="hint">Add the step that runs at the end first; it stays outside the handler.</p>
      )}
    </FormShell>
  );
}

/** One output that is whichever branch ran; each branch says which of its outputs that is. */
export function OneOfForm(props: { branches: string; onDone: (gesture: Gesture) => void }): ReactElement {
  const graph = useSelected((snapshot) => snapshot.drawing?.graph);
  const branches = useMemo(() => {
    if (graph === undefined) return [];
    const options = sourceOptions(graph, () => true).filter((option) => option.source.kind === 'taskOutput');
    return graph.nodes
      .filter((node) => node.parent === props.branches && node.kind === 'condition')
      .map((node) => ({ node, options: options.filter((one) => one.node.id.startsWith(`${node.id}/`)) }));
  }, [graph, props.branches]);
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>({});
  const from = branches.map(({ node, options }) => {
    const option = options.find((one) => one.key === chosen[node.id]) ?? options[0];
    return option === undefined ? undefined : { task: option.node.id, output: option.port.name };
  });
  const complete = from.filter((one) => one !== undefined);
  return (
    <FormShell
      title="One output of the branches"
      act="Add"
      isReady={name.trim() !== '' && complete.length === branches.length && branches.length > 0}
      onSubmit={() =>
        props.onDone({ kind: 'addOneOf', branches: props.branches, name: name.trim(), from: complete })
      }
    >
      <TextField label="Name" placeholder="Name" testId="one-of-name" value={name} onInput={setName} />
      {branches.map(({ node, options }, at) => (
        <label key={node.id} className="form-row">
          <span className="ellipsis">{`${node.label} ${node.detail}`}</span>
          {options.length === 0 ? (
            <span className="hint">has no output</span>
          ) : (
            <Dropdown
              label={`Output of ${node.label}`}
              testId={`one-of-${at}`}
              value={chosen[node.id] ?? options[0]?.key ?? ''}
              options={options.map(({ key, label }) => ({ value: key, label }))}
              onChange={(value) => setChosen({ ...chosen, [node.id]: value })}
            />
          )}
        </label>
      ))}
    </FormShell>
  );
}
