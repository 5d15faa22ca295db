/** Pipeline packages: plain YAML or JSON, or that file inside a .zip or .tar.gz. */
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { invalid } from '../errors.ts';

/** Upstream's limit, for the file as sent and for what is inside it. */
export const MAX_PACKAGE_BYTES = 32 * 1024 * 1024;

/** The document's text. Inside an archive: `pipeline.yaml`, else the first file, as upstream picks it. */
export function unpackPackage(fileName: string, bytes: Buffer): string {
  if (bytes.length > MAX_PACKAGE_BYTES) throw tooLarge();
  if (/\.(ya?ml|json)$/.test(fileName)) return bytes.toString('utf8');
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return pick(readZip(bytes), 'zip');
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return pick(readTar(gunzip(bytes)), 'tarball');
  throw invalid('Unexpected pipeline file format. Support .zip, .tar.gz, .json or YAML');
}

export function tooLarge(): Error {
  return invalid(
    `File size too large. Maximum supported size: ${MAX_PACKAGE_BYTES}. Consider moving large embedded artifacts into a container image or object store`,
  );
}

interface Entry {
  readonly name: string;
  readonly read: () => Buffer;
}

function pick(entries: readonly Entry[], kind: string): string {
  const entry = entries.find(({ name }) => name === 'pipeline.yaml') ?? entries[0];
  if (entry === undefined || !/\.ya?ml$/.test(entry.name)) {
    throw invalid(
      `Error extracting pipeline from the ${kind} file. Expecting a pipeline.yaml file inside the ${kind}. Got: ${entry?.name ?? 'nothing'}`,
    );
  }
  const text = entry.read();
  if (text.length > MAX_PACKAGE_BYTES) throw tooLarge();
  return text.toString('utf8');
}

/** Decompression with a ceiling: a bomb stops there. */
function guarded(kind: string, decompress: () => Buffer): Buffer {
  try {
    return decompress();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw invalid(`Error extracting pipeline from the ${kind} file. Not a valid ${kind} file`);
  }
}

function gunzip(bytes: Buffer): Buffer {
  return guarded('tarball', () => gunzipSync(bytes, { maxOutputLength: 2 * MAX_PACKAGE_BYTES }));
}

const TAR_BLOCK = 512;

function readTar(tar: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at + TAR_BLOCK <= tar.length && tar[at] !== 0;) {
    const field = (start: number, length: number): string =>
      tar.toString('utf8', at + start, at + start + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(field(124, 12).trim(), 8);
    const start = at + TAR_BLOCK;
    if (!(size >= 0) || start + size > tar.length)
      throw invalid('Error extracting pipeline from the tarball file. Not a valid tarball file');
    const isFile = tar[at + 156] === 0 || tar[at + 156] === 0x30;
    const prefix = field(257, 5) === 'ustar' ? field(345, 155) : '';
    const name = prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`;
    if (isFile) entries.push({ name, read: () => tar.subarray(start, start + size) });
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
  return entries;
}

const ZIP_END = 0x06054b50;
const ZIP_ENTRY = 0x02014b50;
const ZIP_LOCAL = 0x04034b50;

/** By the central directory, as the format wants it; zip64 and encryption are beyond a pipeline package. */
function readZip(zip: Buffer): Entry[] {
  const broken = (): Error => invalid('Error extracting pipeline from the zip file. Not a valid zip file');
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + 22 > zip.length || zip.readUInt32LE(end) !== ZIP_END) throw broken();
  const count = zip.readUInt16LE(end + 10);
  const entries: Entry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== ZIP_ENTRY) throw broken();
    const method = zip.readUInt16LE(at + 10);
    const size = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const read = (): Buffer => {
      if (local + 30 > zip.length || zip.readUInt32LE(local) !== ZIP_LOCAL) throw broken();
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      if (start + size > zip.length) throw broken();
      const data = zip.subarray(start, start + size);
      if (method === 0) return data;
      if (method !== 8) throw broken();
      return guarded('zip', () => inflateRawSync(data, { maxOutputLength: MAX_PACKAGE_BYTES }));
    };
    if (!name.endsWith('/')) entries.push({ name, read });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}
