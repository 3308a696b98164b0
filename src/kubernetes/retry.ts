import { ApiError, TransportError } from './api-error.ts';

/** How patient a client is, and how much it asks for at a time. */
export interface ClientSettings {
  /** How often a request is sent at most. */
  readonly attemptsMax: number;
  /** The same for a server that has answered before and at whose address nobody listens now: it restarts. */
  readonly absentAttemptsMax: number;
  /** The pause before the second attempt; it doubles with each attempt, up to `backoffMaxMs`. */
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** No Retry-After makes it wait longer. */
  readonly retryAfterMaxMs: number;
  /** A connection on which nothing arrives for so long is given up. */
  readonly stallTimeoutMs: number;
  /** Objects on a page of a list. */
  readonly pageObjects: number;
}

/** What a client does when nobody says otherwise. */
export const USUAL_SETTINGS: ClientSettings = {
  attemptsMax: 6,
  // About half a minute.
  absentAttemptsMax: 9,
  backoffFirstMs: 200,
  backoffMaxMs: 10_000,
  retryAfterMaxMs: 30_000,
  // An API server itself ends a list after 60 s.
  stallTimeoutMs: 65_000,
  // What client-go, kubectl and the API server's own documentation use.
  pageObjects: 500,
};
/** The code of the error that a server which was away is not ready yet. */
export const NOT_READY = 'NOT_READY';
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
/** Errors of the certificate or the address: trying again can't help. */
const FINAL_CODES = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ENOTFOUND$|ERR_INVALID_)/u;

/** Whether it is worth asking again. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof ApiError) return RETRYABLE_STATUS.has(error.status);
  return error instanceof TransportError && !FINAL_CODES.test(error.code);
}

/**
 * Whether a write that ended so may have been carried out all the same, so that only a look can tell. One that
 * was refused for want of capacity was not (429), nor one for which nobody listened.
 */
export function isUndecided(error: unknown): boolean {
  return isRetryable(error) && !isAbsence(error) && !(error instanceof ApiError && error.status === 429);
}

/** Whether nobody listens at the server's address, or not yet for good. */
export function isAbsence(error: unknown): boolean {
  return error instanceof TransportError && (error.code === 'ECONNREFUSED' || error.code === NOT_READY);
}

/**
 * How long to wait before asking again. Doubles from failure to failure, between a half and the whole of it,
 * so that clients don't march in step.
 *
 * @param failureCount from 1
 */
export function pauseMs(error: unknown, failureCount: number, settings: ClientSettings): number {
  const { backoffFirstMs, backoffMaxMs, retryAfterMaxMs } = settings;
  if (error instanceof ApiError && error.retryAfterMs !== undefined)
    return Math.min(error.retryAfterMs, retryAfterMaxMs);
  const wholeMs = Math.min(backoffFirstMs * 2 ** (failureCount - 1), backoffMaxMs);
  return wholeMs * (0.5 + Math.random() / 2);
}
