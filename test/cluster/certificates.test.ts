import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { type Certificate, createAuthority, createSigningKeys } from './certificates.ts';

const DAY_MS = 24 * 3600 * 1000;

describe('certificates', () => {
  const authority = createAuthority('the authority');
  const server = authority.issue({
    commonName: 'server',
    usage: 'server',
    dnsNames: ['localhost', 'kubernetes.default.svc'],
    addresses: ['127.0.0.1', '10.96.0.1'],
  });

  test('say what was asked for', () => {
    const client = authority.issue({ commonName: 'anna', organizations: ['staff', 'ü'], usage: 'client' });
    const root = new X509Certificate(authority.certificatePem);
    const issued = new X509Certificate(server.certificatePem);
    assert.equal(root.ca, true);
    assert.equal(issued.ca, false);
    assert.equal(new X509Certificate(client.certificatePem).subject, 'O=staff\nO=ü\nCN=anna');
    assert.equal(
      issued.subjectAltName,
      'DNS:localhost, DNS:kubernetes.default.svc, IP Address:127.0.0.1, IP Address:10.96.0.1',
    );
    assert.ok(issued.checkIssued(root) && issued.verify(root.publicKey));
    assert.ok(!issued.verify(new X509Certificate(createAuthority('the authority').certificatePem).publicKey));
  });

  test('have serial numbers of their own', () => {
    const serials = Array.from({ length: 50 }, () => {
      const { certificatePem } = authority.issue({ commonName: 'x', usage: 'client' });
      return new X509Certificate(certificatePem).serialNumber;
    });
    assert.equal(new Set(serials).size, 50);
    for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/u);
  });

  test('are trusted by who trusts the authority, and by nobody else', async () => {
    assert.equal(await handshake(server, authority.certificatePem), 'trusted');
    assert.equal(
      await handshake(server, createAuthority('other').certificatePem),
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
    const elsewhere = authority.issue({ commonName: 'x', usage: 'server', dnsNames: ['example.com'] });
    assert.equal(await handshake(elsewhere, authority.certificatePem), 'ERR_TLS_CERT_ALTNAME_INVALID');
    const client = authority.issue({ commonName: 'x', usage: 'client', addresses: ['127.0.0.1'] });
    assert.equal(await handshake(client, authority.certificatePem), 'INVALID_PURPOSE');
  });

  test('end when they were told to', async () => {
    const yesterday = new Date(Date.now() - DAY_MS);
    const expired = authority.issue({
      commonName: 'x',
      usage: 'server',
      addresses: ['127.0.0.1'],
      notBefore: new Date(Date.now() - 2 * DAY_MS),
      notAfter: yesterday,
    });
    assert.equal(await handshake(expired, authority.certificatePem), 'CERT_HAS_EXPIRED');
  });
});

test('the keys for tokens are two halves of one pair', () => {
  const { publicKeyPem, privateKeyPem } = createSigningKeys();
  assert.equal(createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }), publicKeyPem);
});

/** What a client that trusts `ca` makes of a server with this certificate: `trusted`, or the error's code. */
async function handshake(certificate: Certificate, ca: string): Promise<string> {
  const server = createServer({ cert: certificate.certificatePem, key: certificate.privateKeyPem });
  // The client hangs up when it doesn't trust the server.
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', ca });
  try {
    await once(socket, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    socket.destroy();
    server.close();
  }
}
