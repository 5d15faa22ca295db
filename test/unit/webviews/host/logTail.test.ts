import { describe, expect, it } from 'vitest';
import { LogTail } from '../../../../src/pipelines/graph/logTail.ts';
import { FakeKfp, pieces } from './fakes.ts';

const never = new AbortController().signal;

/** A log that the test writes. */
class Written {
  readonly #pieces: (string | Error | undefined)[] = [];
  #wake: (() => void) | undefined;
  wasAborted = false;

  write(piece: string | Error | undefined): void {
    this.#pieces.push(piece);
    this.#wake?.();
  }

  readonly read = async function* (this: Written, signal: AbortSignal): AsyncGenerator<string> {
    signal.addEventListener('abort', () => {
      this.wasAborted = true;
      this.write(undefined);
    });
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece instanceof Error) throw piece;
      if (piece !== undefined) yield piece;
      else if (this.wasAborted || this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }.bind(this);
  #ended = false;
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}

function tail() {
  const kfp = new FakeKfp();
  const log = new Written();
  kfp.logs = (signal) => log.read(signal);
  const tail = new LogTail();
  const read = (from: number, signal = never, attempt = 'a-1') =>
    tail.read(kfp.api, 'run-1', attempt, from, signal);
  return { kfp, log, tail, read };
}

describe('LogTail', () => {
  it('answers with what is new as soon as there is some, then the end', async () => {
    const { log, read } = tail();
    const first = read(0);
    log.write('one\n');
    expect(await first).toEqual({ text: 'one\n', next: 4, isGap: false, hasEnded: false });
    const second = read(4);
    log.write('two\n');
    expect(await second).toMatchObject({ text: 'two\n', next: 8 });
    const last = read(8);
    log.end();
    expect(await last).toEqual({ text: '', next: 8, isGap: false, hasEnded: true });
  });

  it('opens one stream however often it is read, and reads it again from the start', async () => {
    const { kfp, log, read } = tail();
    const first = read(0);
    log.write('text');
    await first;
    expect(await read(0)).toMatchObject({ text: 'text', next: 4 });
    expect(kfp.calls.filter((call) => call === 'log')).toHaveLength(1);
  });

  it('lets the stream of another attempt go', async () => {
    const { kfp, log, read } = tail();
    const first = read(0);
    log.write('text');
    await first;
    kfp.logs = () => pieces(['other']);
    expect(await read(0, never, 'a-2')).toMatchObject({ text: 'other' });
    expect(log.wasAborted).toBe(true);
  });

  it('keeps the end of a log that is longer than memory should be, and says so', async () => {
    const { kfp, read } = tail();
    const lines = Array.from({ length: 10_000 }, (_, line) => `${String(line).padStart(99)}\n`);
    kfp.logs = () => pieces(lines);
    let from = 0;
    let text = '';
    let gaps = 0;
    for (;;) {
      const chunk = await read(from);
      from = chunk.next;
      text += chunk.text;
      if (chunk.isGap) gaps++;
      if (chunk.hasEnded) break;
    }
    expect(from).toBe(1_000_000);
    expect(text.endsWith(`${'9999'.padStart(99)}\n`)).toBe(true);
    expect(text.length).toBeLessThanOrEqual(1_000_000);
    expect(text.length < 1_000_000).toBe(gaps > 0);
    expect(await read(5)).toMatchObject({ isGap: true, hasEnded: true });
    const kept = (await read(5)).text.length;
    expect(kept).toBeGreaterThanOrEqual(200_000);
    expect(kept).toBeLessThanOrEqual(400_000);
  });

  it('stops waiting when the page gives up', async () => {
    const { read } = tail();
    const controller = new AbortController();
    const pending = read(0, controller.signal);
    controller.abort(new Error('closed'));
    await expect(pending).rejects.toThrow('closed');
  });

  it('gives what was read before a failure, then the failure', async () => {
    const { log, read } = tail();
    const first = read(0);
    log.write('before\n');
    await first;
    log.write(new Error('The connection broke.'));
    await expect(read(7)).rejects.toThrow('The connection broke.');
  });
});
