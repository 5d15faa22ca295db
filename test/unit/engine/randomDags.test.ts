/** Random pipelines with random failures against a model of the rules that fits on a page. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dag, pipeline, step, task, type ComponentSpec } from '../../builders/irSpec.ts';
import { harness, waitFor } from './harness.ts';
import { DONE, ScriptedExecutor } from '../../fakes/scriptedExecutor.ts';

interface RandomTask {
  /** Earlier tasks that it needs, as indexes. */
  readonly needs: readonly number[];
  readonly runsAfterFailure: boolean;
  readonly kind: 'ok' | 'fails' | 'condition-false' | 'flaky' | { readonly group: readonly RandomTask[] };
}

const tasks = (depth: number): fc.Arbitrary<RandomTask[]> =>
  fc.array(
    fc.record({
      needs: fc.array(fc.nat(30), { maxLength: 3 }),
      runsAfterFailure: fc.boolean(),
      kind: fc.oneof(
        { weight: 5, arbitrary: fc.constant('ok' as const) },
        { weight: 2, arbitrary: fc.constant('fails' as const) },
        { weight: 1, arbitrary: fc.constant('condition-false' as const) },
        { weight: 1, arbitrary: fc.constant('flaky' as const) },
        ...(depth > 0 ? [{ weight: 2, arbitrary: tasks(depth - 1).map((group) => ({ group })) }] : []),
      ),
    }),
    { minLength: 1, maxLength: 8 },
  );

/** The rules: what each task ends as, by path. */
function model(
  list: readonly RandomTask[],
  prefix = '',
): { states: Record<string, string>; failed: boolean } {
  const states: Record<string, string> = {};
  const own: ('good' | 'bad')[] = [];
  let failed = false;
  list.forEach((one, index) => {
    const path = `${prefix}t${index}`;
    const isBlocked = !one.runsAfterFailure && needsOf(one, index).some((need) => own[need] === 'bad');
    if (isBlocked) {
      states[path] = 'SKIPPED';
      own.push('bad');
    } else if (one.kind === 'condition-false') {
      states[path] = 'SKIPPED';
      own.push('good');
    } else if (typeof one.kind === 'object') {
      const inner = model(one.kind.group, `${path}.`);
      Object.assign(states, inner.states);
      states[path] = inner.failed ? 'FAILED' : 'SUCCEEDED';
      own.push(inner.failed ? 'bad' : 'good');
      failed ||= inner.failed;
    } else {
      states[path] = one.kind === 'fails' ? 'FAILED' : 'SUCCEEDED';
      own.push(one.kind === 'fails' ? 'bad' : 'good');
      failed ||= one.kind === 'fails';
    }
  });
  return { states, failed };
}

function needsOf(one: RandomTask, index: number): number[] {
  return index === 0 ? [] : [...new Set(one.needs.map((need) => need % index))];
}

function build(list: readonly RandomTask[]) {
  const components: Record<string, ComponentSpec> = {
    ok: step(),
    fails: step({ command: ['fails'] }),
    flaky: step({ command: ['flaky'] }),
  };
  const toDag = (some: readonly RandomTask[]): ComponentSpec =>
    dag(
      Object.fromEntries(
        some.map((one, index) => {
          const common = {
            after: needsOf(one, index).map((need) => `t${need}`),
            runsAfterFailure: one.runsAfterFailure,
          };
          if (typeof one.kind === 'object') {
            const name = `group-${Object.keys(components).length}`;
            // Reserved first: the groups in it count on.
            components[name] = step();
            components[name] = toDag(one.kind.group);
            return [`t${index}`, task(name, common)];
          }
          if (one.kind === 'condition-false')
            return [`t${index}`, task('ok', { ...common, condition: '1 == 2' })];
          const retry = { maxRetryCount: 1, backoffDuration: '0s', backoffFactor: 1 };
          return [`t${index}`, task(one.kind, one.kind === 'flaky' ? { ...common, retry } : common)];
        }),
      ),
    );
  const root = toDag(list);
  return pipeline(root, components);
}

test('ends as the model says; nothing runs before its needs; a kill in between changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(tasks(2), fc.integer({ min: 1, max: 5 }), fc.nat(6), async (list, slots, killAfter) => {
      const ended = new Set<string>();
      const began = new Map<string, number>();
      let started = 0;
      const violations: string[] = [];
      const executor = new ScriptedExecutor((one) => {
        started++;
        began.set(one.taskId, (began.get(one.taskId) ?? 0) + 1);
        if (ended.has(one.taskId)) violations.push(`${one.names.taskName} ran after it had ended`);
        const command = one.container.command[0];
        if (command === 'flaky' && one.retryIndex === 0) return { fails: 'Once.' };
        ended.add(one.taskId);
        return command === 'fails' ? { fails: 'Always.' } : DONE;
      });
      const h = harness(executor, { maxParallelSteps: slots });
      const id = h.add(build(list));
      h.engine.start(id);
      let live = h;
      if (killAfter > 0) {
        await waitFor(() => started >= killAfter || h.stores.runs.get(id)?.finishedAt !== null);
        live = h.restart();
      }
      const { run, states, tasks: rows } = await live.ended(id);
      const expected = model(list);
      expect(states).toEqual(expected.states);
      expect(run.state).toBe(expected.failed ? 'FAILED' : 'SUCCEEDED');
      expect(violations).toEqual([]);
      // Every start has its record, and the order of the rows proves the needs.
      const attempts = live.stores.attempts.ofRun(id);
      const byId = new Map(rows.map((row) => [row.id, row]));
      for (const { taskId, startedAt } of attempts) {
        const row = byId.get(taskId);
        if (!row) throw new Error('An attempt without a task.');
        for (const need of rows.filter(
          ({ parentId, name }) => parentId === row.parentId && isNeed(list, row.scopePath, name),
        ))
          expect(need.finishedAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(startedAt);
      }
      live.stores.db.close();
    }),
    { numRuns: 150 },
  );
});

/** Whether `name` is among the needs of the task at `scopePath`. */
function isNeed(list: readonly RandomTask[], scopePath: string, name: string): boolean {
  const keys = scopePath.split('.').slice(1);
  let some: readonly RandomTask[] = list;
  let found: { readonly one: RandomTask; readonly index: number } | undefined;
  for (const key of keys) {
    const index = Number(key.slice(1));
    const one = some[index];
    if (!one) return false;
    found = { one, index };
    some = typeof one.kind === 'object' ? one.kind.group : [];
  }
  return found !== undefined && needsOf(found.one, found.index).some((need) => `t${need}` === name);
}
