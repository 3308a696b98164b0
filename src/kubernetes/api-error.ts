/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The `reason` of the Status object (`Forbidden`, `Expired`, …), or empty. */
  readonly reason: string;
  /** How long the server asks to wait; undefined when it doesn't say. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The server can't be reached, breaks off, or sends something that is not what was asked for. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** The code of the system or TLS error (`ECONNREFUSED`, `CERT_HAS_EXPIRED`, …), or empty. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The answer is larger than the caller will hold in memory. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/**
 * Makes an ApiError of an answer. Only `reason` and `message` of a Status object are kept: other bodies
 * (a proxy's HTML page, say) are left out, and headers always.
 */
export function apiErrorOf(status: number, body: string, retryAfter: string | undefined): ApiError {
  const { reason, message } = statusObject(body);
  const seconds = retryAfter !== undefined && /^\d{1,6}$/u.test(retryAfter) ? Number(retryAfter) : undefined;
  return new ApiError(
    status,
    reason,
    message === '' ? `the API server answered ${status}` : message,
    seconds === undefined ? undefined : seconds * 1000,
  );
}

function statusObject(body: string): { reason: string; message: string } {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null) return { reason: '', message: '' };
    const { reason, message } = value as { reason?: unknown; message?: unknown };
    return {
      reason: typeof reason === 'string' ? reason : '',
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return { reason: '', message: '' };
  }
}
