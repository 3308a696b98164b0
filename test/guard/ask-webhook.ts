import { Agent, request } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** What is sent to the webhook. */
export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What it answers. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The serial number of the certificate. */
  readonly serial: string;
}

/** How to reach a webhook on this machine. */
export interface Target {
  readonly port: number;
  readonly agent: Agent;
}

/** A target whose authority is trusted. */
export function targetOf(port: number, ca: string, keepAlive = true): Target {
  return { port, agent: new Agent({ keepAlive, maxSockets: 16, maxCachedSessions: 0, ca }) };
}

/** Sends one request. */
export function askWebhook({ port, agent }: Target, question: Question): Promise<Reply> {
  const {
    method = 'POST',
    path = '/validate',
    body,
    headers = { 'content-type': 'application/json' },
  } = question;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent, method, path, headers });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber;
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          headers: response.headers,
          serial,
        }),
      );
    });
    outgoing.end(body);
  });
}

/** What an AdmissionReview says that is an answer. */
export interface AnsweredReview {
  readonly apiVersion: string;
  readonly kind: string;
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: { readonly code: number; readonly message: string; readonly reason: string };
  };
}

/** The answer as an AdmissionReview. */
export function reviewIn({ text }: Reply): AnsweredReview {
  return JSON.parse(text) as AnsweredReview;
}
