import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const CARRIED_BYTES = 64 * 1024;

/** Stands between the tool and the API server, sees nothing of what they say, and can be cut. */
export interface Relay {
  readonly url: string;
  readonly server: Server;
  /** Resolves when some connection has carried 64 KiB from the API server since it was asked for. */
  readonly carried: () => Promise<void>;
  /** Breaks every connection. */
  readonly cut: () => void;
}

/** Starts a relay in front of the API server at `target`. */
export async function startRelay(target: URL): Promise<Relay> {
  const sockets = new Set<Socket>();
  const counts = new Set<{ bytes: number; readonly resolve: () => void }>();
  const server = createServer((incoming) => {
    const outgoing = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    outgoing.on('data', (chunk: Buffer) => {
      for (const count of counts) {
        count.bytes += chunk.length;
        if (count.bytes >= CARRIED_BYTES) count.resolve();
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    server,
    carried: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const count = { bytes: 0, resolve };
      counts.add(count);
      await promise;
      counts.delete(count);
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
