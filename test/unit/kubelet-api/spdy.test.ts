import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  SpdyConnection,
  type SpdyStream,
} from '../../../dev-cluster/embedded/node-agent/kubelet-api/spdyConnection.ts';
import {
  headerDictionary,
  readFrames,
  SpdyError,
  SpdyFrameWriter,
  type SpdyFrame,
} from '../../../dev-cluster/embedded/node-agent/kubelet-api/spdyFrames.ts';

/** Written by github.com/moby/spdystream v0.5.0, the Go library at the other end of our connections. */
const golden = z
  .object({ bytes: z.base64(), frames: z.array(z.looseObject({ type: z.string() })) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/spdy/spdystream.json'), 'utf8')));
const goldenBytes = Buffer.from(golden.bytes, 'base64');

async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  await setImmediate();
  let index = 0;
  for (let offset = 0; offset < bytes.length;) {
    const size = sizes[index++ % sizes.length] ?? 1;
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

/** Frames with data base64, and data frames of one stream joined: they are passed on in pieces. */
async function decoded(bytes: Buffer, sizes: readonly number[]): Promise<readonly unknown[]> {
  const frames: SpdyFrame[] = [];
  for await (const frame of readFrames(inChunks(bytes, sizes))) {
    const last = frames.at(-1);
    if (frame.type === 'data' && last?.type === 'data' && last.id === frame.id && !last.isFinal)
      frames[frames.length - 1] = { ...frame, data: Buffer.concat([last.data, frame.data]) };
    else frames.push(frame);
  }
  return frames.map((frame) =>
    frame.type === 'data' ? { ...frame, data: frame.data.toString('base64') } : frame,
  );
}

/** The golden frames, with the two data frames of stream 3 joined as `decoded` joins them. */
const goldenFrames = golden.frames.filter(({ type, isFinal }) => type !== 'data' || isFinal === true);
const joined = goldenFrames.map((frame) =>
  frame.type === 'data' ? { ...frame, data: Buffer.from('hello').toString('base64') } : frame,
);

/** Adler-32 as RFC 1950 says. */
function adler32(bytes: Buffer): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

describe('SPDY frames', () => {
  it('has the dictionary that SPDY/3 names by its checksum', () => {
    expect(headerDictionary()).toHaveLength(1423);
    expect(adler32(headerDictionary())).toBe(0xe3c6a7c2);
  });

  it('reads what the Go library writes', async () => {
    expect(await decoded(goldenBytes, [goldenBytes.length])).toEqual(joined);
  });

  it('reads it however it is cut', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, async (some) => {
        expect(await decoded(goldenBytes, some)).toEqual(joined);
      }),
      { numRuns: 50 },
    );
  });

  it('reads back what it writes', async () => {
    const writer = new SpdyFrameWriter();
    const long = 'x'.repeat(100_000);
    const bytes = Buffer.concat([
      writer.synReply(1),
      writer.synStream(3, { streamtype: ['stdin'], two: ['one', 'zwei ü', long] }),
      writer.synReply(5),
      writer.data(3, Buffer.from('hello'), true),
      writer.ping(9),
      writer.reset(3, 5),
      writer.goAway(3),
    ]);
    expect(await decoded(bytes, [1000])).toEqual([
      { type: 'synReply', id: 1, isFinal: false, headers: {} },
      {
        type: 'synStream',
        id: 3,
        isFinal: false,
        headers: { streamtype: ['stdin'], two: ['one', 'zwei ü', long] },
      },
      { type: 'synReply', id: 5, isFinal: false, headers: {} },
      { type: 'data', id: 3, isFinal: true, data: Buffer.from('hello').toString('base64') },
      { type: 'ping', id: 9 },
      { type: 'reset', id: 3, status: 5 },
      { type: 'goAway' },
    ]);
  });

  it.each([
    ['another version', Buffer.from([0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1])],
    ['a control frame that is too large', Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff])],
    ['a control frame that is too short', Buffer.from([0x80, 3, 0, 3, 0, 0, 0, 4, 0, 0, 0, 1])],
    ['data of stream 0', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 65])],
    ['headers that are not compressed', Buffer.from([0x80, 3, 0, 2, 0, 0, 0, 8, 0, 0, 0, 1, 1, 2, 3, 4])],
  ])('refuses %s', async (_name, bytes) => {
    await expect(decoded(bytes, [bytes.length])).rejects.toBeInstanceOf(SpdyError);
  });
});

