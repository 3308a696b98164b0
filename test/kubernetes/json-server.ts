import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient } from '../../src/kubernetes/api-client.ts';
import { connect } from '../../src/kubernetes/connect.ts';
import { createAuthority } from '../cluster/certificates.ts';
import { kubeconfig } from '../cluster/cluster-files.ts';

/** A client, and a server of its own that answers paths with fixed documents and all else with 404. */
export async function clientOf(
  documents: Readonly<Record<string, unknown>>,
): Promise<{ client: ApiClient; stop: () => Promise<void> }> {
  const authority = createAuthority('json-server');
  const { certificatePem, privateKeyPem } = authority.issue({
    commonName: 'localhost',
    usage: 'server',
    addresses: ['127.0.0.1'],
  });
  const server = createServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
    const document = documents[request.url ?? ''];
    response.statusCode = document === undefined ? 404 : 200;
    response.end(JSON.stringify(document ?? { kind: 'Status', message: 'not found', reason: 'NotFound' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-server-'));
  const file = path.join(folder, 'kubeconfig');
  await writeFile(file, kubeconfig(`https://127.0.0.1:${port}`, authority.certificatePem, { token: 'x' }));
  const connection = await connect({ kubeconfig: file, context: '' });
  return {
    client: new ApiClient(connection, 'test', new AbortController().signal),
    stop: async () => {
      connection.close();
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
