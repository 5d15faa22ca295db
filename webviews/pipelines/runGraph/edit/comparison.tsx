/** A condition: a value of the pipeline, how it is compared, and with what. */
import { useMemo, useState, type ReactElement } from 'react';
import type { Comparison } from '../../../../src/core/ir/edit/gesture.ts';
import { Dropdown, TextField } from '../../../shared/controls.ts';
import { useSelected } from '../context.ts';
import { sourceOptions, typeLabel, type SourceOption } from './ports.ts';
import { parseValue } from './values.ts';

const OPERATORS = ['==', '!=', '<', '<=', '>', '>='] as const;
/** In place of an option's key: a value that is typed in. */
const TYPED = '';

interface ComparisonState {
  readonly options: readonly SourceOption[];
  readonly left: SourceOption | undefined;
  readonly operator: Comparison['operator'];
  readonly right: string;
  readonly text: string;
  readonly problem: string | undefined;
  /** `undefined` while something is missing or wrong. */
  readonly value: Comparison | undefined;
  readonly change: (change: Partial<Draft>) => void;
}

interface Draft {
  readonly left: string | undefined;
  readonly operator: Comparison['operator'];
  readonly right: string;
  readonly text: string;
}

/** Starts with the selected step's own outputs, if it has any. */
export function useComparison(): ComparisonState {
  const graph = useSelected((snapshot) => snapshot.drawing?.graph);
  const options = useMemo(
    () => (graph === undefined ? [] : sourceOptions(graph, (port) => port.kind === 'parameter')),
    [graph],
  );
  const [draft, setDraft] = useState<Draft>({ left: undefined, operator: '==', right: TYPED, text: '' });
  const left = options.find((option) => option.key === draft.left) ?? options[0];
  const other = options.find((option) => option.key === draft.right);
  const typed = left === undefined ? undefined : parseValue(constantType(left.port.type), draft.text);
  const right =
    draft.right !== TYPED
      ? other?.source
      : typed?.kind === 'value'
        ? ({ kind: 'constant', value: typed.value } as const)
        : undefined;
  return {
    options,
    left,
    operator: draft.operator,
    right: draft.right,
    text: draft.text,
    problem:
      draft.right === TYPED && draft.text !== '' && typed?.kind === 'invalid' ? typed.message : undefined,
    value:
      left === undefined || right === undefined
        ? undefined
        : { left: left.source, operator: draft.operator, right },
    change: (change) => setDraft((before) => ({ ...before, ...change })),
  };
}

/** A loop's item may be anything: compared as text. */
function constantType(type: string): string {
  return type === 'STRUCT' || type === 'LIST' ? 'STRING' : type;
}

export function ComparisonFields({ comparison }: { comparison: ComparisonState }): ReactElement {
  const { options, left, operator, right, text, problem, change } = comparison;
  if (options.length === 0)
    return (
      <p className="hint" data-testid="no-sources">
        Nothing in this pipeline gives a value to compare: add a step with a parameter output, or a pipeline
        input.
      </p>
    );
  return (
    <div className="comparison">
      <Dropdown
        label="Value to compare"
        testId="comparison-left"
        value={left?.key ?? ''}
        options={options.map(({ key, label, port }) => ({
          value: key,
          label: `${label} (${typeLabel(port.type)})`,
        }))}
        onChange={(value) => change({ left: value })}
      />
      <Dropdown
        label="Comparison"
        testId="comparison-operator"
        value={operator}
        options={OPERATORS.map((value) => ({ value, label: value }))}
        onChange={(value) => change({ operator: OPERATORS.find((one) => one === value) ?? '==' })}
      />
      <Dropdown
        label="Compared with"
        testId="comparison-right"
        value={right}
        options={[
          { value: TYPED, label: 'this value' },
          ...options.filter((option) => option !== left).map(({ key, label }) => ({ value: key, label })),
        ]}
        onChange={(value) => change({ right: value })}
      />
      {right === TYPED ? (
        <TextField
          label="Value"
          testId="comparison-value"
          value={text}
          placeholder={left === undefined ? '' : typeLabel(constantType(left.port.type))}
          isInvalid={problem !== undefined}
          onInput={(value) => change({ text: value })}
        />
      ) : null}
      {problem === undefined ? null : <div className="field-error">{problem}</div>}
    </div>
  );
}
