/**
 * Frames of SPDY/3.1 as the API server and kubectl speak it (github.com/moby/spdystream): streams with header blocks,
 * data, pings, resets; no flow control.
 */
import { promisify } from 'node:util';
import { constants, createInflate } from 'node:zlib';

/** Names are lower case; a name may have several values. */
export type SpdyHeaders = Readonly<Record<string, readonly string[]>>;

export type SpdyFrame =
  | {
      readonly type: 'synStream' | 'synReply' | 'headers';
      readonly id: number;
      /** Its sender sends nothing more on this stream. */
      readonly isFinal: boolean;
      readonly headers: SpdyHeaders;
    }
  | { readonly type: 'data'; readonly id: number; readonly isFinal: boolean; readonly data: Buffer }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'reset'; readonly id: number; readonly status: number }
  | { readonly type: 'goAway' }
  | { readonly type: 'other' };

/** Status of a reset stream. */
export const SPDY_CANCEL = 5;
export const SPDY_PROTOCOL_ERROR = 1;

const VERSION = 3;
const FLAG_FINAL = 1;
/** The protocol has 24 bits for it; nobody's header block is that large. */
const LARGEST_CONTROL_FRAME = 1024 * 1024;

const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RESET = 3;
const PING = 6;
const GO_AWAY = 7;
const HEADERS = 8;

export class SpdyError extends Error {
  override readonly name = 'SpdyError';
}

/** Frames as they come; ends with the source. Throws a SpdyError at the first that breaks the protocol. */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<SpdyFrame> {
  const inflate = headerInflater();
  let buffered: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    while (buffered.length >= 8) {
      const isControl = (buffered.readUInt8(0) & 0x80) !== 0;
      const length = buffered.readUIntBE(5, 3);
      if (isControl && length > LARGEST_CONTROL_FRAME)
        throw new SpdyError(`A control frame has ${length} bytes.`);
      if (buffered.length < 8 + length) {
        // Data is passed on as it comes: a frame may be 16 MiB.
        if (isControl || buffered.length === 8) break;
        const rest = length - (buffered.length - 8);
        yield { ...dataFrame(buffered, buffered.length - 8), isFinal: false };
        const head = Buffer.from(buffered.subarray(0, 8));
        head.writeUIntBE(rest, 5, 3);
        buffered = head;
        break;
      }
      const frame = buffered.subarray(0, 8 + length);
      buffered = buffered.subarray(8 + length);
      yield isControl ? await controlFrame(frame, inflate) : dataFrame(frame, length);
    }
  }
}

function dataFrame(frame: Buffer, length: number): Extract<SpdyFrame, { type: 'data' }> {
  const id = frame.readUInt32BE(0);
  if (id === 0) throw new SpdyError('Data came for stream 0.');
  const isFinal = (frame.readUInt8(4) & FLAG_FINAL) !== 0;
  return { type: 'data', id, isFinal, data: frame.subarray(8, 8 + length) };
}

async function controlFrame(frame: Buffer, inflate: Inflate): Promise<SpdyFrame> {
  const version = frame.readUInt16BE(0) & 0x7fff;
  if (version !== VERSION) throw new SpdyError(`A frame has version ${version}.`);
  const type = frame.readUInt16BE(2);
  const isFinal = (frame.readUInt8(4) & FLAG_FINAL) !== 0;
  const body = frame.subarray(8);
  const word = (offset: number): number => {
    if (body.length < offset + 4) throw new SpdyError(`A control frame of type ${type} is too short.`);
    return body.readUInt32BE(offset);
  };
  switch (type) {
    case SYN_STREAM:
      return {
        type: 'synStream',
        id: word(0),
        isFinal,
        headers: headersOf(await inflate(body.subarray(10))),
      };
    case SYN_REPLY:
      return { type: 'synReply', id: word(0), isFinal, headers: headersOf(await inflate(body.subarray(4))) };
    case HEADERS:
      return { type: 'headers', id: word(0), isFinal, headers: headersOf(await inflate(body.subarray(4))) };
    case RESET:
      return { type: 'reset', id: word(0), status: word(4) };
    case PING:
      return { type: 'ping', id: word(0) };
    case GO_AWAY:
      return { type: 'goAway' };
    default:
      return { type: 'other' };
  }
}

function headersOf(block: Buffer): SpdyHeaders {
  let offset = 0;
  const take = (length: number): Buffer => {
    if (offset + length > block.length) throw new SpdyError('A header block is too short.');
    offset += length;
    return block.subarray(offset - length, offset);
  };
  const text = (): string => take(take(4).readUInt32BE()).toString('utf8');
  const headers: Record<string, readonly string[]> = {};
  for (let count = take(4).readUInt32BE(); count > 0; count -= 1)
    headers[text().toLowerCase()] = text().split('\0');
  return headers;
}

