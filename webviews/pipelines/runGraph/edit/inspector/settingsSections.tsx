/** How steps run: again after a failure, from the cache, and with how much of a machine. */
import type { ReactElement } from 'react';
import type { Gesture } from '../../../../../src/core/ir/edit/gesture.ts';
import type { NodeView } from '../../../../../src/core/protocol/graphEdit.ts';
import { Checkbox } from '../../../../shared/controls.ts';
import { useEdit } from '../context.ts';
import type { EditStore } from '../editStore.ts';
import { checks, type Check } from '../values.ts';
import { CommitText, MIXED, sharedOf, type Shared } from './fields.tsx';
import { Foldable } from './foldable.tsx';

type Settings = NonNullable<NodeView['settings']>;
type Retry = NonNullable<Settings['retry']>;

/** Views that have settings; the gestures go to all of their nodes. */
export interface SettingsProps {
  readonly views: readonly NodeView[];
}

export function settingsOf(views: readonly NodeView[]): readonly Settings[] {
  return views.map((view) => view.settings).filter((settings) => settings !== undefined);
}

export function idsOf(views: readonly NodeView[]): string[] {
  return views.map((view) => view.nodeId);
}

/** A gesture sets a whole value: steps whose other parts differ get one each. */
function byNewValue<T>(
  views: readonly NodeView[],
  change: (settings: Settings) => T,
): readonly { readonly value: T; readonly tasks: string[] }[] {
  const groups = new Map<string, { readonly value: T; readonly tasks: string[] }>();
  for (const { nodeId, settings } of views) {
    if (settings === undefined) continue;
    const value = change(settings);
    const key = JSON.stringify(value);
    const group = groups.get(key) ?? { value, tasks: [] };
    group.tasks.push(nodeId);
    groups.set(key, group);
  }
  return [...groups.values()];
}

async function performAll(edit: EditStore, gestures: readonly Gesture[]): Promise<void> {
  const { selection } = edit.graph.getSnapshot();
  for (const gesture of gestures) {
    if ((await edit.perform(gesture))?.kind !== 'done') return;
  }
  // Each said its own; the form goes on with all of them.
  if (gestures.length > 1) edit.graph.selectAll([...selection]);
}

/** As a field shows it; what is not set is empty. */
function textOf(value: Shared<string | number | undefined> | undefined): Shared<string> {
  return value === MIXED ? MIXED : value === undefined ? '' : String(value);
}

const NO_RETRY: Retry = { maxRetryCount: 0, backoffSeconds: 0, backoffFactor: 2, backoffMaxSeconds: 3600 };

export function ReliabilitySection({ views }: SettingsProps): ReactElement {
  const edit = useEdit();
  const tasks = idsOf(views);
  const settings = settingsOf(views);
  const retries = settings.map((one) => one.retry);
  const caching = sharedOf(settings.map((one) => one.caching));
  const count = sharedOf(retries.map((retry) => retry?.maxRetryCount ?? 0));
  const hasRetry = retries.some((retry) => retry !== undefined);
  const change = (what: Partial<Retry>): void => {
    const groups = byNewValue(views, ({ retry }) => {
      const next = { ...NO_RETRY, ...retry, ...what };
      return next.maxRetryCount === 0 ? null : next;
    });
    void performAll(
      edit,
      groups.map(({ value, tasks: some }) => ({ kind: 'setRetry', tasks: some, retry: value })),
    );
  };
  const field = (label: string, key: Exclude<keyof Retry, 'maxRetryCount'>): ReactElement => (
    <CommitText
      label={label}
      testId={`retry-${key}`}
      value={textOf(sharedOf(retries.map((retry) => retry?.[key])))}
      check={checks.number}
      onCommit={(text) => change({ [key]: Number(text) })}
    />
  );
  return (
    <Foldable
      title="Reliability"
      isOpen={hasRetry || caching !== true}
      note={`${caching === true ? 'cached' : caching === MIXED ? 'several' : 'not cached'}${
        hasRetry ? `, ${count === MIXED ? 'several' : count} retries` : ''
      }`}
    >
      <Checkbox
        label="Use the cache"
        testId="caching"
        isChecked={caching === true}
        onChange={(enabled) => void edit.perform({ kind: 'setCaching', tasks, enabled })}
      >
        Use the cache
      </Checkbox>
      <CommitText
        label="Retries"
        testId="retry-maxRetryCount"
        value={textOf(count)}
        check={checks.whole}
        onCommit={(text) => change({ maxRetryCount: Number(text) })}
      />
      {hasRetry ? (
        <>
          {field('First wait, in seconds', 'backoffSeconds')}
          {field('Each wait times', 'backoffFactor')}
          {field('Longest wait, in seconds', 'backoffMaxSeconds')}
        </>
      ) : null}
    </Foldable>
  );
}

type Resources = NonNullable<Extract<Gesture, { kind: 'setResources' }>['resources']>;

export function ResourcesSection({ views }: SettingsProps): ReactElement {
  const edit = useEdit();
  const settings = settingsOf(views);
  const [first] = settings;
  const summary = [first?.cpuLimit, first?.memoryLimit, first?.accelerator?.type].filter(
    (part) => part !== undefined,
  );
  const change = (what: { readonly [K in keyof Resources]?: Resources[K] | undefined }): void => {
    const groups = byNewValue(views, (one): Resources | null => {
      const { cpuRequest, cpuLimit, memoryRequest, memoryLimit, accelerator } = one;
      const next = { cpuRequest, cpuLimit, memoryRequest, memoryLimit, accelerator, ...what };
      const set = Object.entries(next).filter(([, value]) => value !== undefined);
      return set.length === 0 ? null : Object.fromEntries(set);
    });
    void performAll(
      edit,
      groups.map(({ value, tasks }) => ({ kind: 'setResources', tasks, resources: value })),
    );
  };
  const field = (
    label: string,
    key: Exclude<keyof Resources, 'accelerator'>,
    check: Check,
    placeholder: string,
  ): ReactElement => (
    <CommitText
      label={label}
      testId={`resources-${key}`}
      value={textOf(sharedOf(settings.map((one) => one[key])))}
      placeholder={placeholder}
      mayBeEmpty
      check={check}
      onCommit={(text) => change({ [key]: text === '' ? undefined : text })}
    />
  );
  const accelerators = settings.map((one) => one.accelerator);
  return (
    <Foldable title="Resources" isOpen={summary.length > 0} note={summary.join(', ')}>
      {field('CPU request', 'cpuRequest', checks.cpu, 'e.g. 500m')}
      {field('CPU limit', 'cpuLimit', checks.cpu, 'e.g. 2')}
      {field('Memory request', 'memoryRequest', checks.memory, 'e.g. 512Mi')}
      {field('Memory limit', 'memoryLimit', checks.memory, 'e.g. 4Gi')}
      <CommitText
        label="Accelerator"
        testId="resources-accelerator"
        value={textOf(sharedOf(accelerators.map((one) => one?.type)))}
        placeholder="e.g. nvidia.com/gpu"
        mayBeEmpty
        check={checks.resource}
        onCommit={(type) =>
          change({
            accelerator: type === '' ? undefined : { type, count: first?.accelerator?.count ?? '1' },
          })
        }
      />
      {first?.accelerator === undefined ? null : (
        <CommitText
          label="Accelerators"
          testId="resources-accelerator-count"
          value={textOf(sharedOf(accelerators.map((one) => one?.count)))}
          check={checks.whole}
          onCommit={(count) => change({ accelerator: { type: first.accelerator?.type ?? '', count } })}
        />
      )}
    </Foldable>
  );
}
