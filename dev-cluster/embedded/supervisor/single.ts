/** `slipway start`, `stop` and `restart` of components by name, in a cluster that runs. */
import { delay } from '../../../src/core/base/abort.ts';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { components } from './components.ts';
import {
  isSupervisorAlive,
  readStatus,
  report,
  type ComponentStatus,
  type ReportedComponent,
} from './status.ts';
import { wake } from './wake.ts';
import { changeWanted } from './wanted.ts';

const POLL_MS = 50;

/** With what they depend on. Resolves when they are ready. */
export async function startComponents(
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly ReportedComponent[]> {
  const all = withDependencies(names);
  const since = Date.now();
  await want(all, true, signal);
  return untilState(names, signal, (component) => {
    if (component.state === 'failed' && component.at >= since)
      throw new SlipwayError('componentFailed', `${component.name} did not start: ${component.message}`, {
        action: `Run slipway logs ${component.name}`,
      });
    return component.state === 'ready';
  });
}

/** Those that depend on them go on, and find them again when they are back. */
export async function stopComponents(
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly ReportedComponent[]> {
  await want(names, false, signal);
  return untilState(names, signal, ({ state }) => state === 'stopped');
}

async function want(names: readonly string[], isWanted: boolean, signal: AbortSignal): Promise<void> {
  const unknown = names.find((name) => components.every((component) => component.name !== name));
  if (unknown !== undefined)
    throw new SlipwayError('unknownComponent', `There is no component ${unknown}.`, {
      action: `There are: ${components.map(({ name }) => name).join(', ')}`,
    });
  await changeWanted(
    (wanted) => ({ ...wanted, ...Object.fromEntries(names.map((name) => [name, isWanted])) }),
    signal,
  );
  if (!(await wake())) throw notRunning();
}

function withDependencies(names: readonly string[]): readonly string[] {
  const all = new Set<string>();
  const add = (name: string): void => {
    if (all.has(name)) return;
    all.add(name);
    components.find((component) => component.name === name)?.dependsOn.forEach(add);
  };
  names.forEach(add);
  return [...all];
}

async function untilState(
  names: readonly string[],
  signal: AbortSignal,
  isDone: (component: ComponentStatus) => boolean,
): Promise<readonly ReportedComponent[]> {
  for (;;) {
    const status = await readStatus();
    if (!isSupervisorAlive(status)) throw notRunning();
    const named = status.components.filter(({ name }) => names.includes(name));
    if (named.filter(isDone).length === named.length)
      return (await report(status)).filter(({ name }) => names.includes(name));
    await delay(POLL_MS, signal);
  }
}

function notRunning(): SlipwayError {
  return new SlipwayError('notRunning', 'The embedded cluster is not running.', {
    action: 'Start it with slipway up',
  });
}
