import { connect, createServer, type Server, type Socket } from 'node:net';

/*
 * Runs in a node's network and leads to the API server in it: from a port of the machine's loopback, whose
 * listening socket comes from the process that started this one, and from the same port of the node's own
 * loopback, so that one kubeconfig works on both sides.
 */
process.once('message', ({ port, target }: RelayRequest, fromOutside: Server) => {
  const relay = (near: Socket): void => {
    const far = connect({ ...target, allowHalfOpen: true });
    const end = (): void => void (near.destroy(), far.destroy());
    near.on('error', end).pipe(far).on('error', end).pipe(near);
  };
  fromOutside.on('connection', relay);
  createServer({ allowHalfOpen: true }, relay).listen(port, '127.0.0.1', () => {
    process.send?.('ready', () => process.disconnect());
  });
});

/** What the relay is told, along with the listening socket. */
export interface RelayRequest {
  /** Where it listens, on both loopbacks. */
  readonly port: number;
  /** Where the API server listens in the node's network. */
  readonly target: { readonly host: string; readonly port: number };
}
