import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { objectPath } from './api-object.ts';

/** A line that is longer is cut. */
const LINE_BYTES_MAX = 16 * 1024;
/** Between two attempts to read the log of a container that has not started, or of a connection that broke. */
const PAUSE_MS = 1000;
const NEWLINE = 10;

/** Whose log is read. */
export interface LoggedContainer {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
}

/**
 * Hands over the lines of a container's log as they are written, each once and in their order, also over
 * connections that break. Returns when the log has ended, the pod is gone, or the signal is aborted. A log is
 * for people: that it has ended says nothing of how the container did.
 *
 * @throws ApiError when it may not be read
 */
export async function followLogs(
  client: ApiClient,
  { namespace, name, container }: LoggedContainer,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = objectPath({ apiVersion: 'v1', plural: 'pods', namespace, name, subresource: 'log' });
  // Every line begins with its time, which tells where a broken connection has to go on.
  let last = '';
  let seenUntil = '';
  const take = (stamped: string): void => {
    const end = stamped.indexOf(' ');
    const time = end < 0 ? '' : comparable(stamped.slice(0, end));
    if (time <= seenUntil) return;
    last = time;
    onLine(stamped.slice(end + 1));
  };
  const since = (): string =>
    last === '' ? '' : `&sinceTime=${encodeURIComponent(`${last.slice(0, 19)}Z`)}`;
  const query = `container=${encodeURIComponent(container)}&follow=true&timestamps=true`;
  while (!signal.aborted) {
    const ending = await readOnce(client, `${path}?${query}${since()}`, take, signal);
    if (ending === 'ended') return;
    seenUntil = last;
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function readOnce(
  client: ApiClient,
  target: string,
  take: (line: string) => void,
  signal: AbortSignal,
): Promise<'ended' | 'broken'> {
  try {
    const response = await client.stream(target, signal);
    await eachLine(response as AsyncIterable<Buffer>, take);
    return response.complete ? 'ended' : 'broken';
  } catch (error) {
    if (signal.aborted) return 'ended';
    client.throwIfEnded();
    if (!(error instanceof ApiError)) return 'broken';
    if (error.status === 404) return 'ended';
    // A container that has not started has no log yet, and this is how the server says so.
    if (error.status === 400 || error.status >= 500) return 'broken';
    throw error;
  }
}

async function eachLine(chunks: AsyncIterable<Buffer>, take: (line: string) => void): Promise<void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      take(joined(rest, chunk.subarray(start, end)).toString('utf8'));
      rest = Buffer.alloc(0);
      start = end + 1;
    }
    rest = joined(rest, chunk.subarray(start));
  }
  // Half a line is read again, or was the last one of a program that was killed.
  if (rest.length > 0) take(rest.toString('utf8'));
}

function joined(first: Buffer, second: Buffer): Buffer<ArrayBuffer> {
  const room = Math.max(0, LINE_BYTES_MAX - first.length);
  return Buffer.concat([first, second.subarray(0, room)]);
}

/** RFC 3339 with nanoseconds leaves out zeros at the end; with them, times compare as texts. */
function comparable(time: string): string {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/u.exec(time);
  return parts ? `${parts[1]}.${(parts[2] ?? '').padEnd(9, '0')}` : '';
}
