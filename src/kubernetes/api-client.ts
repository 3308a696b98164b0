import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText, systemErrorCode } from '../model/known-error.ts';
import { ApiError, apiErrorOf, TooLargeError, TransportError } from './api-error.ts';
import type { Connection } from './connect.ts';

const ATTEMPTS_MAX = 6;
const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 10_000;
const RETRY_AFTER_MAX_MS = 30_000;
/** A connection on which nothing arrives for so long is given up; an API server itself ends a list after 60 s. */
const STALL_TIMEOUT_MS = 65_000;
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
const BYTES_MAX = 64 * 1024 * 1024;
/** Errors of the certificate or the address: trying again can't help. */
const FINAL_CODES = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ENOTFOUND$|ERR_INVALID_)/u;

/** How a request is sent and its answer taken. */
export interface RequestSettings {
  readonly accept?: string;
  /** JSON to send; the request is then a POST. */
  readonly body?: unknown;
  /** An answer that is larger is given up with a TooLargeError. Default 64 MiB. */
  readonly bytesMax?: number;
  /** Where the answer is put, so that no memory is claimed for it; it stays valid until the next such request. */
  readonly space?: AnswerSpace;
}

/** Memory for one answer after the other. It grows with them. */
export interface AnswerSpace {
  bytes: Buffer;
}

/** What an ApiClient has done so far. */
export interface RequestCounts {
  requests: number;
  retries: number;
  receivedBytes: number;
}

/**
 * Sends requests to the API server over a few kept-alive connections, and tries again what is worth it:
 * broken connections and the statuses 429, 500, 502, 503 and 504, up to six times with growing pauses
 * (0.2 s to 10 s, or what Retry-After says, at most 30 s). After a 401 the credentials are read anew, once.
 */
export class ApiClient {
  readonly counts: RequestCounts = { requests: 0, retries: 0, receivedBytes: 0 };
  readonly #connection: Connection;
  readonly #userAgent: string;
  readonly #signal: AbortSignal;
  readonly #canceller = new AbortController();

  /** @param signal ends all requests with its reason */
  constructor(connection: Connection, userAgent: string, signal: AbortSignal) {
    this.#connection = connection;
    this.#userAgent = userAgent;
    this.#signal = AbortSignal.any([signal, this.#canceller.signal]);
  }

  /** Ends all requests under way, and every later one: the run has failed elsewhere. */
  readonly cancel = (): void => this.#canceller.abort();

  /** The address of the API server, for messages. */
  get server(): string {
    return this.#connection.server.origin;
  }

  /**
   * Sends one request and returns the body of its successful answer.
   *
   * @param path with its query, from the root of the API (`/api/v1/pods?limit=500`)
   * @throws ApiError for an answer that is not 2xx, TransportError when there is no whole answer,
   *   TooLargeError, or the signal's reason
   */
  async send(path: string, settings: RequestSettings = {}): Promise<Buffer> {
    let hasRenewed = false;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(path, settings);
      } catch (error) {
        this.#signal.throwIfAborted();
        if (error instanceof ApiError && error.status === 401 && !hasRenewed) {
          hasRenewed = true;
          this.#connection.renew();
          continue;
        }
        if (attempt >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
        this.counts.retries++;
        await sleep(pauseMs(error, attempt), undefined, { signal: this.#signal });
      }
    }
  }

  /** The body of a successful answer as JSON. */
  async json(path: string, settings: RequestSettings = {}): Promise<unknown> {
    const body = await this.send(path, settings);
    try {
      return JSON.parse(body.toString('utf8')) as unknown;
    } catch (error) {
      throw new TransportError('', `${path} did not answer with JSON: ${errorText(error)}`, { cause: error });
    }
  }

  async #attempt(path: string, settings: RequestSettings): Promise<Buffer> {
    this.counts.requests++;
    const response = await this.#open(path, settings);
    const body = await this.#read(response, settings);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return body;
    throw apiErrorOf(status, body.toString('utf8'), response.headers['retry-after']);
  }

  async #open(path: string, { accept, body }: RequestSettings): Promise<IncomingMessage> {
    const { server, agent } = this.#connection;
    const credentials = await this.#connection.credentials();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return await new Promise((resolve, reject) => {
      const outgoing = request({
        agent,
        hostname: server.hostname.replaceAll(/[[\]]/gu, ''),
        port: server.port === '' ? 443 : Number(server.port),
        path: `${server.pathname.replace(/\/$/u, '')}${path}`,
        method: payload === undefined ? 'GET' : 'POST',
        timeout: STALL_TIMEOUT_MS,
        signal: this.#signal,
        headers: {
          ...credentials,
          'User-Agent': this.#userAgent,
          Accept: accept ?? 'application/json',
          ...(payload === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) }),
        },
      });
      outgoing.on('response', resolve);
      outgoing.on('timeout', () =>
        outgoing.destroy(new TransportError('ETIMEDOUT', `no data for ${STALL_TIMEOUT_MS / 1000} s`)),
      );
      outgoing.on('error', (error) => reject(transportError(error)));
      outgoing.end(payload);
    });
  }

  async #read(response: IncomingMessage, { bytesMax = BYTES_MAX, space }: RequestSettings): Promise<Buffer> {
    const target = space ?? { bytes: Buffer.alloc(0) };
    let sizeBytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        this.counts.receivedBytes += chunk.length;
        const end = sizeBytes + chunk.length;
        if (end > bytesMax) throw new TooLargeError(`the answer is larger than ${bytesMax} bytes`);
        if (end > target.bytes.length) target.bytes = grown(target.bytes, sizeBytes, end);
        chunk.copy(target.bytes, sizeBytes);
        sizeBytes = end;
      }
    } catch (error) {
      throw transportError(error);
    }
    // A body that ends early is an error of the stream, unless the server closed without saying a length.
    if (!response.complete) throw new TransportError('ECONNRESET', 'the answer was cut off');
    return target.bytes.subarray(0, sizeBytes);
  }
}

function grown(bytes: Buffer, usedBytes: number, neededBytes: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(neededBytes, 2 * bytes.length, 16 * 1024));
  bytes.copy(larger, 0, 0, usedBytes);
  return larger;
}

function isRetryable(error: unknown): boolean {
  if (error instanceof ApiError) return RETRYABLE_STATUS.has(error.status);
  return error instanceof TransportError && !FINAL_CODES.test(error.code);
}

/** Doubles from attempt to attempt, between a half and the whole of it, so that clients don't march in step. */
function pauseMs(error: unknown, attempt: number): number {
  if (error instanceof ApiError && error.retryAfterMs !== undefined)
    return Math.min(error.retryAfterMs, RETRY_AFTER_MAX_MS);
  const wholeMs = Math.min(BACKOFF_FIRST_MS * 2 ** (attempt - 1), BACKOFF_MAX_MS);
  return wholeMs * (0.5 + Math.random() / 2);
}

function transportError(error: unknown): Error {
  if (error instanceof TransportError || error instanceof TooLargeError) return error;
  const code = systemErrorCode(error) ?? '';
  // A connection that fails on every address of a name has its reasons in `errors`, and an empty message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return new TransportError(code, errorText(first), { cause: error });
}
