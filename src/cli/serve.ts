import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { volumeError } from '../archive/volume.ts';
import type { Settings } from '../config/options.ts';
import { errorText, KnownError, systemErrorCode } from '../model/known-error.ts';
import { METRICS_CONTENT_TYPE } from '../status/metrics-text.ts';
import { probeFolder } from '../status/hidden-files.ts';
import { COMPLETE } from './exit-code.ts';
import { folderMetrics } from './folder-metrics.ts';
import { jsonLog } from './json-log.ts';
import type { CommandInput } from './process-context.ts';

/** Longer than any probe waits; a volume that takes longer is as good as gone. */
const VOLUME_MS = 3000;
/** Requests that are on their way get so long when the server is stopped. */
const LAST_REQUESTS_MS = 800;
const CONNECTIONS_MAX = 64;

/** Nothing that a client does, or leaves undone, holds a connection for long. */
const LIMITS = {
  headersTimeout: 3000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 8192,
};

/** `openshift-backup serve`: metrics and probes over HTTP, until a signal ends it, which is its normal end. */
export async function serve({ process, settings }: CommandInput): Promise<number> {
  const log = jsonLog();
  const server = createServer(LIMITS, listener(routesOf(settings, log)));
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listen(server, settings.port);
  log.info({ port, dir: settings.dir }, 'Listening');
  if (!process.signal.aborted) await once(process.signal, 'abort');
  await stop(server);
  log.info({}, 'Stopped');
  return COMPLETE;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
}

/** What is answered, by path. */
type Routes = ReadonlyMap<string, () => Promise<Answer>>;

function routesOf(settings: Settings, log: Logger): Routes {
  const metrics = shared(() => folderMetrics(settings, new Date(), 'own'));
  const probe = shared(() => probeFolder(settings.dir));
  const toldOfMetrics = onChange(log, 'The metrics are not whole');
  const toldOfVolume = onChange(log, 'The volume is not ready');
  return new Map<string, () => Promise<Answer>>([
    // Asks nothing of the volume: a pod must not be restarted because its storage hangs.
    ['/livez', async () => ({ status: 200, text: 'ok\n' })],
    [
      '/readyz',
      async () => {
        const problem = await problemOf(settings, probe);
        toldOfVolume(problem);
        return problem === undefined ? { status: 200, text: 'ok\n' } : { status: 503, text: `${problem}\n` };
      },
    ],
    [
      '/metrics',
      async () => {
        let found: Awaited<ReturnType<typeof folderMetrics>> | undefined;
        const problem = await problemOf(settings, async () => {
          found = await metrics();
        });
        toldOfMetrics(problem ?? found?.problem);
        // No answer rather than one that looks as if there were no backups.
        return found === undefined
          ? { status: 503, text: `${problem ?? ''}\n` }
          : { status: 200, text: found.text, type: METRICS_CONTENT_TYPE };
      },
    ],
  ]);
}

/** Why the work could not be done, in one line; undefined when it is done. */
async function problemOf({ dir }: Settings, work: () => Promise<void>): Promise<string | undefined> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new KnownError('failed', `${dir} does not answer: check the volume`)),
    VOLUME_MS,
  );
  try {
    await Promise.race([work(), late]);
    return undefined;
  } catch (error) {
    return errorText(volumeError(error, dir, 'failed'));
  } finally {
    clearTimeout(timer);
  }
}

/** However many ask, the volume is asked once at a time: one that hangs takes one thread, and not all. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => (running = undefined));
    return running;
  };
}

/** Logs a problem when it comes and when it has gone, and not at every request. */
function onChange(log: Logger, message: string): (problem: string | undefined) => void {
  let known: string | undefined;
  return (problem) => {
    if (problem === known) return;
    known = problem;
    if (problem === undefined) log.info({}, `${message}: no longer`);
    else log.warn({ problem }, message);
  };
}

function listener(routes: Routes): RequestListener {
  return (request, response) => {
    // Whatever comes with a request is thrown away.
    request.resume();
    const { method = '', url = '' } = request;
    const route = routes.get(url.split('?', 1)[0] ?? '');
    if (!route) send(response, { status: 404, text: 'There are /metrics, /readyz and /livez\n' });
    else if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      send(response, { status: 405, text: 'Only GET and HEAD are answered\n' });
    } else {
      route().then(
        (answer) => send(response, answer),
        (error: unknown) => send(response, { status: 500, text: `${errorText(error)}\n` }),
      );
    }
  };
}

function send(response: ServerResponse, { status, text, type }: Answer): void {
  response.writeHead(status, {
    'content-type': type ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  // The answer to HEAD has no body; Node.js leaves it out.
  response.end(text);
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port);
    await once(server, 'listening');
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    const advice = LISTEN_ADVICE[code];
    if (advice === undefined) throw error;
    throw new KnownError('usage', `Cannot listen on port ${port} (${code}): ${advice}`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}

const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it, choose another with --port',
  EACCES: 'ports below 1024 need more rights, choose another with --port',
};

/** Takes no more connections, and gives those that are open a moment. */
async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  const timer = setTimeout(() => server.closeAllConnections(), LAST_REQUESTS_MS);
  server.close();
  await closed;
  clearTimeout(timer);
}
