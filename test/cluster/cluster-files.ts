import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Certificate, createAuthority, createSigningKeys } from './certificates.ts';

/** The name of every cluster's authority. */
export const AUTHORITY_NAME = 'openshift-backup test cluster';

/** The files of a cluster that others need, as absolute paths below its folder. */
export interface ClusterFiles {
  /** The authority of every certificate here, and its key, for issuing more. */
  readonly ca: string;
  readonly caKey: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly adminCertificate: string;
  readonly adminKey: string;
  /** The key pair of ServiceAccount tokens. */
  readonly tokenPublicKey: string;
  readonly tokenKey: string;
  readonly adminKubeconfig: string;
  /** The folder of the ServiceAccounts' kubeconfigs. */
  readonly kubeconfigs: string;
  /** The cluster's description, see `ClusterDescription`. */
  readonly description: string;
}

/** Who a kubeconfig logs in as. */
export type Credentials =
  | { readonly token: string }
  | { readonly certificatePem: string; readonly privateKeyPem: string };

/**
 * Makes certificates, keys and the administrator's kubeconfig for a cluster at `server`, which is known by these
 * addresses (IPv4) too. All files have mode 0600.
 */
export async function writeClusterFiles(
  folder: string,
  server: string,
  addresses: readonly string[],
): Promise<ClusterFiles> {
  const files = pathsIn(folder);
  const authority = createAuthority(AUTHORITY_NAME);
  const serving = authority.issue({
    commonName: 'kube-apiserver',
    usage: 'server',
    dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    addresses,
  });
  const admin = authority.issue({ commonName: 'admin', organizations: ['system:masters'], usage: 'client' });
  const tokens = createSigningKeys();
  await mkdir(files.kubeconfigs, { recursive: true, mode: 0o700 });
  const texts: [string, string][] = [
    ...pair(files.ca, files.caKey, authority),
    ...pair(files.serverCertificate, files.serverKey, serving),
    ...pair(files.adminCertificate, files.adminKey, admin),
    [files.tokenPublicKey, tokens.publicKeyPem],
    [files.tokenKey, tokens.privateKeyPem],
    [files.adminKubeconfig, kubeconfig(server, authority.certificatePem, admin)],
  ];
  await Promise.all(texts.map(([file, text]) => writeFile(file, text, { mode: 0o600 })));
  return files;
}

/** The text of a kubeconfig with one context, `test`; with a namespace if the context is to have one. */
export function kubeconfig(server: string, caPem: string, user: Credentials, namespace?: string): string {
  const credentials =
    'token' in user
      ? { token: user.token }
      : {
          'client-certificate-data': base64(user.certificatePem),
          'client-key-data': base64(user.privateKeyPem),
        };
  const context = { cluster: 'test', user: 'test', ...(namespace === undefined ? {} : { namespace }) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [{ name: 'test', user: credentials }],
    contexts: [{ name: 'test', context }],
    'current-context': 'test',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function pathsIn(folder: string): ClusterFiles {
  const file = (name: string): string => path.join(folder, name);
  return {
    ca: file('ca.crt'),
    caKey: file('ca.key'),
    serverCertificate: file('server.crt'),
    serverKey: file('server.key'),
    adminCertificate: file('admin.crt'),
    adminKey: file('admin.key'),
    tokenPublicKey: file('tokens.pub'),
    tokenKey: file('tokens.key'),
    adminKubeconfig: file('admin.kubeconfig'),
    kubeconfigs: file('kubeconfigs'),
    description: file('cluster.json'),
  };
}

function pair(certificateFile: string, keyFile: string, certificate: Certificate): [string, string][] {
  return [
    [certificateFile, certificate.certificatePem],
    [keyFile, certificate.privateKeyPem],
  ];
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
