/** Multipart uploads. They sit outside the gateway upstream, hence the error shape of their own. */
import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import { asError } from '../../../../src/core/base/errors.ts';
import { invalid } from '../errors.ts';
import { MAX_PACKAGE_BYTES, tooLarge } from './package.ts';

export interface UploadedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The form field `uploadfile`. A larger file is read to its end and dropped, so the client hears the refusal. */
export function readUpload(request: IncomingMessage): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    const form = openForm(request);
    let file: { name: string; chunks: Buffer[] } | undefined;
    let isTooLarge = false;
    form.on('file', (field, stream, { filename }) => {
      if (field !== 'uploadfile' || file !== undefined) {
        stream.resume();
        return;
      }
      const chunks: Buffer[] = [];
      file = { name: filename ?? '', chunks };
      stream.on('data', (chunk: Buffer) => {
        if (!isTooLarge) chunks.push(chunk);
      });
      stream.on('limit', () => {
        isTooLarge = true;
        chunks.length = 0;
        stream.resume();
      });
    });
    form.on('error', (error) =>
      reject(invalid(`Failed to read pipeline from file: ${asError(error).message}`)),
    );
    form.on('close', () => {
      if (isTooLarge) reject(tooLarge());
      else if (file === undefined)
        reject(invalid('Failed to read pipeline from file: the form has no "uploadfile"'));
      else resolve({ name: file.name, bytes: Buffer.concat(file.chunks) });
    });
    request.on('error', reject);
    request.pipe(form);
  });
}

function openForm(request: IncomingMessage): busboy.Busboy {
  try {
    return busboy({
      headers: request.headers,
      limits: { files: 4, fields: 16, fileSize: MAX_PACKAGE_BYTES + 1 },
    });
  } catch (error) {
    throw invalid(`Failed to read pipeline from file: ${asError(error).message}`);
  }
}
