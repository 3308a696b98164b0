import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { certificateNote } from '../../src/drift/renewed-certificate.ts';
import { createAuthority } from '../cluster/certificates.ts';
import { identityOf, pathOf } from './json-value.ts';

/** Two of shop.example.com with one key, until 2027-02-01 and until 2028-02-01. */
const OWN = [
  `-----BEGIN CERTIFICATE-----
MIIBgjCCASegAwIBAgIBATAKBggqhkjOPQQDAjAqMQ0wCwYDVQQKDARTaG9wMRkw
FwYDVQQDDBBzaG9wLmV4YW1wbGUuY29tMB4XDTI2MDEwMTAwMDAwMFoXDTI3MDIw
MTAwMDAwMFowKjENMAsGA1UECgwEU2hvcDEZMBcGA1UEAwwQc2hvcC5leGFtcGxl
LmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLpTcpVNSQ77Q5EO+sjyD6UJ
7pUJcAMCTstoK+Sgcz58MwDtTQj/g/gD7pQKsyji0TMtKhBZatyJkb/SzQl0NtWj
PjA8MBsGA1UdEQQUMBKCEHNob3AuZXhhbXBsZS5jb20wHQYDVR0OBBYEFJ0r8Na2
MrNHGwHx1SLA+9w3jo2jMAoGCCqGSM49BAMCA0kAMEYCIQCiCwRdItTYsB23Vtyw
qOJ0lgm/kaHUcYCrDwVclVcSSQIhALYzTsnwtYVWZqqxPUYnOJdPOpdzTVZz3VRO
2/zyiC+C
-----END CERTIFICATE-----\n`,
  `-----BEGIN CERTIFICATE-----
MIIBgjCCASegAwIBAgIBAjAKBggqhkjOPQQDAjAqMQ0wCwYDVQQKDARTaG9wMRkw
FwYDVQQDDBBzaG9wLmV4YW1wbGUuY29tMB4XDTI3MDEwMTAwMDAwMFoXDTI4MDIw
MTAwMDAwMFowKjENMAsGA1UECgwEU2hvcDEZMBcGA1UEAwwQc2hvcC5leGFtcGxl
LmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLpTcpVNSQ77Q5EO+sjyD6UJ
7pUJcAMCTstoK+Sgcz58MwDtTQj/g/gD7pQKsyji0TMtKhBZatyJkb/SzQl0NtWj
PjA8MBsGA1UdEQQUMBKCEHNob3AuZXhhbXBsZS5jb20wHQYDVR0OBBYEFJ0r8Na2
MrNHGwHx1SLA+9w3jo2jMAoGCCqGSM49BAMCA0kAMEYCIQDGcBYoBakKRhHa6baB
LtwUW6+rvo2GeuK8QiMmHSPNCAIhAM5BUJMtuM1s9yfd4M0zfJNpY0UTVHmQoJvG
5Mi4x+8R
-----END CERTIFICATE-----\n`,
] as const;

const AUTHORITY = createAuthority('a');
const [FIRST, SECOND, OTHER_NAMES, OTHER_SUBJECT, OTHER_ISSUER] = [
  issued('2027-01-02'),
  issued('2028-01-02'),
  issued('2028-01-02', { dnsNames: ['shop.example.com', 'evil.example.com'] }),
  issued('2028-01-02', { commonName: 'evil' }),
  createAuthority('b').issue({
    commonName: 'shop',
    usage: 'server',
    dnsNames: ['shop.example.com'],
    notAfter: new Date('2028-01-02'),
  }).certificatePem,
];

const CASES: readonly (readonly [name: string, before: string, after: string, note: string | undefined])[] = [
  [
    'a certificate with the same key',
    ...OWN,
    'renewed, valid until 2028-02-01: same subject, names and issuer, the same key',
  ],
  [
    'a certificate with a new key',
    FIRST,
    SECOND,
    'renewed, valid until 2028-01-02: same subject, names and issuer, a new key',
  ],
  [
    'a chain, of which the first counts',
    FIRST + AUTHORITY.certificatePem,
    SECOND + AUTHORITY.certificatePem,
    'renewed, valid until 2028-01-02: same subject, names and issuer, a new key',
  ],
  [
    'an older certificate',
    SECOND,
    FIRST,
    'replaced by one that is not valid longer, valid until 2027-01-02: same subject, names and issuer, a new key',
  ],
  ['another chain', FIRST, FIRST + AUTHORITY.certificatePem, 'the same certificate, valid until 2027-01-02'],
  ['other names', FIRST, OTHER_NAMES, 'another certificate (other names), valid until 2028-01-02'],
  ['another subject', FIRST, OTHER_SUBJECT, 'another certificate (other subject), valid until 2028-01-02'],
  ['another issuer', FIRST, OTHER_ISSUER, 'another certificate (other issuer), valid until 2028-01-02'],
  ['a certificate that was none', 'a', FIRST, undefined],
  ['a certificate that is none any more', FIRST, '', undefined],
  [
    'a certificate that is broken',
    FIRST,
    '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n',
    undefined,
  ],
  ['a text that is far too long', FIRST, SECOND + 'a'.repeat(1_000_000), undefined],
];

describe('What is said of a change in', () => {
  for (const [name, before, after, note] of CASES) {
    test(name, () => {
      const path = pathOf('spec', 'tls', 'certificate');
      assert.equal(certificateNote(identityOf('routes.route.openshift.io'), path, before, after), note);
      assert.equal(certificateNote(identityOf('configmaps'), pathOf('data', 'ca.crt'), before, after), note);
      const [old, present] = [before, after].map((pem) => Buffer.from(pem).toString('base64'));
      assert.equal(certificateNote(identityOf('secrets'), pathOf('data', 'tls.crt'), old, present), note);
      assert.equal(
        certificateNote(identityOf('secrets'), pathOf('stringData', 'tls.crt'), before, after),
        note,
      );
    });
  }

  test('something that is no text', () => {
    for (const value of [undefined, null, true, { number: '1' }, [], new Map()])
      assert.equal(certificateNote(identityOf('secrets'), pathOf('data', 'a'), value, value), undefined);
  });

  test('a private key, or a fingerprint in its place: nothing', () => {
    const { privateKeyPem } = AUTHORITY.issue({ commonName: 'a', usage: 'server' });
    for (const text of [privateKeyPem, 'hmac:0123', Buffer.from(privateKeyPem).toString('base64')])
      assert.equal(certificateNote(identityOf('secrets'), pathOf('data', 'tls.key'), text, text), undefined);
  });
});

function issued(notAfter: string, more: { commonName?: string; dnsNames?: string[] } = {}): string {
  const request = { commonName: 'shop', usage: 'server', dnsNames: ['shop.example.com'], ...more } as const;
  return AUTHORITY.issue({ ...request, notAfter: new Date(notAfter) }).certificatePem;
}
