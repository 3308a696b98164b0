import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../model/known-error.ts';
import {
  type CertificateFiles,
  followCertificate,
  readCertificate,
  type ServingCertificate,
  validityProblem,
} from './certificate.ts';
import type { GuardSettings } from './guard-request.ts';
import { BODY_BYTES_MAX, readBody } from './read-body.ts';
import { type Answer, answerReview, answerTooLong } from './review.ts';
import { REVIEW_PATH, WEBHOOK_TIMEOUT_SECONDS } from './webhook-configuration.ts';

/** Nothing that a client does, or leaves undone, holds a connection for long. */
const LIMITS = {
  minVersion: 'TLSv1.2',
  headersTimeout: 3000,
  requestTimeout: WEBHOOK_TIMEOUT_SECONDS * 1000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16_384,
  handshakeTimeout: 3000,
  // Longer than an API server keeps an idle connection (90 s), so that none is closed in the moment of its next use.
  keepAliveTimeout: 120_000,
} as const;
const CONNECTIONS_MAX = 512;
/** So long a server that is stopped goes on answering: until nobody is sent to it any more. */
const DRAIN_MS = 3000;
/** Then requests that are on their way get so long. */
const LAST_REQUESTS_MS = 2000;

/** What the server needs, and tells. */
export interface WebhookServerOptions {
  readonly settings: GuardSettings;
  readonly files: CertificateFiles;
  /** 0 for any that is free. */
  readonly port: number;
  /** Ends the server. */
  readonly signal: AbortSignal;
  /** The text of /metrics, and its content type. */
  readonly metrics: () => Promise<{ readonly text: string; readonly type: string }>;
  readonly onListening: (port: number) => void;
  readonly onCertificate: (certificate: ServingCertificate, isFirst: boolean) => void;
  readonly onProblem: (message: string) => void;
  readonly onAnswer: (answer: Answer, durationMs: number) => void;
}

/**
 * Answers admission reviews over HTTPS until the signal, and then for as long as it takes until nobody asks any more.
 *
 * @throws KnownError when the certificate can't be read; the system's error when the port can't be had
 */
export async function serveWebhook(options: WebhookServerOptions): Promise<void> {
  const { files, signal, port } = options;
  let certificate = await readCertificate(files);
  options.onCertificate(certificate, true);
  const server = createServer({ ...LIMITS, cert: certificate.cert, key: certificate.key });
  server.maxConnections = CONNECTIONS_MAX;
  server.on('request', (request, response) => {
    if (signal.aborted) response.setHeader('connection', 'close');
    route(request, response, { options, validity: () => validityProblem(certificate, Date.now()) }).catch(
      (error: unknown) => fail(response, error),
    );
  });
  server.listen(port);
  await once(server, 'listening');
  followCertificate(
    files,
    certificate,
    {
      onChange: (found) => {
        certificate = found;
        // Connections that are open stay as they are.
        server.setSecureContext({ ...LIMITS, cert: found.cert, key: found.key });
        options.onCertificate(found, false);
      },
      onProblem: options.onProblem,
    },
    signal,
  );
  options.onListening((server.address() as AddressInfo).port);
  if (!signal.aborted) await once(signal, 'abort');
  await sleep(DRAIN_MS);
  await close(server);
}

interface Serving {
  readonly options: WebhookServerOptions;
  readonly validity: () => string | undefined;
}

async function route(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  if (path === REVIEW_PATH) return await review(request, response, serving.options);
  request.resume();
  const answer = await plainAnswer(path, serving);
  if (!answer) return send(response, 404, `There are ${REVIEW_PATH}, /metrics, /readyz and /livez\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(response, 405, 'Only GET and HEAD are answered\n');
  }
  send(response, answer.status, answer.text, answer.type);
}

async function plainAnswer(
  path: string,
  { options, validity }: Serving,
): Promise<{ readonly status: number; readonly text: string; readonly type?: string } | undefined> {
  if (path === '/livez') return { status: 200, text: 'ok\n' };
  if (path === '/metrics') return { status: 200, ...(await options.metrics()) };
  if (path !== '/readyz') return undefined;
  const problem = options.signal.aborted ? 'it is being stopped' : validity();
  return problem === undefined ? { status: 200, text: 'ok\n' } : { status: 503, text: `${problem}\n` };
}

async function review(
  request: IncomingMessage,
  response: ServerResponse,
  { settings, onAnswer }: WebhookServerOptions,
): Promise<void> {
  const startMs = performance.now();
  if (request.method !== 'POST') {
    request.resume();
    response.setHeader('allow', 'POST');
    return send(response, 405, 'Reviews come with POST\n');
  }
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;|$)/iu.test(type)) {
    request.resume();
    return send(response, 415, 'Reviews are application/json\n');
  }
  const { text, isWhole } = await readBody(request);
  const answer = isWhole ? answerReview(text, settings) : answerTooLong(text, BODY_BYTES_MAX);
  send(response, answer.status, answer.body, answer.status === 200 ? 'application/json' : undefined);
  onAnswer(answer, performance.now() - startMs);
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

function fail(response: ServerResponse, error: unknown): void {
  // Who has gone away needs no answer.
  if (response.destroyed) return;
  if (response.headersSent) response.destroy();
  else send(response, 500, `${errorText(error)}\n`);
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  const timer = setTimeout(() => server.closeAllConnections(), LAST_REQUESTS_MS);
  server.close();
  await closed;
  clearTimeout(timer);
}
