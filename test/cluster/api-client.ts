import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { systemErrorCode } from '../../src/model/known-error.ts';

/** How many requests go out side by side, over as many connections. */
export const CONNECTIONS_MAX = 8;

/** An answer of the API server, whatever its status. */
export interface ApiResponse {
  readonly status: number;
  readonly text: string;
}

/** What a request sends, as text, and how the server is to read and answer it. */
export interface ApiRequestBody {
  readonly text?: string;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
}

/** Plain requests to an API server, over connections that are kept open. */
export interface ApiClient {
  /** @throws when there is no answer; a status of 400 and above is an answer */
  request(method: string, target: string, body?: ApiRequestBody): Promise<ApiResponse>;
  /** Closes the connections that are open. */
  close(): void;
}

/** Files with the server's authority and the client certificate to log in with. */
export interface ClientFiles {
  readonly ca: string;
  readonly adminCertificate: string;
  readonly adminKey: string;
}

/** A client for the server at `server` (a URL). Nothing is sent yet. */
export async function connectApi(server: string, files: ClientFiles): Promise<ApiClient> {
  const [ca, cert, key] = await Promise.all(
    [files.ca, files.adminCertificate, files.adminKey].map((file) => readFile(file)),
  );
  const agent = new Agent({
    keepAlive: true,
    maxSockets: CONNECTIONS_MAX,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  });
  return {
    request: (method, target, body = {}) => send(agent, method, new URL(target, server), body),
    close: () => agent.destroy(),
  };
}

/** As `client.request`, but anything but a 2xx is an error that shows the server's own message. */
export async function requestOk(
  client: ApiClient,
  method: string,
  target: string,
  body: ApiRequestBody = {},
): Promise<string> {
  const { status, text } = await client.request(method, target, body);
  if (status < 200 || status > 299) throw new Error(`${method} ${target}: ${status} ${statusMessage(text)}`);
  return text;
}

/** Whether there is an answer, and it is 200. */
export async function answersOk(client: ApiClient, target: string): Promise<boolean> {
  try {
    return (await client.request('GET', target)).status === 200;
  } catch {
    return false;
  }
}

/** The message in a `Status` object, else the text as it is. */
export function statusMessage(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  } catch {
    // Not JSON: shown as it came.
  }
  return text.slice(0, 2000);
}

async function send(agent: Agent, method: string, url: URL, body: ApiRequestBody): Promise<ApiResponse> {
  try {
    return await sendOnce(agent, method, url, body);
  } catch (error) {
    // The server may close an idle connection in the moment in which it is used again.
    if (error instanceof StaleConnection) return sendOnce(agent, method, url, body);
    throw error;
  }
}

class StaleConnection extends Error {}

function sendOnce(agent: Agent, method: string, url: URL, body: ApiRequestBody): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers: headersFor(body) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    outgoing.on('error', (cause) => {
      const isStale = outgoing.reusedSocket && systemErrorCode(cause) === 'ECONNRESET';
      reject(isStale ? new StaleConnection(cause.message, { cause }) : cause);
    });
    outgoing.end(body.text);
  });
}

function headersFor(body: ApiRequestBody): OutgoingHttpHeaders {
  const accept = body.accept ?? 'application/json';
  if (body.text === undefined) return { accept };
  return {
    accept,
    'content-type': body.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(body.text),
  };
}
