import { hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { crc32, deflateRawSync } from 'node:zlib';
import { DEFLATE, type Batch, type PackedBatch } from './batch.ts';

// The second thread of a run: it hashes and deflates, which takes as long as all the rest, while the first
// one reads the next pages.

parentPort?.on('message', (batch: Batch) => {
  const packed = packBatch(batch);
  parentPort?.postMessage(packed, [batch.bytes, packed.deflated]);
});

function packBatch({ bytes, ends }: Batch): PackedBatch {
  const space = Buffer.from(bytes);
  const pieces: Buffer[] = [];
  const entries = Array.from(ends, (end, index) => {
    const content = space.subarray(index === 0 ? 0 : ends[index - 1], end);
    // The buffer for the result: JSON shrinks to a tenth or less, and the default of 16 KiB is mostly waste.
    const chunkSize = Math.max(1024, Math.min(64 * 1024, Math.ceil(content.length / 8)));
    const deflated = deflateRawSync(content, { ...DEFLATE, chunkSize });
    pieces.push(deflated);
    return { deflatedBytes: deflated.length, crc32: crc32(content), sha256: hash('sha256', content) };
  });
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return { bytes, deflated: whole.buffer, entries };
}
