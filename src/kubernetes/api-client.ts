import type { IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../model/known-error.ts';
import { ApiError, apiErrorOf, TransportError } from './api-error.ts';
import type { Connection } from './connect.ts';
import { openRequest, type WriteMethod } from './open-request.ts';
import { type AnswerRoom, readAnswer } from './read-answer.ts';
import {
  type ClientSettings,
  isAbsence,
  isRetryable,
  isUndecided,
  NOT_READY,
  pauseMs,
  USUAL_SETTINGS,
} from './retry.ts';

/** How a request is sent and its answer taken. */
export interface RequestSettings extends AnswerRoom {
  readonly accept?: string;
  /** JSON to send; the request is then a POST, unless it says otherwise. */
  readonly body?: unknown;
  /** Of the body; default `application/json`. */
  readonly contentType?: string;
  /**
   * With a method the request is a write, and not sent again when nobody knows whether it was carried out
   * (`isUndecided`). Without one it only asks, a POST included.
   */
  readonly method?: WriteMethod;
  /** Ends this request. */
  readonly signal?: AbortSignal;
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
    return await this.#insist(settings, () => this.#attempt(path, settings));
  }

  /**
   * Asks for something that takes as long as it takes, and returns its body as it arrives. It has a connection
   * of its own: in the pool it would keep others waiting.
   *
   * @param signal ends it, whatever has arrived
   * @throws as `send`; once the body has begun, nothing is tried again
   */
  async stream(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const agent = await this.#connection.streamAgent();
    return await this.#insist({ signal }, async () => {
      const response = await this.#open(path, { accept: '*/*', signal }, agent);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return response;
      const text = (await this.#read(response, {})).toString('utf8');
      throw apiErrorOf(status, text, response.headers['retry-after']);
    });
  }

  /** Repeats an attempt until it succeeds or there is nothing more to be done. */
  async #insist<T>(settings: RequestSettings, attempt: () => Promise<T>): Promise<T> {
    const failures: Failures = { hasRenewed: false, answered: 0, absent: 0 };
    for (;;) {
      try {
        if (this.#readiness === 'unsure') await this.#untilReady();
        return await attempt();
      } catch (error) {
        const signal = this.#signalFor(settings);
        signal.throwIfAborted();
        if (settings.method !== undefined && isUndecided(error)) throw error;
        await this.#recover(error, failures, signal);
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
  async #recover(error: unknown, failures: Failures, signal: AbortSignal): Promise<void> {
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
    await sleep(pauseMs(error, failureCount, this.settings), undefined, { signal });
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
    const response = await this.#open(path, settings);
    const body = await this.#read(response, settings);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return body;
    throw apiErrorOf(status, body.toString('utf8'), response.headers['retry-after']);
  }

  async #open(path: string, settings: RequestSettings, agent?: Agent): Promise<IncomingMessage> {
    const { method, accept = 'application/json', body, contentType } = settings;
    this.counts.requests++;
    const response = await openRequest(this.#connection, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      path,
      accept,
      body,
      userAgent: this.#userAgent,
      stallTimeoutMs: this.settings.stallTimeoutMs,
      signal: this.#signalFor(settings),
      ...(contentType !== undefined && { contentType }),
      ...(agent && { agent }),
    });
    this.#hasAnswered = true;
    return response;
  }

  #signalFor({ signal }: RequestSettings): AbortSignal {
    return signal === undefined ? this.#signal : AbortSignal.any([this.#signal, signal]);
  }

  async #read(response: IncomingMessage, settings: AnswerRoom): Promise<Buffer> {
    return await readAnswer(response, settings, (sizeBytes) => (this.counts.receivedBytes += sizeBytes));
  }
}
