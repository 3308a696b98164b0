import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import { errorText, systemErrorCode } from '../model/known-error.ts';
import { TooLargeError, TransportError } from './api-error.ts';
import type { Connection } from './connect.ts';

/** The methods of the API server that change something. */
export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What one request says. */
export interface OutgoingRequest {
  readonly method: 'GET' | WriteMethod;
  /** With its query, from the root of the API. */
  readonly path: string;
  readonly accept: string;
  readonly userAgent: string;
  /** A connection on which nothing arrives for so long is given up. */
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
  /** JSON to send; undefined for no body. */
  readonly body?: unknown;
  /** Of the body; default `application/json`. */
  readonly contentType?: string;
  /** Default: the connection's pool. */
  readonly agent?: Agent;
}

/**
 * Sends one request and waits for the head of its answer.
 *
 * @throws TransportError when there is none, the signal's AbortError
 */
export async function openRequest(
  connection: Connection,
  request_: OutgoingRequest,
): Promise<IncomingMessage> {
  const { method, path, stallTimeoutMs, signal, body } = request_;
  const { server } = connection;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = headersOf(request_, await connection.credentials(), payload);
  return await new Promise((resolve, reject) => {
    const outgoing = request({
      agent: request_.agent ?? connection.agent,
      hostname: server.hostname.replaceAll(/[[\]]/gu, ''),
      port: server.port === '' ? 443 : Number(server.port),
      path: `${server.pathname.replace(/\/$/u, '')}${path}`,
      method,
      timeout: stallTimeoutMs,
      signal,
      headers,
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

/** A TransportError with the code of whatever broke a connection; a TooLargeError stays itself. */
export function transportError(error: unknown): Error {
  if (error instanceof TransportError || error instanceof TooLargeError) return error;
  const code = systemErrorCode(error) ?? '';
  // A connection that fails on every address of a name has its reasons in `errors`, and an empty message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return new TransportError(code, errorText(first), { cause: error });
}

function headersOf(
  { accept, userAgent, contentType = 'application/json' }: OutgoingRequest,
  credentials: Readonly<Record<string, string>>,
  payload: string | undefined,
): Record<string, string | number> {
  const headers = { ...credentials, 'User-Agent': userAgent, Accept: accept };
  if (payload === undefined) return headers;
  return { ...headers, 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(payload) };
}
