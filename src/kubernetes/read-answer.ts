import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import { TooLargeError, TransportError } from './api-error.ts';
import { transportError } from './open-request.ts';

const BYTES_MAX = 64 * 1024 * 1024;

/** How much room an answer gets. */
export interface AnswerRoom {
  /** An answer that is larger is given up with a TooLargeError. Default 64 MiB. */
  readonly bytesMax?: number;
  /** Where the answer is put, so that no memory is claimed for it; it stays valid until the next such request. */
  readonly space?: AnswerSpace;
}

/** Memory for one answer after the other. It grows with them. */
export interface AnswerSpace {
  bytes: Buffer;
}

/**
 * The whole body of an answer.
 *
 * @param onBytes is told how many bytes have arrived, each time that some do
 * @throws TransportError when it breaks off, TooLargeError
 */
export async function readAnswer(
  response: IncomingMessage,
  { bytesMax = BYTES_MAX, space }: AnswerRoom,
  onBytes: (sizeBytes: number) => void,
): Promise<Buffer> {
  const target = space ?? { bytes: Buffer.alloc(0) };
  let sizeBytes = 0;
  // Events, and not the stream as an iterable: a promise for each of some ten thousand pieces costs more than the pieces.
  response.on('data', (chunk: Buffer) => {
    onBytes(chunk.length);
    const end = sizeBytes + chunk.length;
    if (end > bytesMax) {
      response.destroy(new TooLargeError(`the answer is larger than ${bytesMax} bytes`));
      return;
    }
    if (end > target.bytes.length) target.bytes = grown(target.bytes, sizeBytes, end);
    target.bytes.set(chunk, sizeBytes);
    sizeBytes = end;
  });
  try {
    await finished(response);
  } catch (error) {
    throw transportError(error);
  }
  // A body that ends early is an error of the stream, unless the server closed without saying a length.
  if (!response.complete) throw new TransportError('ECONNRESET', 'the answer was cut off');
  return target.bytes.subarray(0, sizeBytes);
}

function grown(bytes: Buffer, usedBytes: number, neededBytes: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(neededBytes, 2 * bytes.length, 16 * 1024));
  bytes.copy(larger, 0, 0, usedBytes);
  return larger;
}
