/** A loop over a list that is written down, or over a value of the pipeline. */
import { useEffect, useMemo, useState, type ReactElement } from 'react';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import { Dropdown, TextField } from '../../../shared/controls.ts';
import { useSelected } from '../context.ts';
import { useEdit } from './context.ts';
import { FormShell } from './formShell.tsx';
import type { FlowForm } from './popup.ts';
import { sourceOptions } from './ports.ts';
import { checks, parseValue } from './values.ts';

/** In place of an option's key. */
const WRITTEN = '';

export function LoopForm(props: {
  form: Extract<FlowForm, { kind: 'loop' | 'setLoop' }>;
  onDone: (gesture: Gesture) => void;
}): ReactElement {
  const { form, onDone } = props;
  const edit = useEdit();
  const graph = useSelected((snapshot) => snapshot.drawing?.graph);
  const options = useMemo(
    () =>
      graph === undefined
        ? []
        : sourceOptions(graph, ({ kind, type }) => kind === 'parameter' && type === 'LIST'),
    [graph],
  );
  const [chosen, setChosen] = useState(WRITTEN);
  const [list, setList] = useState('[1, 2, 3]');
  const [limit, setLimit] = useState('');
  const loop = form.kind === 'setLoop' ? form.loop : undefined;
  useEffect(() => {
    if (loop === undefined) return undefined;
    const controller = new AbortController();
    void edit.graph.request('inspect', { nodeIds: [loop] }, { signal: controller.signal }).then((views) => {
      const now = views?.[0]?.loop;
      if (now?.items.kind === 'constant') setList(JSON.stringify(now.items.value));
      if (now !== undefined && now.parallelism > 0) setLimit(String(now.parallelism));
    });
    return () => controller.abort();
  }, [edit, loop]);

  const written = parseValue('LIST', list);
  const listProblem = chosen === WRITTEN && written.kind === 'invalid' ? written.message : undefined;
  const limitProblem = limit === '' ? undefined : checks.whole(limit);
  const items =
    chosen !== WRITTEN
      ? options.find((option) => option.key === chosen)?.source
      : written.kind === 'value'
        ? ({ kind: 'constant', value: written.value } as const)
        : undefined;
  return (
    <FormShell
      title="Run once for each"
      act={form.kind === 'loop' ? 'Put into loop' : 'Change'}
      isReady={items !== undefined && limitProblem === undefined}
      onSubmit={() => {
        if (items === undefined) return;
        const parallelism = limit === '' ? 0 : Number(limit);
        if (form.kind === 'loop') onDone({ kind: 'wrapInLoop', tasks: [...form.tasks], items, parallelism });
        else onDone({ kind: 'setLoop', loop: form.loop, items, parallelism });
      }}
    >
      {options.length === 0 ? null : (
        <Dropdown
          label="Items"
          testId="loop-source"
          value={chosen}
          options={[
            { value: WRITTEN, label: 'item of this list' },
            ...options.map(({ key, label }) => ({ value: key, label: `item of ${label}` })),
          ]}
          onChange={setChosen}
        />
      )}
      {chosen === WRITTEN ? (
        <TextField
          label="List of items, as JSON"
          testId="loop-items"
          value={list}
          isInvalid={listProblem !== undefined}
          onInput={setList}
        />
      ) : null}
      <label className="form-row">
        <span>At once, at most</span>
        <TextField
          label="At once, at most"
          testId="loop-parallelism"
          value={limit}
          placeholder="all"
          isInvalid={limitProblem !== undefined}
          onInput={setLimit}
        />
      </label>
      {listProblem === undefined && limitProblem === undefined ? null : (
        <div className="field-error">{listProblem ?? limitProblem}</div>
      )}
    </FormShell>
  );
}