type Inflate = (block: Buffer) => Promise<Buffer>;

/** All header blocks of a connection are one zlib stream, flushed after each. */
function headerInflater(): Inflate {
  // It must take a whole block's output at once: it is read only after the write.
  const stream = createInflate({
    dictionary: headerDictionary(),
    flush: constants.Z_SYNC_FLUSH,
    readableHighWaterMark: 16 * LARGEST_CONTROL_FRAME,
  } as Parameters<typeof createInflate>[0]);
  const write = promisify<Buffer>((chunk: Buffer, done: (error?: Error | null) => void) =>
    stream.write(chunk, done),
  );
  const failed = new Promise<never>((_resolve, reject) => stream.once('error', reject));
  failed.catch(() => undefined);
  return async (block) => {
    try {
      await Promise.race([write(block), failed]);
    } catch (error) {
      throw new SpdyError('A header block is not compressed as it must be.', { cause: error });
    }
    return (stream.read() as Buffer | null) ?? Buffer.alloc(0);
  };
}

export class SpdyFrameWriter {
  #isFirstBlock = true;

  synStream(id: number, headers: SpdyHeaders): Buffer {
    return this.#withHeaders(SYN_STREAM, id, Buffer.alloc(6), headers);
  }

  synReply(id: number): Buffer {
    return this.#withHeaders(SYN_REPLY, id, Buffer.alloc(0), {});
  }

  data(id: number, data: Uint8Array, isFinal: boolean): Buffer {
    const frame = Buffer.alloc(8 + data.length);
    frame.writeUInt32BE(id, 0);
    frame.writeUInt32BE(data.length, 4);
    frame.writeUInt8(isFinal ? FLAG_FINAL : 0, 4);
    frame.set(data, 8);
    return frame;
  }

  reset(id: number, status: number): Buffer {
    return control(RESET, words(id, status));
  }

  ping(id: number): Buffer {
    return control(PING, words(id));
  }

  goAway(lastStream: number): Buffer {
    return control(GO_AWAY, words(lastStream, 0));
  }

  /**
   * Headers as zlib's stored blocks: any inflater takes them, and one side's blocks are then no state but "the first has
   * zlib's head". What we send is empty replies.
   */
  #withHeaders(type: number, id: number, between: Buffer, headers: SpdyHeaders): Buffer {
    const entries = Object.entries(headers);
    const block = Buffer.concat([
      words(entries.length),
      ...entries.flatMap(([name, values]) => [name, values.join('\0')]).map(counted),
    ]);
    const head = this.#isFirstBlock ? [Buffer.from([0x78, 0x01])] : [];
    this.#isFirstBlock = false;
    return control(type, Buffer.concat([words(id), between, ...head, ...stored(block)]));
  }
}

function control(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8000 | VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => buffer.writeUInt32BE(value, index * 4));
  return buffer;
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([words(bytes.length), bytes]);
}

function stored(block: Buffer): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < block.length; offset += 0xffff) {
    const part = block.subarray(offset, offset + 0xffff);
    const head = Buffer.alloc(5);
    head.writeUInt16LE(part.length, 1);
    head.writeUInt16LE(~part.length & 0xffff, 3);
    parts.push(head, part);
  }
  // Go's inflater gives a stored block's data out only when an empty one follows, as after a flush.
  return [...parts, Buffer.from([0, 0, 0, 0xff, 0xff])];
}

/** SPDY/3's, exported for its test: common names, each after its length, then common values. */
export function headerDictionary(): Buffer {
  return Buffer.concat([...DICTIONARY_WORDS.split('|').map(counted), Buffer.from(DICTIONARY_TAIL)]);
}

const DICTIONARY_WORDS =
  'options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|accept-ranges|age|allow|' +
  'authorization|cache-control|connection|content-base|content-encoding|content-language|content-length|' +
  'content-location|content-md5|content-range|content-type|date|etag|expect|expires|from|host|if-match|' +
  'if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|location|max-forwards|pragma|' +
  'proxy-authenticate|proxy-authorization|range|referer|retry-after|server|te|trailer|transfer-encoding|upgrade|' +
  'user-agent|vary|via|warning|www-authenticate|method|get|status|200 OK|version|HTTP/1.1|url|public|set-cookie|' +
  'keep-alive|origin';

const DICTIONARY_TAIL =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative ' +
  'Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal ' +
  'Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 ' +
  'Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/' +
  'xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,' +
  'enq=0.';
