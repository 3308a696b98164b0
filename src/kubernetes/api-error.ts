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
 * Makes an ApiError of an answer. Only `reason`, `message` and the causes of a Status object are kept: other
 * bodies (a proxy's HTML page, say) are left out, and headers always.
 */
export function apiErrorOf(status: number, body: string, retryAfter: string | undefined): ApiError {
  const { reason, message, places } = statusObject(body);
  const seconds = retryAfter !== undefined && /^\d{1,6}$/u.test(retryAfter) ? Number(retryAfter) : undefined;
  const first = message === '' ? `the API server answered ${status}` : message;
  const where = places.length === 0 ? '' : ` (${places.length}: ${places.join(', ')})`;
  return new ApiError(status, reason, `${first}${where}`, seconds === undefined ? undefined : seconds * 1000);
}

interface StatusTexts {
  readonly reason: string;
  readonly message: string;
  /**
   * What the causes are about: of objects that can't be read from etcd, their keys there
   * (https://github.com/kubernetes/apiserver/blob/v0.34.4/pkg/storage/etcd3/corrupt_obj_deleter.go#L235).
   */
  readonly places: readonly string[];
}

function statusObject(body: string): StatusTexts {
  const value = fields(parsed(body));
  const causes = fields(value['details'])['causes'];
  const places = (Array.isArray(causes) ? causes : []).map((cause) => text(fields(cause)['field']));
  return {
    reason: text(value['reason']),
    message: text(value['message']),
    places: places.filter((place) => place !== ''),
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
