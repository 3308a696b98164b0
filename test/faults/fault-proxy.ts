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
  /** The token with which it says who it is. */
  readonly token: string;
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
  /** After so many bytes of the body nothing comes any more, and the connection stays open. */
  readonly stallAfterBytes?: number;
  /** Nothing is answered, ever. */
  readonly isLost?: boolean;
}

/** Answers of the API server that are changed on their way, or something that happens before them. */
export interface Fault {
  readonly matches: (asked: Asked) => boolean;
  /** Done before the API server is asked; when it is rejected, the connection breaks. */
  readonly before?: (asked: Asked) => Promise<void>;
  readonly change?: (answer: Answer, asked: Asked) => Answer;
  /** How many requests are met; default: all. */
  readonly times?: number;
}

/** Stands between the tool and the API server, and breaks what passes. */
export interface FaultProxy {
  /** Path of a kubeconfig that leads through the proxy. */
  readonly kubeconfig: string;
  /** Every request so far, as `GET /api/v1/pods?limit=500`. */
  readonly requests: readonly string[];
  /** How many requests each fault has met, in their order. */
  readonly changed: readonly number[];
  /** Replaces the faults by others, none of them met yet. */
  readonly use: (faults: readonly Fault[]) => void;
  /** Closes the port and every connection. Where it listened nobody answers until `comeBack`. */
  readonly goAway: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
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
  const passage: Passage = { target: new URL(cluster.server), agent, faults, changed: faults.map(() => 0) };
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    answer(passage, incoming)
      .then((given) => send(outgoing, given))
      .catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const file = path.join(folder, `fault-proxy-${port}.kubeconfig`);
  const text = kubeconfig(`https://127.0.0.1:${port}`, authority.certificatePem, { token });
  await writeFile(file, text, { mode: 0o600 });
  let isStopped = false;
  const goAway = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    kubeconfig: file,
    requests,
    get changed() {
      return passage.changed;
    },
    use: (others) => {
      passage.faults = others;
      passage.changed = others.map(() => 0);
    },
    goAway,
    comeBack: async () => {
      if (isStopped || server.listening) return;
      await once(server.listen(port, '127.0.0.1'), 'listening');
    },
    stop: async () => {
      isStopped = true;
      agent.destroy();
      await goAway();
    },
  };
}

interface Passage {
  readonly target: URL;
  readonly agent: Agent;
  faults: readonly Fault[];
  changed: number[];
}

/** The first fault that matches and has not been used up meets the request. */
function faultFor({ faults, changed }: Passage, asked: Asked): Fault | undefined {
  for (const [index, fault] of faults.entries()) {
    const count = changed[index] ?? 0;
    if (count >= (fault.times ?? Number.POSITIVE_INFINITY) || !fault.matches(asked)) continue;
    changed[index] = count + 1;
    return fault;
  }
  return undefined;
}

async function answer(passage: Passage, incoming: IncomingMessage): Promise<Answer> {
  const { method = 'GET', url = '/' } = incoming;
  const body = await buffer(incoming);
  const { pathname, searchParams } = new URL(url, passage.target);
  const token = incoming.headers.authorization?.replace(/^Bearer /u, '') ?? '';
  const asked = { method, path: pathname, query: searchParams, token, body: body.toString() };
  const fault = faultFor(passage, asked);
  await fault?.before?.(asked);
  const real = await realAnswer(passage, incoming, body);
  return fault?.change?.(real, asked) ?? real;
}

async function realAnswer(
  { target, agent }: Passage,
  incoming: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const { method = 'GET', url = '/' } = incoming;
  const { host: _host, connection: _connection, ...headers } = incoming.headers;
  const outgoing = startRequest(new URL(url, target), { agent, method, headers: withoutUndefined(headers) });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const type = response.headers['content-type'];
  return {
    status: response.statusCode ?? 502,
    headers: type === undefined ? {} : { 'content-type': type },
    body: await buffer(response),
  };
}

function send(outgoing: ServerResponse, answered: Answer): void {
  const { status, headers, body, cutAfterBytes, stallAfterBytes, isLost } = answered;
  if (isLost === true) return;
  outgoing.writeHead(status, { ...headers, 'content-length': body.length });
  const endBytes = cutAfterBytes ?? stallAfterBytes;
  if (endBytes === undefined) {
    outgoing.end(body);
    return;
  }
  outgoing.flushHeaders();
  outgoing.write(body.subarray(0, endBytes), () => {
    if (stallAfterBytes === undefined) outgoing.destroy();
  });
}

function withoutUndefined(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
