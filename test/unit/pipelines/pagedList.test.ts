import { expect, test } from 'vitest';
import { PagedList, type ReadPage } from '../../../src/pipelines/pagedList.ts';

interface Item {
  readonly id: string;
}
const item = (id: string): Item => ({ id });

test('one read at a time; the next page waits for a refresh under way', async () => {
  const asked: (string | undefined)[] = [];
  const gates: PromiseWithResolvers<undefined>[] = [];
  const read: ReadPage<Item> = async (token) => {
    asked.push(token);
    const gate = Promise.withResolvers<undefined>();
    gates.push(gate);
    await gate.promise;
    return token === undefined
      ? { items: [item('a')], nextPageToken: 't' }
      : { items: [item('b')], nextPageToken: undefined };
  };
  const list = new PagedList(read, () => undefined);
  const first = list.refresh();
  const same = list.refresh();
  const more = list.more();
  gates[0]?.resolve(undefined);
  await Promise.all([first, same]);
  await Promise.resolve();
  await expect.poll(() => asked).toEqual([undefined, 't']);
  gates[1]?.resolve(undefined);
  await more;
  expect(list.items.map((one) => one.id)).toEqual(['a', 'b']);
});

test('a refresh that keeps later pages keeps where they end', async () => {
  let token: string | undefined = 'page2';
  const list = new PagedList<Item>(
    (asked) =>
      Promise.resolve(
        asked === undefined
          ? { items: [item('a')], nextPageToken: token }
          : { items: [item('b')], nextPageToken: 'page3' },
      ),
    () => undefined,
  );
  await list.refresh();
  await list.more();
  token = 'other';
  await list.refresh((known, first) => [...first, ...known.slice(1)]);
  expect(list.value).toEqual({ kind: 'ready', items: [item('a'), item('b')], nextPageToken: 'page3' });
});

test('reset drops the read under way and forgets', async () => {
  const gate = Promise.withResolvers<undefined>();
  let wasAborted = false;
  const list = new PagedList<Item>(
    async (_token, signal) => {
      await gate.promise;
      wasAborted = signal.aborted;
      return { items: [item('late')], nextPageToken: undefined };
    },
    () => undefined,
  );
  const reading = list.refresh();
  list.reset();
  gate.resolve(undefined);
  await reading;
  expect({ wasAborted, value: list.value }).toEqual({ wasAborted: true, value: { kind: 'loading' } });
});

test('a failed refresh rejects and leaves what is on show', async () => {
  let fails = false;
  const list = new PagedList<Item>(
    () =>
      fails
        ? Promise.reject(new Error('no'))
        : Promise.resolve({ items: [item('a')], nextPageToken: undefined }),
    () => undefined,
  );
  await list.refresh();
  fails = true;
  await expect(list.refresh()).rejects.toThrow('no');
  expect(list.items).toEqual([item('a')]);
});
