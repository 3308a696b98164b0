import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText, systemErrorCode } from '../model/known-error.ts';
import { ApiError, apiErrorOf, TooLargeError, TransportError } from './api-error.ts';
import type { Connection } from './connect.ts';
import { type ClientSettings, isAbsence, isRetryable, NOT_READY, pauseMs, USUAL_SETTINGS } from './retry.ts';

const BYTES_MAX = 64 * 1024 * 1024;

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

/** What has gone wrong with one request so far. */
interface Failures {
  hasRenewed: boolean;
  answered: number;
  /** Waiting for a server that restarts is no attempt: once it is back, it may well refuse at first. */
  absent: number;
}

/**
 * Sends requests to the API server over a few kept-alive connections, and tries again what is worth it:
 * broken connections and the statuses 429, 500, 502, 503 and 504, up to six times with growing pauses
 * (0.2 s to 10 s, or what Retry-After says, at most 30 s), and for half a minute while a server restarts.
 * After a 401 the credentials are read anew, once.
 */
export class ApiClient {
  readonly counts: RequestCounts = { requests: 0, retries: 0, receivedBytes: 0 };
  readonly settings: ClientSettings;
  readonly #connection: Connection;
  readonly #userAgent: string;
  readonly #signal: AbortSignal;
  readonly #canceller = new AbortController();
  #hasAnswered = false;
  /** Unsure after every connection that broke: the server may be about to start. */
  #readiness: 'sure' | 'unsure' | 'hopeless' = 'sure';

  /**
   * @param signal ends all requests with its reason
   * @param settings where they differ from the usual ones
   */
  constructor(
    connection: Connection,
    userAgent: string,
    signal: AbortSignal,
    settings: Partial<ClientSettings> = {},
  ) {
    this.settings = { ...USUAL_SETTINGS, ...settings };
    this.#connection = connection;
    this.#userAgent = userAgent;
    this.#signal = AbortSignal.any([signal, this.#canceller.signal]);
  }

  /** Ends all requests under way, and every later one: the run has failed elsewhere. */
  readonly cancel = (): void => this.#canceller.abort();

  /** @throws the signal's reason once the run is to end: for what has no request under way */
  throwIfEnded(): void {
    this.#signal.throwIfAborted();
  }

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
    const failures: Failures = { hasRenewed: false, answered: 0, absent: 0 };
    for (;;) {
      try {
        if (this.#readiness === 'unsure') await this.#untilReady();
        return await this.#attempt(path, settings);
      } catch (error) {
        this.#signal.throwIfAborted();
        await this.#recover(error, failures);
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

  /** Does what lets the request be sent again. @throws the error when there is nothing more to be done */
  async #recover(error: unknown, failures: Failures): Promise<void> {
    if (error instanceof ApiError && error.status === 401 && !failures.hasRenewed) {
      failures.hasRenewed = true;
      this.#connection.renew();
      return;
    }
    if (!isRetryable(error)) throw error;
    const isAbsent = this.#hasAnswered && isAbsence(error);
    const failureCount = ++failures[isAbsent ? 'absent' : 'answered'];
    const { attemptsMax, absentAttemptsMax } = this.settings;
    if (failureCount >= (isAbsent ? absentAttemptsMax : attemptsMax)) {
      this.#giveUp(error);
      return;
    }
    if (this.#readiness === 'sure' && error instanceof TransportError) this.#readiness = 'unsure';
    this.counts.retries++;
    await sleep(pauseMs(error, failureCount, this.settings), undefined, { signal: this.#signal });
  }

  #giveUp(error: unknown): void {
    if (error instanceof TransportError && error.code === NOT_READY) {
      // It may serve all the same: one that can't read its own Secrets never gets ready. It is asked no more.
      this.#readiness = 'hopeless';
      return;
    }
    // One request has waited for all of them.
    if (isAbsence(error)) this.#hasAnswered = false;
    throw error;
  }

  /**
   * A server that was away listens before it knows what anybody may do, and would answer 401, 403 and 404:
   * it says itself when it is ready (https://kubernetes.io/docs/reference/using-api/health-checks/).
   */
  async #untilReady(): Promise<void> {
    try {
      await this.#attempt('/readyz', {});
    } catch (error) {
      if (error instanceof ApiError && isRetryable(error))
        throw new TransportError(NOT_READY, 'the API server is not ready', { cause: error });
      // Something else stands there that doesn't know the question.
      if (!(error instanceof ApiError)) throw error;
    }
    this.#readiness = 'sure';
  }

  async #attempt(path: string, settings: RequestSettings): Promise<Buffer> {
    this.counts.requests++;
    const response = await this.#open(path, settings);
    this.#hasAnswered = true;
    const body = await this.#read(response, settings);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return body;
    throw apiErrorOf(status, body.toString('utf8'), response.headers['retry-after']);
  }

  async #open(path: string, { accept, body }: RequestSettings): Promise<IncomingMessage> {
    const { server, agent } = this.#connection;
    const { stallTimeoutMs } = this.settings;
    const credentials = await this.#connection.credentials();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return await new Promise((resolve, reject) => {
      const outgoing = request({
        agent,
        hostname: server.hostname.replaceAll(/[[\]]/gu, ''),
        port: server.port === '' ? 443 : Number(server.port),
        path: `${server.pathname.replace(/\/$/u, '')}${path}`,
        method: payload === undefined ? 'GET' : 'POST',
        timeout: stallTimeoutMs,
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
      let response: IncomingMessage | undefined;
      outgoing.on('response', (arrived) => resolve((response = arrived)));
      // Through the request alone, the reader of a body would only learn that it was aborted.
      outgoing.on('timeout', () =>
        (response ?? outgoing).destroy(
          new TransportError('ETIMEDOUT', `no data for ${stallTimeoutMs / 1000} s`),
        ),
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

function transportError(error: unknown): Error {
  if (error instanceof TransportError || error instanceof TooLargeError) return error;
  const code = systemErrorCode(error) ?? '';
  // A connection that fails on every address of a name has its reasons in `errors`, and an empty message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return new TransportError(code, errorText(first), { cause: error });
}
