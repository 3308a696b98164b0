import { sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createAuthority, createSigningKeys } from '../cluster/certificates.ts';
import { kubeconfig } from '../cluster/cluster-files.ts';
import { type BadCase, testBadInput } from '../support/bad-input.ts';
import { closingServer, deadServer, plainServer } from '../support/bad-servers.ts';

const CANNOT_REACH =
  /^Cannot reach https:\S+: .+\. Check that the address is right and the API server runs$/u;
const NOT_TRUSTED =
  /^The certificate of https:\S+ is not trusted \([A-Z_]+\): the kubeconfig's certificate-auth/u;
const NOT_ACCEPTED = /^https:\S+ does not accept the credentials \(401\): the token has expired or .*Log in/u;
const NO_CLUSTER = /^The kubeconfig names no cluster to use: choose a context with --context or /u;
const CA = /"certificate-authority-data": "[^"]*"/u;
const TOKEN = /"token": "[^"]*"/u;

const KUBECONFIGS: readonly BadCase[] = [
  ['none', 2, /^There is no kubeconfig, and this is no pod: give one with/u, () => ({ config: null })],
  [
    'one that is missing',
    2,
    /^There is no kubeconfig at \/missing\/file: give the path/u,
    () => ({ args: ['run', '--kubeconfig', '/missing/file'] }),
  ],
  [
    'one that is missing, by KUBECONFIG',
    2,
    /^There is no kubeconfig at \/missing\/a, \/missing\/b: give the path/u,
    () => ({ config: null, environment: { KUBECONFIG: '/missing/a:/missing/b' } }),
  ],
  [
    'a folder',
    2,
    /^Cannot use the kubeconfig \S+: it is not a file$/u,
    ({ folder }) => ({ args: ['run', '--kubeconfig', folder] }),
  ],
  [
    'a device',
    2,
    /^Cannot use the kubeconfig \/dev\/null: it is not a file$/u,
    () => ({ args: ['run', '--kubeconfig', '/dev/null'] }),
  ],
  ['an empty file', 2, /^Cannot use the kubeconfig \S+: .*empty/u, () => ({ config: '' })],
  [
    'bytes',
    2,
    /^Cannot use the kubeconfig \S+: null byte is not allowed in input \(1:\d+\)$/u,
    () => ({ config: Buffer.from('7f454c460201010000', 'hex') }),
  ],
  [
    'YAML with a fault beside the token, which is not shown',
    2,
    /^Cannot use the kubeconfig \S+: bad indentation of a mapping entry \(\d:\d\)$/u,
    () => ({ config: 'users:\n- name: a\n  user:\n    token: TOP-SECRET\n   bad: [\n' }),
  ],
  ['a text', 2, NO_CLUSTER, () => ({ config: 'hello' })],
  ['no current context', 2, NO_CLUSTER, (world) => world.changed('"current-context": "test"', '"x": 1')],
  [
    'no credentials',
    2,
    /^The kubeconfig has no credentials for its context test: /u,
    (world) => world.changed('"user": "test"', '"user": "other"'),
  ],
  [
    'without the context that was asked for',
    2,
    /^There is no context nope in the kubeconfig; it has: test$/u,
    () => ({ args: ['run', '--context', 'nope'] }),
  ],
  [
    'a certificate-authority that is missing',
    2,
    /^Cannot get the credentials that the kubeconfig names: ENOENT: .*missing\.crt/u,
    (world) => world.changed(CA, '"certificate-authority": "/missing.crt"'),
  ],
  [
    'a certificate-authority that is none',
    4,
    NOT_TRUSTED,
    (world) => world.changed(CA, '"certificate-authority-data": "anVuaw=="'),
  ],
  [
    'a credential plugin that is missing',
    2,
    /^Cannot get the credentials that the kubeconfig names: spawn no-such-plugin ENOENT$/u,
    (world) =>
      world.changed(
        TOKEN,
        '"exec": {"command": "no-such-plugin", "apiVersion": "client.authentication.k8s.io/v1"}',
      ),
  ],
  [
    'insecure-skip-tls-verify',
    5,
    /^The kubeconfig sets insecure-skip-tls-verify: .* Set certificate-authority instead$/u,
    (world) => world.changed(CA, '"insecure-skip-tls-verify": true'),
  ],
  [
    'a server without https',
    5,
    /^The kubeconfig's server http:\/\/127\.0\.0\.1:\d+ does not use https: /u,
    (world) => world.changed('https:', 'http:'),
  ],
  [
    'a server that is no address',
    2,
    /^The kubeconfig's server is no address: "127\.0\.0\.1:6443"$/u,
    (world) => world.at('127.0.0.1:6443'),
  ],
];

