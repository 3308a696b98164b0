import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as startRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createAuthority } from '../cluster/certificates.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { kubeconfig } from '../cluster/cluster-files.ts';

/** What a client has asked for. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The text that it sent with its request. */
  readonly body: string;
}

/** What it gets. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The connection breaks after so many bytes of the body. */
  readonly cutAfterBytes?: number;
  /** Nothing is answered, ever. */
  readonly isLost?: boolean;
}

/** Answers of the API server that are changed on their way. */
export interface Fault {
  readonly matches: (asked: Asked) => boolean;
  readonly change: (answer: Answer, asked: Asked) => Answer;
  /** How many answers are changed; default: all. */
  readonly times?: number;
}

/** Stands between the tool and the API server, and breaks what passes. */
export interface FaultProxy {
  /** Path of a kubeconfig that leads through the proxy. */
  readonly kubeconfig: string;
  /** Every request so far, as `GET /api/v1/pods?limit=500`. */
  readonly requests: readonly string[];
  /** How many answers each fault has changed, in their order. */
  readonly changed: readonly number[];
  readonly stop: () => Promise<void>;
}

/**
 * Starts a proxy in front of a cluster. It has a certificate of an authority of its own, and passes on the
 * token that it is given.
 *
 * @param folder where the kubeconfig goes
 */
export async function startFaultProxy(
  cluster: Cluster,
  folder: string,
  token: string,
  faults: readonly Fault[],
): Promise<FaultProxy> {
  const authority = createAuthority('authority of the fault proxy');
  const { certificatePem: cert, privateKeyPem: key } = authority.issue({
    commonName: 'fault-proxy',
    usage: 'server',
    addresses: ['127.0.0.1'],
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: await readFile(cluster.caFile) });
  const requests: string[] = [];
  const changed = faults.map(() => 0);
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    answer(new URL(cluster.server), agent, incoming)
      .then(({ asked, real }) => send(outgoing, faulty(faults, changed, asked, real)))
      .catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const file = path.join(folder, `fault-proxy-${port}.kubeconfig`);
  const text = kubeconfig(`https://127.0.0.1:${port}`, authority.certificatePem, { token });
  await writeFile(file, text, { mode: 0o600 });
  return {
    kubeconfig: file,
    requests,
    changed,
    stop: async () => {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The first fault that matches and has not been used up changes the answer. */
function faulty(faults: readonly Fault[], changed: number[], asked: Asked, real: Answer): Answer {
  for (const [index, { matches, change, times = Number.POSITIVE_INFINITY }] of faults.entries()) {
    const count = changed[index] ?? 0;
    if (count >= times || !matches(asked)) continue;
    changed[index] = count + 1;
    return change(real, asked);
  }
  return real;
}

async function answer(
  target: URL,
  agent: Agent,
  incoming: IncomingMessage,
): Promise<{ asked: Asked; real: Answer }> {
  const { method = 'GET', url = '/' } = incoming;
  const body = await buffer(incoming);
  const { host: _host, connection: _connection, ...headers } = incoming.headers;
  const outgoing = startRequest(new URL(url, target), { agent, method, headers: withoutUndefined(headers) });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { pathname, searchParams } = new URL(url, target);
  const type = response.headers['content-type'];
  const real = {
    status: response.statusCode ?? 502,
    headers: type === undefined ? {} : { 'content-type': type },
    body: await buffer(response),
  };
  return { asked: { method, path: pathname, query: searchParams, body: body.toString() }, real };
}

function send(outgoing: ServerResponse, { status, headers, body, cutAfterBytes, isLost }: Answer): void {
  if (isLost === true) return;
  outgoing.writeHead(status, { ...headers, 'content-length': body.length });
  if (cutAfterBytes === undefined) {
    outgoing.end(body);
    return;
  }
  outgoing.write(body.subarray(0, cutAfterBytes), () => outgoing.destroy());
}

function withoutUndefined(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
