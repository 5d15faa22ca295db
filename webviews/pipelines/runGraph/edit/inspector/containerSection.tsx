/** What runs: image, command, arguments and environment of the step's container. */
import type { ReactElement } from 'react';
import { useEdit } from '../context.ts';
import { checks } from '../values.ts';
import { CommitText, MIXED, sharedOf } from './fields.tsx';
import { Foldable } from './foldable.tsx';
import { RowsEditor, type Row } from './rowsEditor.tsx';
import { idsOf, settingsOf, type SettingsProps } from './settingsSections.tsx';

export function ContainerSection({ views }: SettingsProps): ReactElement {
  const edit = useEdit();
  const tasks = idsOf(views);
  const settings = settingsOf(views);
  const image = sharedOf(settings.map((one) => one.image)) ?? '';
  const env = sharedOf(settings.map((one) => one.env)) ?? [];
  const isPython = settings.some((one) => one.isPython);
  const uses = Math.max(...views.map((view) => view.componentUses));
  const words = (key: 'command' | 'args', title: string): ReactElement => {
    const shared = sharedOf(settings.map((one) => one[key])) ?? [];
    return (
      <RowsEditor
        title={title}
        testId={`container-${key}`}
        columns={[{ key: 'word', label: 'Word' }]}
        rows={shared === MIXED ? MIXED : shared.map((word): Row => ({ word }))}
        addLabel="Add a word"
        onCommit={(rows) =>
          void edit.perform({ kind: 'setContainer', tasks, [key]: rows.map((row) => row['word'] ?? '') })
        }
      />
    );
  };
  return (
    <Foldable title="Container" note={image === MIXED ? 'several images' : image}>
      {uses > views.length ? (
        <p className="hint">{`${uses} steps use this component: what changes here changes for all of them.`}</p>
      ) : null}
      <CommitText
        label="Image"
        testId="container-image"
        value={image}
        check={checks.required}
        onCommit={(text) => void edit.perform({ kind: 'setContainer', tasks, image: text.trim() })}
      />
      <RowsEditor
        title="Environment"
        testId="container-env"
        columns={[
          { key: 'name', label: 'Name', check: checks.environment },
          { key: 'value', label: 'Value', isOptional: true },
        ]}
        rows={env === MIXED ? MIXED : env.map(({ name, value }): Row => ({ name, value }))}
        addLabel="Add a variable"
        onCommit={(rows) =>
          void edit.perform({
            kind: 'setContainer',
            tasks,
            env: rows.map((row) => ({ name: row['name'] ?? '', value: row['value'] ?? '' })),
          })
        }
      />
      {isPython ? (
        <p className="hint">The command runs the function: change it with Edit code.</p>
      ) : (
        <>
          {words('command', 'Command')}
          {words('args', 'Arguments')}
        </>
      )}
    </Foldable>
  );
}