/** Two ends of a connection in memory. */
function pair(): readonly [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [Duplex.from({ readable: there, writable: back }), Duplex.from({ readable: back, writable: there })];
}

describe('a SPDY connection', () => {
  function connected(accepts = true): {
    readonly peer: Duplex;
    readonly writer: SpdyFrameWriter;
    readonly connection: SpdyConnection;
    readonly streams: SpdyStream[];
    readonly frames: AsyncGenerator<SpdyFrame>;
  } {
    const [ours, peer] = pair();
    const streams: SpdyStream[] = [];
    const connection = new SpdyConnection(ours, {
      accepts: () => accepts,
      onStream: (stream) => streams.push(stream),
    });
    return {
      peer,
      streams,
      connection,
      writer: new SpdyFrameWriter(),
      frames: readFrames(peer as AsyncIterable<Buffer>),
    };
  }
  const next = async (frames: AsyncGenerator<SpdyFrame>): Promise<unknown> => (await frames.next()).value;

  it('replies before it writes, and closes each half on its own', async () => {
    const { peer, writer, streams, frames } = connected();
    peer.write(writer.synStream(1, { streamtype: ['data'] }));
    expect(await next(frames)).toMatchObject({ type: 'synReply', id: 1 });
    const stream = streams[0];
    expect(stream?.header('streamtype')).toBe('data');
    peer.write(writer.data(1, Buffer.from('question'), true));
    expect(await stream?.toArray()).toEqual([Buffer.from('question')]);
    stream?.end('answer');
    expect(await next(frames)).toEqual({ type: 'data', id: 1, isFinal: false, data: Buffer.from('answer') });
    expect(await next(frames)).toEqual({ type: 'data', id: 1, isFinal: true, data: Buffer.alloc(0) });
    peer.write(writer.ping(5));
    expect(await next(frames)).toEqual({ type: 'ping', id: 5 }); // No reset came before it.
  });

  it('refuses a stream by a reset, without a reply', async () => {
    const { peer, writer, streams, frames } = connected(false);
    peer.write(writer.synStream(1, {}));
    expect(await next(frames)).toMatchObject({ type: 'reset', id: 1 });
    expect(streams).toEqual([]);
  });

  it('holds the peer back while nobody reads, and goes on when one does', async () => {
    const { peer, writer, streams, frames } = connected();
    peer.write(writer.synStream(1, {}));
    await next(frames);
    const piece = Buffer.alloc(64 * 1024, 7);
    let taken = 0;
    for (let count = 0; count < 64; count += 1)
      peer.write(writer.data(1, piece, count === 63), () => (taken += 1));
    for (let turn = 0; turn < 500; turn += 1) await setImmediate();
    expect(taken).toBeLessThan(32);
    expect(streams[0]?.readableLength).toBeLessThanOrEqual(6 * piece.length);
    const received = (await streams[0]?.toArray()) as Buffer[];
    expect(Buffer.concat(received).equals(Buffer.alloc(64 * piece.length, 7))).toBe(true);
  });

  it('resets open streams, says good-bye and ends', async () => {
    const { peer, writer, connection, streams, frames } = connected();
    peer.write(writer.synStream(1, {}));
    await next(frames);
    connection.close();
    expect(await next(frames)).toMatchObject({ type: 'reset', id: 1 });
    expect(await next(frames)).toEqual({ type: 'goAway' });
    expect((await frames.next()).done).toBe(true);
    expect(streams[0]?.destroyed).toBe(true);
  });

  it('tells when the peer is gone', async () => {
    const { peer, writer, connection, streams, frames } = connected();
    peer.write(writer.synStream(1, {}));
    await next(frames);
    peer.destroy();
    if (!connection.closed.aborted) await once(connection.closed, 'abort');
    expect(streams[0]?.destroyed).toBe(true);
  });
});