const SERVERS: readonly BadCase[] = [
  ['dead', 4, CANNOT_REACH, async (world) => world.at(await deadServer())],
  ['unknown by name', 4, CANNOT_REACH, (world) => world.at('https://no-such-host.invalid:6443')],
  ['closing every connection', 4, CANNOT_REACH, (world) => world.started(closingServer())],
  ['speaking no TLS', 4, CANNOT_REACH, (world) => world.started(plainServer())],
  [
    'answering with a login page',
    4,
    /^Cannot reach https:\S+: \/version did not answer with JSON/u,
    (world) => world.portal(200),
  ],
  ['redirecting to a login page', 4, /^https:\S+ answered 302: /u, (world) => world.portal(302)],
  [
    'under another authority of the same name',
    4,
    NOT_TRUSTED,
    ({ cluster, token }) => ({
      config: kubeconfig(cluster.server, createAuthority('openshift-backup test cluster').certificatePem, {
        token,
      }),
    }),
  ],
  [
    'with a certificate that has expired',
    4,
    /^The certificate of https:\S+ has expired \(CERT_HAS_EXPIRED\): renew it on the server, and check the clock here$/u,
    (world) => world.portal(200, { notAfter: new Date(Date.now() - 60_000) }),
  ],
  [
    'with a certificate for another address',
    4,
    /^The certificate of https:\S+ is for another address \(ERR_TLS_CERT_ALTNAME_INVALID\): the kubeconfig's server /u,
    (world) => world.portal(200, { addresses: ['127.0.0.2'] }),
  ],
];

const CREDENTIALS: readonly BadCase[] = [
  ['of nobody', 4, NOT_ACCEPTED, (world) => world.as({ token: 'sha256~abc' })],
  [
    'that have expired',
    4,
    NOT_ACCEPTED,
    async (world) => {
      const key = await readFile(world.cluster.description.files.tokenKey, 'utf8');
      return world.as({ token: signedToken(key, -60) });
    },
  ],
  [
    'of another cluster',
    4,
    NOT_ACCEPTED,
    (world) => world.as({ token: signedToken(createSigningKeys().privateKeyPem, 3600) }),
  ],
  [
    'by a client certificate of another authority',
    4,
    NOT_ACCEPTED,
    (world) =>
      world.as(
        createAuthority('other').issue({
          commonName: 'admin',
          organizations: ['system:masters'],
          usage: 'client',
        }),
      ),
  ],
  [
    'cut with an ellipsis',
    2,
    /^The kubeconfig's credentials hold a character that can't be sent: /u,
    (world) => world.as({ token: 'abc…xyz' }),
  ],
];

testBadInput('a kubeconfig:', KUBECONFIGS);
testBadInput('a server:', SERVERS);
testBadInput('credentials:', CREDENTIALS);

/** A ServiceAccount's token (RFC 7519) with the claims that Kubernetes asks for. */
function signedToken(privateKeyPem: string, expiresInSeconds: number): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const issuer = 'https://kubernetes.default.svc.cluster.local';
  const account = { namespace: 'bad-input', serviceaccount: { name: 'reader', uid: 'none' } };
  const payload = {
    aud: [issuer],
    iss: issuer,
    sub: 'system:serviceaccount:bad-input:reader',
    iat: nowSeconds - 3600,
    nbf: nowSeconds - 3600,
    exp: nowSeconds + expiresInSeconds,
    'kubernetes.io': account,
  };
  const parts = [{ alg: 'ES256', typ: 'JWT' }, payload].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = parts.join('.');
  const signature = sign('sha256', Buffer.from(text), { key: privateKeyPem, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
