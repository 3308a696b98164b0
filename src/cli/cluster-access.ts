import { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError, TransportError } from '../kubernetes/api-error.ts';
import { connect, type Connection } from '../kubernetes/connect.ts';
import { errorText, KnownError } from '../model/known-error.ts';
import type { CommandInput } from './process-context.ts';
import { toolVersion } from './tool-version.ts';

/** Work with the cluster, which is given a client and the connection beneath it. */
type ClusterWork<T> = (client: ApiClient, connection: Connection) => Promise<T>;

/** One connection to the cluster for all that a command does with it: each new one costs the server a handshake. */
export class ClusterAccess {
  readonly #input: CommandInput;
  #connection: Promise<Connection> | undefined;

  constructor(input: CommandInput) {
    this.#input = input;
  }

  /**
   * Connects when it is asked for the first time, and puts what can go wrong on the way into words.
   *
   * @throws KnownError for everything that an administrator can mend
   */
  async use<T>(work: ClusterWork<T>): Promise<T> {
    const { settings, process } = this.#input;
    this.#connection ??= connect(settings);
    const connection = await this.#connection;
    try {
      return await work(
        new ApiClient(connection, `openshift-backup/${toolVersion()}`, process.signal),
        connection,
      );
    } catch (error) {
      process.signal.throwIfAborted();
      throw explained(error, connection.server.origin);
    }
  }

  /** Ends the connection, if there is one. */
  async close(): Promise<void> {
    // That there is none has been told to whoever asked for it.
    const connection = await this.#connection?.catch(() => undefined);
    connection?.close();
  }
}

/**
 * Connects to the cluster for as long as the work takes.
 *
 * @throws as `ClusterAccess` does
 */
export async function withCluster<T>(input: CommandInput, work: ClusterWork<T>): Promise<T> {
  const cluster = new ClusterAccess(input);
  try {
    return await cluster.use(work);
  } finally {
    await cluster.close();
  }
}

function explained(error: unknown, server: string): unknown {
  if (error instanceof ApiError) return new KnownError('failed', apiAdvice(error, server), { cause: error });
  if (error instanceof TransportError)
    return new KnownError('failed', transportAdvice(error, server), { cause: error });
  return error;
}

function apiAdvice(error: ApiError, server: string): string {
  if (error.status === 401) {
    return `${server} does not accept the credentials (401): the token has expired or is of another cluster. Log in again, or check the service account`;
  }
  return `${server} answered ${error.status}: ${errorText(error)}`;
}

function transportAdvice(error: TransportError, server: string): string {
  if (error.code === 'CERT_HAS_EXPIRED')
    return `The certificate of ${server} has expired (${error.code}): renew it on the server, and check the clock here`;
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `The certificate of ${server} is for another address (${error.code}): the kubeconfig's server must be one that it names, or tls-server-name must say which`;
  if (/^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_)/u.test(error.code)) {
    return `The certificate of ${server} is not trusted (${error.code}): the kubeconfig's certificate-authority must be the cluster's`;
  }
  return `Cannot reach ${server}: ${errorText(error)}. Check that the address is right and the API server runs`;
}
