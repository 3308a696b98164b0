import { KubeConfig } from '@kubernetes/client-node';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { Agent, type RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { errorText, KnownError } from '../model/known-error.ts';

/** No more connections than this per run: an API server serves many clients. */
export const CONNECTIONS_MAX = 4;
const CREDENTIALS_MAX_AGE_MS = 30_000;
/** Printable ASCII: all that a token or a password in a header can hold. */
const IS_HEADER_VALUE = /^[\x20-\x7e]*$/u;
const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Where to look for the cluster. */
export interface ConnectOptions {
  /** A file, or several as in KUBECONFIG; empty for `~/.kube/config` or the pod's ServiceAccount. */
  readonly kubeconfig: string;
  /** The context to use; empty for the current one. */
  readonly context: string;
}

/** Where the API server is and how to speak to it. */
export interface Connection {
  readonly server: URL;
  /** The project of the context, or of the pod; empty when there is none. */
  readonly namespace: string;
  readonly agent: Agent;
  /** For what stays open for long (a log that is followed, an exec), and is not to take places in the pool. */
  streamAgent(): Promise<Agent>;
  /** The headers that say who is asking. Read again every 30 seconds, because tokens rotate. */
  credentials(): Promise<Record<string, string>>;
  /** Reads the credentials anew, after the server has refused them. */
  renew(): void;
  close(): void;
}

/**
 * Finds the cluster as kubectl does: `--kubeconfig`, KUBECONFIG, `~/.kube/config`, then the ServiceAccount
 * of the pod. Speaks to nobody yet.
 *
 * @throws KnownError `usage` when there is no configuration or it can't be used, `refused` when it turns
 *   off the check of the server's certificate
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  let config = loadConfig(options);
  let headers: Record<string, string> = {};
  let readAtMs = 0;
  const cluster = config.getCurrentCluster();
  const server = serverUrl(cluster?.server);
  if (cluster?.skipTLSVerify === true) {
    throw new KnownError(
      'refused',
      'The kubeconfig sets insecure-skip-tls-verify: the token and every Secret could be read on the way. Set certificate-authority instead',
    );
  }
  const tls = await requestOptions(config);
  const agent = agentFor(tls, cluster?.proxyUrl);
  let streams: Promise<Agent> | undefined;
  return {
    server,
    agent,
    streamAgent: () => (streams ??= streamAgentFor(options, tls)),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? '',
    async credentials() {
      if (Date.now() - readAtMs < CREDENTIALS_MAX_AGE_MS) return headers;
      headers = authorization(await requestOptions(config));
      readAtMs = Date.now();
      return headers;
    },
    renew() {
      config = loadConfig(options);
      readAtMs = 0;
    },
    close() {
      agent.destroy();
      // Nobody waits for it: what could be wrong with it was told to whoever asked for it.
      streams?.then((own) => own.destroy()).catch(() => undefined);
    },
  };
}

function loadConfig({ kubeconfig, context }: ConnectOptions): KubeConfig {
  const config = readConfig(kubeconfig);
  if (context !== '') {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new KnownError(
        'usage',
        `There is no context ${context} in the kubeconfig; it has: ${names.join(', ') || 'none'}`,
      );
    }
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null) {
    throw new KnownError(
      'usage',
      'The kubeconfig names no cluster to use: choose a context with --context or "kubectl config use-context"',
    );
  }
  if (config.getCurrentUser() === null) {
    throw new KnownError(
      'usage',
      `The kubeconfig has no credentials for its context ${config.getCurrentContext()}: log in, or choose another with --context`,
    );
  }
  return config;
}

function readConfig(kubeconfig: string): KubeConfig {
  const named = kubeconfig.split(delimiter).filter((file) => file !== '');
  const files = (named.length > 0 ? named : ownConfig()).filter((file) => existsSync(file));
  if (files.length > 0) return mergedConfig(files);
  if (named.length === 0 && existsSync(IN_CLUSTER_TOKEN)) {
    const config = new KubeConfig();
    config.loadFromCluster();
    return config;
  }
  throw new KnownError(
    'usage',
    named.length > 0
      ? `There is no kubeconfig at ${named.join(', ')}: give the path of one with --kubeconfig or KUBECONFIG`
      : 'There is no kubeconfig, and this is no pod: give one with --kubeconfig or KUBECONFIG, or log in with "oc login"',
  );
}

/** A user id without a passwd entry and without HOME, as a pod may have, has no home and so no kubeconfig. */
function ownConfig(): string[] {
  try {
    return [join(homedir(), '.kube', 'config')];
  } catch {
    return [];
  }
}

/** The first line: js-yaml shows the text around the fault below it, and a token may stand there. */
function parseReason(error: unknown): string {
  return errorText(error instanceof Error ? error.message.split('\n', 1)[0] : error);
}

/**
 * kubectl's name of this field (https://github.com/kubernetes/client-go/blob/v0.34.4/tools/clientcmd/api/v1/types.go#L121)
 * put into client-node's, which would overlook it and log in as nobody
 * (https://github.com/kubernetes-client/javascript/blob/2.0.1/src/config_types.ts, `findToken`).
 */
function withTokenFile(text: string): string {
  return text.replaceAll(/\btokenFile(?=["']?\s*:)/gu, 'token-file');
}

/** As kubectl merges them: the first file that names a thing wins. */
function mergedConfig(files: readonly string[]): KubeConfig {
  const merged = new KubeConfig();
  for (const file of files) {
    const config = new KubeConfig();
    try {
      if (!statSync(file).isFile()) throw new Error('it is not a file');
      config.loadFromString(withTokenFile(readFileSync(file, 'utf8')));
      config.makePathsAbsolute(dirname(file));
    } catch (error) {
      throw new KnownError('usage', `Cannot use the kubeconfig ${file}: ${parseReason(error)}`, {
        cause: error,
      });
    }
    for (const cluster of config.getClusters())
      if (!merged.getCluster(cluster.name)) merged.addCluster(cluster);
    for (const user of config.getUsers()) if (!merged.getUser(user.name)) merged.addUser(user);
    for (const context of config.getContexts())
      if (!merged.getContextObject(context.name)) merged.addContext(context);
    if (!merged.getCurrentContext() && config.getCurrentContext())
      merged.setCurrentContext(config.getCurrentContext());
  }
  return merged;
}

async function requestOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new KnownError(
      'usage',
      `Cannot get the credentials that the kubeconfig names: ${errorText(error)}`,
      { cause: error },
    );
  }
  return options;
}

/** The headers, one line each: a token file often ends with a line break, which no header may hold. */
function authorization({ headers, auth }: RequestOptions): Record<string, string> {
  const entries = Object.entries((headers ?? {}) as Record<string, unknown>);
  const result = Object.fromEntries(entries.map(([name, value]) => [name, String(value).trim()]));
  if (Object.values(result).some((value) => !IS_HEADER_VALUE.test(value))) {
    throw new KnownError(
      'usage',
      "The kubeconfig's credentials hold a character that can't be sent: was the token cut off when it was copied?",
    );
  }
  if (typeof auth === 'string' && auth !== '')
    result['Authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  return result;
}

/**
 * One pool of connections that are kept alive. client-node would make a new connection for every call
 * (https://github.com/kubernetes-client/javascript/blob/2.0.1/src/config.ts, `createDispatcher`).
 */
function agentFor(
  tls: RequestOptions,
  proxyUrl: string | undefined,
  connectionsMax: number = CONNECTIONS_MAX,
): Agent {
  if (proxyUrl !== undefined && tls.agent instanceof Agent) {
    const proxied: Agent & { keepAlive?: boolean } = tls.agent;
    proxied.keepAlive = true;
    proxied.maxSockets = connectionsMax;
    return proxied;
  }
  return new Agent({
    keepAlive: true,
    maxSockets: connectionsMax,
    rejectUnauthorized: true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.servername === undefined ? {} : { servername: tls.servername }),
  });
}

/** client-node gives the same agent for the same configuration, and so another one only for another. */
async function streamAgentFor(options: ConnectOptions, tls: RequestOptions): Promise<Agent> {
  const config = loadConfig(options);
  const proxyUrl = config.getCurrentCluster()?.proxyUrl;
  return agentFor(proxyUrl === undefined ? tls : await requestOptions(config), proxyUrl, Infinity);
}

function serverUrl(server: string | undefined): URL {
  const url = URL.parse(server ?? '');
  if (!url)
    throw new KnownError('usage', `The kubeconfig's server is no address: ${JSON.stringify(server ?? '')}`);
  if (url.protocol !== 'https:') {
    throw new KnownError(
      'refused',
      `The kubeconfig's server ${url.origin} does not use https: the token and every Secret could be read on the way`,
    );
  }
  return url;
}
