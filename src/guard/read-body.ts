import type { IncomingMessage } from 'node:http';

/** Twice what an API server takes for one object would be more than any pod that is stored. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;
/** What is kept of a longer one. */
const BEGINNING_BYTES = 4096;

/** The body of a request, or its beginning when it is longer than BODY_BYTES_MAX; the rest is thrown away. */
export async function readBody(
  request: IncomingMessage,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (sizeBytes <= BODY_BYTES_MAX) return { text: body.toString('utf8'), isWhole: true };
  return { text: body.subarray(0, BEGINNING_BYTES).toString('utf8'), isWhole: false };
}
