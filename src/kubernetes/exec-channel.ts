import { type Cluster, Exec, KubeConfig } from '@kubernetes/client-node';
import type { Agent, RequestOptions } from 'node:https';
import { PassThrough, type Writable } from 'node:stream';
import { TransportError } from './api-error.ts';

/** No frame of an exec is larger than some 32 KiB. */
const FRAME_BYTES_MAX = 8 * 1024 * 1024;

/** What is run where, and how the API server is reached. */
export interface ChannelCall {
  readonly server: URL;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * Runs a command in a container, and returns what the API server says on the channel for that of how it ended:
 * a Status. It closes the connection; the command itself is not ended when the signal is aborted.
 *
 * @throws TransportError when there is no such word: the connection was refused (`REFUSED`, with the HTTP status
 *   in its message) or broke; the signal's reason
 */
export async function statusOfExec(call: ChannelCall, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  const exec = new Exec(new CallConfig(call));
  exec.handler = guarded(exec.handler, reject);
  const { namespace, pod, container, command, stdout, stderr } = call;
  const opening = exec
    .exec(namespace, pod, container, [...command], stdout, stderr, null, false, resolve)
    .then((socket: Socket) => {
      socket.on('close', () => reject(new TransportError('ECONNRESET', 'the connection broke')));
      if (socket.readyState === socket.CLOSED)
        reject(new TransportError('ECONNRESET', 'the connection broke'));
      return socket;
    });
  opening.catch((error: unknown) => reject(refusal(error)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Also one that opens only now. Nobody waits for the server to say good-bye.
    opening.then((socket) => socket.terminate()).catch(() => undefined);
  }
}

/** What is used of a WebSocket. */
interface Socket {
  readonly readyState: number;
  readonly CLOSED: number;
  on(event: 'close', listener: () => void): unknown;
  terminate(): void;
}

/** Leads to the server as everything else does: with the same certificates and the credentials of the moment. */
class CallConfig extends KubeConfig {
  readonly #call: ChannelCall;

  constructor(call: ChannelCall) {
    super();
    this.#call = call;
  }

  override getCurrentCluster(): Cluster {
    const { origin, pathname } = this.#call.server;
    return { name: 'cluster', server: `${origin}${pathname.replace(/\/$/u, '')}`, skipTLSVerify: false };
  }

  override async applyToHTTPSOptions(options: RequestOptions): Promise<void> {
    const { agent, headers } = this.#call;
    Object.assign(options, { agent, headers: { ...headers }, maxPayload: FRAME_BYTES_MAX });
    await Promise.resolve();
  }
}

/**
 * client-node throws, into the void, for a frame that it doesn't know and a Status that is no JSON; and it takes
 * output that arrives after the Status, when the streams have ended.
 */
function guarded(handler: Exec['handler'], onJunk: (error: unknown) => void): Exec['handler'] {
  // Otherwise the server could end this process's own streams
  // (https://github.com/kubernetes-client/javascript/blob/2.0.1/src/web-socket-handler.ts, `closeStream`).
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  Object.assign(handler, { streams });
  let isOver = false;
  return {
    connect: (path, onText, onBinary) =>
      handler.connect(path, onText, (stream, bytes) => {
        if (isOver) return false;
        try {
          isOver = onBinary?.(stream, bytes) === false;
        } catch (error) {
          isOver = true;
          onJunk(new TransportError('', 'the server sent what is no part of an exec', { cause: error }));
        }
        return !isOver;
      }),
  };
}

/** A WebSocket that does not open says why in an event. */
function refusal(event: unknown): TransportError {
  const text = (event as { message?: unknown } | null)?.message;
  return new TransportError('REFUSED', typeof text === 'string' ? text : 'no connection');
}
