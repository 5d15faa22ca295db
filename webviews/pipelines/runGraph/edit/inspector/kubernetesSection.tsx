/** The platform document's settings of the selected steps, by the names that Kubernetes gives them. */
import type { ReactElement } from 'react';
import type { JsonValue } from '../../../../../src/core/base/json.ts';
import { useEdit } from '../context.ts';
import { checks, parseJson } from '../values.ts';
import { CommitChoice, CommitText, MIXED, sharedOf } from './fields.tsx';
import { Foldable } from './foldable.tsx';
import { kubernetesFields, type KubernetesField } from './kubernetesFields.ts';
import { RowsEditor } from './rowsEditor.tsx';
import { idsOf, settingsOf, type SettingsProps } from './settingsSections.tsx';

export function KubernetesSection({ views }: SettingsProps): ReactElement {
  const used = settingsOf(views).flatMap((one) => Object.keys(one.kubernetes));
  const count = new Set(used).size;
  return (
    <Foldable title="Kubernetes" note={count === 0 ? 'defaults' : `${count} set`}>
      {kubernetesFields.map((field) => (
        <Field key={field.title} field={field} views={views} />
      ))}
    </Foldable>
  );
}

function Field({ field, views }: SettingsProps & { field: KubernetesField }): ReactElement {
  const edit = useEdit();
  const { key, title } = field;
  const testId = `kubernetes-${title}`;
  const shared = sharedOf(settingsOf(views).map((one) => one.kubernetes[key]));
  const value = shared === MIXED ? undefined : shared;
  const commit = (next: JsonValue | null): void =>
    void edit.perform({ kind: 'setKubernetes', tasks: idsOf(views), fields: { [key]: next } });
  switch (field.kind) {
    case 'rows': {
      const rows = shared === MIXED ? MIXED : field.read(value);
      if (rows === undefined) return <JsonText title={title} value={value} onCommit={commit} />;
      return (
        <RowsEditor
          title={title}
          testId={testId}
          columns={field.columns}
          rows={rows}
          addLabel={field.addLabel}
          onCommit={(next) => commit(field.write(next, value))}
        />
      );
    }
    case 'text':
      return (
        <CommitText
          label={title}
          testId={testId}
          value={shared === MIXED ? MIXED : scalarText(value)}
          placeholder={field.placeholder}
          mayBeEmpty
          check={field.check}
          // A 64-bit number of protobuf is text in JSON.
          onCommit={(next) => commit(next === '' ? null : next)}
        />
      );
    case 'choice':
      return (
        <CommitChoice
          label={title}
          testId={testId}
          value={shared === MIXED ? MIXED : typeof value === 'string' ? value : ''}
          options={[
            { value: '', label: 'default' },
            ...field.options.map((option) => ({ value: option, label: option })),
          ]}
          onCommit={(next) => commit(next === '' ? null : next)}
        />
      );
    case 'json':
      return <JsonText title={title} value={value} placeholder={field.placeholder} onCommit={commit} />;
  }
}

function scalarText(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function JsonText(props: {
  title: string;
  value: JsonValue | undefined;
  placeholder?: string;
  onCommit: (value: JsonValue | null) => void;
}): ReactElement {
  const { title, value } = props;
  return (
    <CommitText
      label={title}
      testId={`kubernetes-${title}`}
      value={value === undefined ? '' : JSON.stringify(value, undefined, 2)}
      placeholder={props.placeholder}
      rows={value === undefined ? 2 : 6}
      mayBeEmpty
      check={checks.object}
      onCommit={(text) => {
        const parsed = text === '' ? undefined : parseJson(text);
        if (parsed === undefined) props.onCommit(null);
        else if (parsed.kind === 'value') props.onCommit(parsed.value);
      }}
    />
  );
}
