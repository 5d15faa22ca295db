import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { SlipwayError } from '../../../src/core/base/errors.ts';
import { Emitter } from '../../../src/core/base/event.ts';
import {
  HostChannel,
  MAX_STATE_SIZE,
  WebviewChannel,
  type ContractOf,
  type Handlers,
  type MessageEndpoint,
} from '../../../src/core/protocol/rpc.ts';

const parsers = {
  add: z.object({ by: z.number() }),
  wait: z.object({}),
  fail: z.object({ how: z.string() }),
};
type Counter = ContractOf<
  { readonly count: number },
  typeof parsers,
  { readonly add: number; readonly wait: null; readonly fail: null }
>;

/** Two ends of a wire that carries JSON, one task later, as postMessage does. */
function wire() {
  const toHost = new Emitter<unknown>();
  const toPage = new Emitter<unknown>();
  const sent: { host: unknown[]; page: unknown[] } = { host: [], page: [] };
  const carry = (target: Emitter<unknown>, log: unknown[]) => (message: unknown) => {
    const copy: unknown = JSON.parse(JSON.stringify(message));
    log.push(copy);
    queueMicrotask(() => target.fire(copy));
  };
  const host: MessageEndpoint = { post: carry(toPage, sent.page), onDidReceive: toHost.event };
  const page: MessageEndpoint = { post: carry(toHost, sent.host), onDidReceive: toPage.event };
  return { host, page, toHost, toPage, sent };
}

const noHandlers: Handlers<Counter> = {
  add: ({ by }) => Promise.resolve(by + 1),
  wait: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    }),
  fail: ({ how }) =>
    Promise.reject(
      how === 'known'
        ? new SlipwayError('full', 'The disk is full.', { action: 'Free some' })
        : new TypeError(how),
    ),
};

