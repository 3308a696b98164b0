import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../cluster/certificates.ts';

/** A server on loopback that is not what it should be. */
export interface BadServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** An address at which nobody listens. */
export async function deadServer(): Promise<string> {
  const { url, stop } = await listening(createServer());
  await stop();
  return url;
}

/** Takes connections and closes each at once. */
export function closingServer(): Promise<BadServer> {
  return listening(createServer((socket) => socket.destroy()));
}

/** Speaks no TLS: it answers the first bytes with plain HTTP. */
export function plainServer(): Promise<BadServer> {
  return listening(
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
    }),
  );
}

/** Answers every request with this status and an HTML page, as the login page of a proxy does. */
export function portalServer(certificate: Certificate, status: number): Promise<BadServer> {
  const options = { cert: certificate.certificatePem, key: certificate.privateKeyPem };
  return listening(
    createHttpsServer(options, (_request, response) => {
      response.writeHead(status, { 'content-type': 'text/html', location: '/login' });
      response.end('<!doctype html>\n<title>Please log in</title>\n');
    }),
  );
}

async function listening(server: Server): Promise<BadServer> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    stop: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
