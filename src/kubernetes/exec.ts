import { Writable } from 'node:stream';
import { errorText, KnownError } from '../model/known-error.ts';
import { ApiClient } from './api-client.ts';
import { ApiError, TransportError } from './api-error.ts';
import { objectPath } from './api-object.ts';
import type { Connection } from './connect.ts';

/** So much of each output is kept; the rest is read and thrown away. */
const OUTPUT_BYTES_MAX = 8 * 1024;
const USER_AGENT = 'openshift-backup';

/** What is run, and where. */
export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Program and arguments; no shell takes part. */
  readonly command: readonly string[];
  /** For all of it. */
  readonly timeoutMs: number;
  /** Gives up waiting, with its reason. */
  readonly signal?: AbortSignal;
}

/** How a command has ended; of its output the first 8 KiB each. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command in a container of a pod. How it ended is what the server says on the channel for that, never
 * what the command prints. When the time is up nobody waits any more, but the command may run on: Kubernetes
 * has no way to end it. Who calls needs `get` and `create` on `pods/exec`: a WebSocket is opened with a GET, and
 * since 1.35 the server asks for both
 * (https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/features/kube_features.go, `AuthorizePodWebsocketUpgradeCreatePermission`).
 *
 * @throws KnownError `failed` when the command could not be started, its end is unknown (a broken connection),
 *   or the time is up; the signal's reason
 */
export async function execInPod(connection: Connection, request: ExecRequest): Promise<ExecResult> {
  const stdout = new Head();
  const stderr = new Head();
  const time = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal === undefined ? time : AbortSignal.any([request.signal, time]);
  const who = `${request.command[0] ?? ''} in container ${request.container} of pod ${request.pod}`;
  let status: Status;
  try {
    status = (await statusOf(connection, request, { stdout, stderr }, signal)) as Status;
  } catch (error) {
    request.signal?.throwIfAborted();
    const seconds = request.timeoutMs / 1000;
    if (time.aborted) throw failure(`${who} did not end within ${seconds} s; it may still run`, error);
    throw failure(`Nobody knows how ${who} ended, or whether it ran: ${errorText(error)}`, error);
  }
  const exitCode = exitCodeOf(status);
  if (exitCode === undefined)
    throw failure(`${who} did not run: ${errorText(status?.message ?? 'no reason')}`);
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** What is read of a Status (https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/util/remotecommand/constants.go). */
type Status = {
  readonly status?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: unknown; readonly message?: unknown }[];
  };
} | null;

function exitCodeOf(status: Status): number | undefined {
  if (status?.status === 'Success') return 0;
  if (status?.reason !== 'NonZeroExitCode') return undefined;
  const text = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return typeof text === 'string' && /^[1-9]\d{0,2}$/u.test(text) ? Number(text) : undefined;
}

async function statusOf(
  connection: Connection,
  request: ExecRequest,
  outputs: { readonly stdout: Writable; readonly stderr: Writable },
  signal: AbortSignal,
): Promise<unknown> {
  // Only now: it brings a library that nobody else needs.
  const { statusOfExec } = await import('./exec-channel.ts');
  for (let attempt = 1; ; attempt++) {
    const agent = await connection.streamAgent();
    const headers = await connection.credentials();
    try {
      return await statusOfExec(
        { ...request, ...outputs, server: connection.server, agent, headers },
        signal,
      );
    } catch (error) {
      if (!(error instanceof TransportError) || error.code !== 'REFUSED') throw error;
      const isUnknown = error.message.endsWith(' 401');
      // A command that was refused has not run.
      if (!isUnknown || attempt > 1) throw await whyRefused(connection, request, error, signal);
      connection.renew();
    }
  }
}

/** Of a refused WebSocket only the status is known. Asked without one, the server refuses with its reasons. */
async function whyRefused(
  connection: Connection,
  { namespace, pod, container, command }: ExecRequest,
  refused: TransportError,
  signal: AbortSignal,
): Promise<Error> {
  const path = objectPath({ apiVersion: 'v1', plural: 'pods', namespace, name: pod, subresource: 'exec' });
  const query = new URLSearchParams({ container, stdout: 'true' });
  for (const word of command) query.append('command', word);
  const client = new ApiClient(connection, USER_AGENT, signal, { attemptsMax: 1, absentAttemptsMax: 1 });
  try {
    await client.send(`${path}?${query.toString()}`);
    return refused;
  } catch (error) {
    const isAnswer = error instanceof ApiError && !/upgrade request/iu.test(error.message);
    return isAnswer ? error : refused;
  }
}

function failure(message: string, cause?: unknown): KnownError {
  return new KnownError('failed', message, { cause });
}

/** Keeps the beginning of what is written to it. */
class Head extends Writable {
  readonly #chunks: Buffer[] = [];
  #sizeBytes = 0;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const kept = Buffer.from(chunk.subarray(0, OUTPUT_BYTES_MAX - this.#sizeBytes));
    if (kept.length > 0) this.#chunks.push(kept);
    this.#sizeBytes += kept.length;
    done();
  }

  /** Without the part of a character at its end. */
  get text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#chunks), { stream: true });
  }
}