function connect(change: Partial<Handlers<Counter>> = {}) {
  const ends = wire();
  const problems: string[] = [];
  const states: Counter['state'][] = [];
  const host = new HostChannel<Counter>(ends.host, {
    parsers,
    handlers: { ...noHandlers, ...change },
    onProblem: (message) => problems.push(message),
  });
  const page = new WebviewChannel<Counter>(ends.page, (state) => states.push(state));
  return { ...ends, hostChannel: host, pageChannel: page, problems, states };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('rpc', () => {
  afterEach(() => vi.useRealTimers());

  it('pushes nothing before ready, then the last state only', async () => {
    const { hostChannel, pageChannel, sent, states } = connect();
    hostChannel.push({ count: 1 });
    hostChannel.push({ count: 2 });
    await settle();
    expect(sent.page).toEqual([]);
    pageChannel.start();
    await settle();
    expect(states).toEqual([{ count: 2 }]);
    hostChannel.push({ count: 3 });
    await settle();
    expect(states.at(-1)).toEqual({ count: 3 });
  });

  it('answers many requests at once, each with its own result', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer(), { maxLength: 30 }), async (numbers) => {
        const { pageChannel } = connect({
          // Later requests are answered earlier.
          add: async ({ by }) => {
            for (let turn = 0; turn < Math.abs(by) % 5; turn++) await Promise.resolve();
            return by + 1;
          },
        });
        const results = await Promise.all(numbers.map((by) => pageChannel.request('add', { by })));
        expect(results).toEqual(numbers.map((by) => by + 1));
      }),
      { numRuns: 50 },
    );
  });

  it('carries reason, sentence and action of an error, and keeps other errors to the log', async () => {
    const { pageChannel, problems } = connect();
    await expect(pageChannel.request('fail', { how: 'known' })).rejects.toMatchObject({
      reason: 'full',
      message: 'The disk is full.',
      action: 'Free some',
    });
    const secret = pageChannel.request('fail', { how: 'password is hunter2' });
    await expect(secret).rejects.toMatchObject({ reason: 'internal', action: 'Show log' });
    await expect(secret).rejects.not.toThrow(/hunter2/);
    expect(problems).toEqual(['A webview request failed.']);
  });

  it('refuses unknown requests and malformed parameters without calling a handler', async () => {
    const add = vi.fn(noHandlers.add);
    const { toHost, sent, hostChannel } = connect({ add });
    hostChannel.push({ count: 0 });
    toHost.fire({ type: 'request', id: 1, method: 'add', params: { by: 'one' } });
    toHost.fire({ type: 'request', id: 2, method: 'remove', params: {} });
    toHost.fire({ type: 'request', id: 3, method: 'constructor', params: {} });
    toHost.fire({ type: 'request', id: 4, method: '__proto__', params: {} });
    await settle();
    const reasons = sent.page.map(
      (message) => z.object({ error: z.object({ reason: z.string() }) }).parse(message).error.reason,
    );
    expect(reasons).toEqual(['malformedRequest', 'unknownRequest', 'unknownRequest', 'unknownRequest']);
    expect(add).not.toHaveBeenCalled();
  });

  it('survives anything a page may post', () => {
    fc.assert(
      fc.property(fc.anything(), (message) => {
        const { toHost, hostChannel, toPage, pageChannel, states } = connect();
        expect(() => toHost.fire(message)).not.toThrow();
        hostChannel.dispose();
        const isState =
          typeof message === 'object' && message !== null && 'type' in message && message.type === 'state';
        expect(() => toPage.fire(message)).not.toThrow();
        expect(states.length).toBe(isState ? 1 : 0);
        pageChannel.dispose();
      }),
    );
  });

  it('cancels in the host what the page gives up: by signal, by timeout', async () => {
    vi.useFakeTimers();
    const aborted: string[] = [];
    const { pageChannel } = connect({
      wait: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push('aborted');
            reject(signal.reason as Error);
          });
        }),
    });
    const controller = new AbortController();
    const bySignal = pageChannel.request('wait', {}, { signal: controller.signal });
    const byTimeout = pageChannel.request('wait', {}, { timeoutMs: 1_000 });
    const outcomes = Promise.allSettled([bySignal, byTimeout]);
    await vi.advanceTimersByTimeAsync(1);
    controller.abort(new Error('closed'));
    await vi.advanceTimersByTimeAsync(1_000);
    const [first, second] = await outcomes;
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'closed' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { reason: 'timeout', action: 'Try again' } });
    expect(aborted).toEqual(['aborted', 'aborted']);
  });

  it('does not post a request whose signal is already aborted', async () => {
    const { pageChannel, sent } = connect();
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(pageChannel.request('wait', {}, { signal })).rejects.toThrow('too late');
    expect(sent.host).toEqual([]);
  });

  it('leaves no timer behind once a request is answered', async () => {
    vi.useFakeTimers();
    const { pageChannel } = connect();
    const answer = pageChannel.request('add', { by: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(await answer).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a reloaded page cancels what the old one asked, and its ids do not get the old answers', async () => {
    const gates: ((value: number) => void)[] = [];
    const signals: AbortSignal[] = [];
    const { toHost, sent } = connect({
      add: (_, signal) => {
        signals.push(signal);
        return new Promise((resolve) => gates.push(resolve));
      },
    });
    toHost.fire({ type: 'ready' });
    toHost.fire({ type: 'request', id: 1, method: 'add', params: { by: 1 } });
    toHost.fire({ type: 'ready' });
    toHost.fire({ type: 'request', id: 1, method: 'add', params: { by: 2 } });
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    gates[0]?.(100);
    gates[1]?.(200);
    await settle();
    expect(sent.page).toEqual([{ type: 'result', id: 1, result: 200 }]);
  });

  it('disposing either end rejects or aborts what is pending and stays silent', async () => {
    const signals: AbortSignal[] = [];
    const { hostChannel, pageChannel, sent } = connect({
      wait: (_, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    const pending = pageChannel.request('wait', {});
    const outcome = expect(pending).rejects.toMatchObject({ reason: 'disposed' });
    await settle();
    hostChannel.dispose();
    expect(signals[0]?.aborted).toBe(true);
    hostChannel.push({ count: 9 });
    pageChannel.dispose();
    await outcome;
    await settle();
    expect(sent.page).toEqual([]);
    await expect(pageChannel.request('add', { by: 1 })).rejects.toMatchObject({ reason: 'disposed' });
  });

  it('holds states under the limit', () => {
    const parsers = { none: z.object({}) };
    const channel = new HostChannel<ContractOf<string, typeof parsers, { none: null }>>(wire().host, {
      parsers,
      handlers: { none: () => Promise.resolve(null) },
      onProblem: () => undefined,
    });
    expect(() => channel.push('x'.repeat(MAX_STATE_SIZE - 2))).not.toThrow();
    expect(() => channel.push('x'.repeat(MAX_STATE_SIZE))).toThrow(RangeError);
  });
});
