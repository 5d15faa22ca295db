import { useState, type KeyboardEvent, type ReactElement, type ReactNode } from 'react';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import type { JsonValue } from '../../../src/core/base/json.ts';
import type { FormAnswer, RunFormState } from '../../../src/core/protocol/runForm.ts';
import { Button, Checkbox, Dropdown, TextField } from '../../shared/controls.ts';
import { Icon } from '../../shared/icon.tsx';
import { InputControl } from './inputControl.tsx';
import { draftOf, parseDraft, type Draft } from './inputValues.ts';

/** What the person typed; saved by the page, so that it outlives a reload. */
export interface FormDraft {
  readonly inputs: Readonly<Record<string, string>>;
  readonly runName: string;
  readonly experimentId: string;
  readonly pipelineRoot: string;
  readonly isCachingEnabled: boolean;
}

/** What is remembered from last time, where nothing was typed yet. */
export function initialDraft(state: RunFormState): FormDraft {
  const inputs: Record<string, string> = {};
  for (const input of state.inputs) {
    const value = Object.hasOwn(state.remembered, input.name) ? state.remembered[input.name] : undefined;
    if (value !== undefined) inputs[input.name] = draftOf(input, value);
  }
  const { runName, experimentId, pipelineRoot, isCachingEnabled } = state;
  return { inputs, runName, experimentId, pipelineRoot, isCachingEnabled };
}

/** `onSubmit` rejects with what is to be shown in the form. */
export function Form(props: {
  state: RunFormState;
  initial: FormDraft;
  onDraft: (draft: FormDraft) => void;
  onSubmit: (answer: FormAnswer) => Promise<null>;
  onCancel: () => void;
}): ReactElement {
  const { state } = props;
  const [draft, setDraft] = useState(props.initial);
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const change = (part: Partial<FormDraft>): void => {
    const next = { ...draft, ...part };
    setDraft(next);
    props.onDraft(next);
  };
  const setInput = (name: string, value: Draft): void => {
    const others = Object.entries(draft.inputs).filter(([key]) => key !== name);
    change({ inputs: Object.fromEntries(value === undefined ? others : [...others, [name, value]]) });
  };
  const draftFor = (name: string): Draft =>
    Object.hasOwn(draft.inputs, name) ? draft.inputs[name] : undefined;
  const fields = state.inputs.map((input) => ({
    input,
    draft: draftFor(input.name),
    parsed: parseDraft(input, draftFor(input.name)),
  }));
  const invalid = fields.filter((field) => field.parsed.kind === 'invalid');
  const isNamed = draft.runName.trim() !== '';

  const submit = (): void => {
    setTried(true);
    if (invalid.length > 0 || !isNamed || isBusy) return;
    const parameters: Record<string, JsonValue> = {};
    for (const { input, parsed } of fields)
      if (parsed.kind === 'value') parameters[input.name] = parsed.value;
    setBusy(true);
    setProblem(undefined);
    props
      .onSubmit({
        runName: draft.runName.trim(),
        parameters,
        experimentId: draft.experimentId,
        pipelineRoot: draft.pipelineRoot.trim(),
        isCachingEnabled: draft.isCachingEnabled,
      })
      .catch((error: unknown) => {
        setBusy(false);
        setProblem(error instanceof SlipwayError ? error.message : String(error));
      });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
    else if (event.key === 'Escape') props.onCancel();
    else return;
    event.preventDefault();
  };

  return (
    <main className="form" aria-label={`${state.verb} ${state.name}`} onKeyDown={onKeyDown}>
      <h1>
        {state.verb} <strong>{state.name}</strong>
      </h1>
      <p className="hint">In {state.place}. Inputs left alone keep their defaults.</p>
      <section aria-label="Inputs">
        <h2>Inputs</h2>
        {fields.length === 0 ? <p className="hint">This {state.subject} takes no inputs.</p> : null}
        {fields.map((field) => (
          <InputControl
            key={field.input.name}
            {...field}
            showsRequired={isTried}
            onChange={(value) => setInput(field.input.name, value)}
          />
        ))}
      </section>
      {state.subject === 'component' ? null : (
        <RunSettings state={state} draft={draft} isNamed={isNamed} onChange={change} />
      )}
      {problem === undefined ? null : (
        <div className="problem" role="alert" data-testid="form-problem">
          {problem}
        </div>
      )}
      <footer>
        <Button appearance="primary" testId="submit-run" isDisabled={isBusy} onClick={submit}>
          <Icon name={isBusy ? 'loading' : state.verb === 'Debug' ? 'debug-alt' : 'play'} spin={isBusy} />
          {isBusy ? 'Starting…' : state.verb}
        </Button>
        <Button testId="cancel-run" onClick={props.onCancel}>
          Cancel
        </Button>
        <span className="hint" role="status">
          {isTried && invalid.length > 0
            ? `${invalid.length === 1 ? 'One input needs' : `${invalid.length} inputs need`} attention.`
            : ''}
        </span>
      </footer>
    </main>
  );
}

function RunSettings(props: {
  state: RunFormState;
  draft: FormDraft;
  isNamed: boolean;
  onChange: (part: Partial<FormDraft>) => void;
}): ReactElement {
  const { state, draft, isNamed, onChange: change } = props;
  return (
    <section aria-label="Run settings">
      <h2>Run</h2>
      <Field name="Name">
        <TextField
          label="Name of the run"
          testId="run-name"
          value={draft.runName}
          isInvalid={!isNamed}
          onInput={(runName) => change({ runName })}
        />
        <div className="field-error">
          {isNamed ? null : (
            <>
              <Icon name="error" />A run needs a name.
            </>
          )}
        </div>
      </Field>
      <Field name="Experiment">
        <Dropdown
          label="Experiment"
          testId="experiment"
          value={draft.experimentId}
          options={[
            { value: '', label: 'Default' },
            ...state.experiments
              .filter((one) => one.name !== 'Default')
              .map((one) => ({ value: one.id, label: one.name })),
          ]}
          onChange={(experimentId) => change({ experimentId })}
        />
      </Field>
      <Field name="Pipeline root" hint="where artifacts are kept">
        <TextField
          label="Pipeline root"
          testId="pipeline-root"
          value={draft.pipelineRoot}
          placeholder="the environment’s own"
          onInput={(pipelineRoot) => change({ pipelineRoot })}
        />
      </Field>
      <div className="field">
        <Checkbox
          testId="caching"
          isChecked={draft.isCachingEnabled}
          isDisabled={state.cachingNote !== undefined}
          onChange={(isCachingEnabled) => change({ isCachingEnabled })}
        >
          Use results of earlier runs where nothing changed
        </Checkbox>
        {state.cachingNote === undefined ? null : <p className="hint">{state.cachingNote}</p>}
      </div>
    </section>
  );
}

function Field(props: { name: string; hint?: string; children: ReactNode }): ReactElement {
  return (
    <div className="field">
      <div className="field-head">
        <span className="field-name">{props.name}</span>
        <span className="grow" />
        <span className="hint">{props.hint}</span>
      </div>
      {props.children}
    </div>
  );
}
