/** Whoever depends on others stops before them; the rest stops at the same time. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Component } from '../../../dev-cluster/embedded/supervisor/component.ts';
import { components } from '../../../dev-cluster/embedded/supervisor/components.ts';
import { stopInOrder, toldOf } from '../../../dev-cluster/embedded/supervisor/order.ts';

function component(name: string, dependsOn: readonly string[]): Component {
  const start = { kind: 'task', run: () => Promise.resolve() } as const;
  return { name, version: '1', dependsOn, isNeeded: false, start };
}

it('stops each component after all that depend on it, whatever the graph', async () => {
  const graphs = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(graphs, fc.infiniteStream(fc.nat(3)), async (edges, delays) => {
      const graph = edges.map((targets, index) =>
        component(`c${index}`, index === 0 ? [] : targets.map((target) => `c${target % index}`)),
      );
      const stopped: string[] = [];
      await stopInOrder(graph, async ({ name }) => {
        await sleep(Number(delays.next().value));
        stopped.push(name);
      });
      expect(stopped.toSorted()).toEqual(graph.map(({ name }) => name).toSorted());
      for (const { name, dependsOn } of graph)
        for (const other of dependsOn) expect(stopped.indexOf(name)).toBeLessThan(stopped.indexOf(other));
    }),
    { numRuns: 50 },
  );
});

it('names who is told of an address, by way of tasks, too', () => {
  const service = (name: string, dependsOn: readonly string[]): Component => ({
    ...component(name, dependsOn),
    start: {
      kind: 'service',
      command: () => Promise.reject(new Error('not started')),
      health: () => Promise.resolve({ endpoint: null }),
    },
  });
  const graph = [
    service('told by b', ['b']),
    service('a', []),
    service('b', ['a']),
    component('task', ['a']),
    service('told by task', ['task', 'b']),
    service('stranger', []),
  ];
  expect([...toldOf('a', graph)].toSorted()).toEqual(['b', 'task', 'told by task']);
  expect([...toldOf('stranger', graph)]).toEqual([]);
  expect([...toldOf('etcd', components)]).toEqual(['kube-apiserver']);
  expect([...toldOf('kube-apiserver', components)]).toEqual(
    expect.arrayContaining(['kube-scheduler', 'node-agent', 'kserve', 'trainer', 'connections']),
  );
});

it('stops what has nothing to do with each other at the same time', async () => {
  let running = 0;
  let most = 0;
  await stopInOrder(
    [component('a', []), component('b', []), component('c', ['a', 'b'])],
    async ({ name }) => {
      most = Math.max(most, ++running);
      await sleep(name === 'c' ? 0 : 20);
      running -= 1;
    },
  );
  expect(most).toBe(2);
});

it('goes on when one does not stop, and says so at the end', async () => {
  const stopped: string[] = [];
  const graph = [component('a', []), component('b', ['a'])];
  await expect(
    stopInOrder(graph, ({ name }) => {
      stopped.push(name);
      return name === 'b' ? Promise.reject(new Error('b hangs')) : Promise.resolve();
    }),
  ).rejects.toThrow('b hangs');
  expect(stopped).toEqual(['b', 'a']);
});

it('the components depend on components that there are, and never in a circle', () => {
  const done = new Set<string>();
  for (;;) {
    const next = components.find(
      ({ name, dependsOn }) => !done.has(name) && dependsOn.every((other) => done.has(other)),
    );
    if (next === undefined) break;
    done.add(next.name);
  }
  expect([...done].toSorted()).toEqual(components.map(({ name }) => name).toSorted());
});
