/** Small forms beside the pointer for what a gesture must know: a condition, a loop's items, a name. */
import { useEffect, useState, type ReactElement } from 'react';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import { ConstantForm } from './constantForm.tsx';
import { ComparisonFields, useComparison } from './comparison.tsx';
import { useEdit } from './context.ts';
import { FormShell } from './formShell.tsx';
import { ExitHandlerForm, InputForm, NameForm, OneOfForm, OutputForm } from './interfaceForms.tsx';
import { LoopForm } from './loopForm.tsx';
import type { FlowForm } from './popup.ts';
import type { Point } from './ports.ts';

export function FlowFormPopup({ form, at }: { form: FlowForm; at: Point }): ReactElement {
  const edit = useEdit();
  const perform = (gesture: Gesture): void => {
    edit.close();
    void edit.perform(gesture, at);
  };
  switch (form.kind) {
    case 'if':
    case 'elif':
    case 'condition':
      return <ConditionForm form={form} onDone={perform} />;
    case 'loop':
    case 'setLoop':
      return <LoopForm form={form} onDone={perform} />;
    case 'exitHandler':
      return <ExitHandlerForm tasks={form.tasks} onDone={perform} />;
    case 'subPipeline':
      return (
        <NameForm
          title="Group as sub-pipeline"
          label="Name of the sub-pipeline"
          initial="stage"
          act="Group"
          onDone={(name) => perform({ kind: 'groupAsSubPipeline', tasks: [...form.tasks], name })}
        />
      );
    case 'python':
      return (
        <NameForm
          title="New Python component"
          label="Name of the function"
          initial="my_step"
          act="Create"
          onDone={(name) => {
            edit.close();
            void edit.newPythonComponent(form.group, name);
          }}
        />
      );
    case 'oneOf':
      return <OneOfForm branches={form.branches} onDone={perform} />;
    case 'constant':
      return <ConstantForm {...form} onDone={perform} />;
    case 'input':
      return <InputForm group={form.group} onDone={perform} />;
    case 'output':
      return <OutputForm group={form.group} from={form.from} onDone={perform} />;
  }
}

function ConditionForm(props: {
  form: Extract<FlowForm, { kind: 'if' | 'elif' | 'condition' }>;
  onDone: (gesture: Gesture) => void;
}): ReactElement {
  const { form, onDone } = props;
  const comparison = useComparison();
  const condition = comparison.value;
  const title = { if: 'Run only if', elif: 'Otherwise, if', condition: 'Run only if' }[form.kind];
  const act = { if: 'Put into If', elif: 'Add Elif', condition: 'Change' }[form.kind];
  return (
    <FormShell
      title={title}
      act={act}
      isReady={condition !== undefined}
      onSubmit={() => {
        if (condition === undefined) return;
        if (form.kind === 'if') onDone({ kind: 'wrapInIf', tasks: [...form.tasks], condition });
        else if (form.kind === 'elif')
          onDone({ kind: 'addBranch', branch: form.branch, tasks: [...form.tasks], condition });
        else onDone({ kind: 'setCondition', branch: form.branch, condition });
      }}
    >
      {form.kind === 'condition' ? <ConditionNow branch={form.branch} /> : null}
      <ComparisonFields comparison={comparison} />
    </FormShell>
  );
}

/** What is to be changed, as people read it. */
function ConditionNow({ branch }: { branch: string }): ReactElement | null {
  const edit = useEdit();
  const [text, setText] = useState<string>();
  useEffect(() => {
    const controller = new AbortController();
    void edit.graph
      .request('inspect', { nodeIds: [branch] }, { signal: controller.signal })
      .then((views) => setText(views?.[0]?.condition?.text));
    return () => controller.abort();
  }, [edit, branch]);
  return text === undefined ? null : <p className="hint">Now: {text}</p>;
}
