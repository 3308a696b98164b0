import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import {
  bitString,
  integer,
  isTrue,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tagged,
  utcTime,
  utf8String,
} from './der.ts';

const DAY_MS = 24 * 3600 * 1000;
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

/** A key pair with its certificate, both as PEM. */
export interface Certificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** What a certificate is to say. */
export interface CertificateRequest {
  /** As a client certificate for a Kubernetes API server: the user's name. */
  readonly commonName: string;
  /** As a client certificate for a Kubernetes API server: the user's groups. */
  readonly organizations?: readonly string[];
  readonly usage: 'server' | 'client';
  readonly dnsNames?: readonly string[];
  /** IPv4 addresses. */
  readonly addresses?: readonly string[];
  /** Default: a day ago, so that a clock that lags does no harm. */
  readonly notBefore?: Date;
  /** Default: in a year. */
  readonly notAfter?: Date;
}

/** A certificate authority: what it issues is trusted wherever its own certificate is. */
export interface Authority extends Certificate {
  issue(request: CertificateRequest): Certificate;
}

interface Fields {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}

/**
 * Makes a certificate authority with a key of its own (ECDSA, P-256).
 * node:crypto reads X.509 certificates and can't write them; the certificates are written here
 * by https://www.rfc-editor.org/rfc/rfc5280#section-4.1, so that no other program is needed.
 */
export function createAuthority(commonName: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = distinguishedName({ commonName });
  const certificatePem = certificate({
    subject,
    issuer: subject,
    publicKey: keys.publicKey,
    signer: keys.privateKey,
    ...defaultValidity(),
    extensions: [
      extension('2.5.29.19', sequence(isTrue()), true),
      // Bits 0, 5 and 6: digital signature, certificates, revocation lists.
      extension('2.5.29.15', bitString(Buffer.from([0b10000110]), 1), true),
      extension('2.5.29.14', octetString(keyId(keys.publicKey)), false),
    ],
  });
  return {
    certificatePem,
    privateKeyPem: pemOf(keys.privateKey),
    issue: (request) => issue(request, subject, keys),
  };
}

/** An authority that `createAuthority` made earlier, by the same name, for issuing more. */
export function openAuthority(commonName: string, { certificatePem, privateKeyPem }: Certificate): Authority {
  const privateKey = createPrivateKey(privateKeyPem);
  const keys = { privateKey, publicKey: createPublicKey(privateKey) };
  const subject = distinguishedName({ commonName });
  return { certificatePem, privateKeyPem, issue: (request) => issue(request, subject, keys) };
}

/** A key pair for signing ServiceAccount tokens, both halves as PEM. */
export function createSigningKeys(): { readonly publicKeyPem: string; readonly privateKeyPem: string } {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyPem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { publicKeyPem, privateKeyPem: pemOf(keys.privateKey) };
}

function issue(
  request: CertificateRequest,
  issuer: Buffer,
  authority: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
): Certificate {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const validity = defaultValidity();
  const certificatePem = certificate({
    subject: distinguishedName(request),
    issuer,
    publicKey: keys.publicKey,
    signer: authority.privateKey,
    notBefore: request.notBefore ?? validity.notBefore,
    notAfter: request.notAfter ?? validity.notAfter,
    extensions: [
      extension('2.5.29.15', bitString(Buffer.from([0b10000000]), 7), true),
      extension('2.5.29.37', sequence(objectIdentifier(purpose(request.usage))), false),
      extension('2.5.29.35', sequence(tagged(0x80, keyId(authority.publicKey))), false),
      ...alternativeNames(request),
    ],
  });
  return { certificatePem, privateKeyPem: pemOf(keys.privateKey) };
}

function certificate(fields: Fields): string {
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    fields.issuer,
    sequence(utcTime(fields.notBefore), utcTime(fields.notAfter)),
    fields.subject,
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...fields.extensions)),
  );
  const signature = sign('sha256', toBeSigned, fields.signer);
  const base64 = sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/(.{64})/gu, '$1\n').trim()}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(name: Pick<CertificateRequest, 'commonName' | 'organizations'>): Buffer {
  const organizations = (name.organizations ?? []).map((text) => namePart('2.5.4.10', text));
  return sequence(...organizations, namePart('2.5.4.3', name.commonName));
}

function namePart(type: string, text: string): Buffer {
  return setOf(sequence(objectIdentifier(type), utf8String(text)));
}

function alternativeNames(request: CertificateRequest): Buffer[] {
  const names = [
    ...(request.dnsNames ?? []).map((name) => tagged(0x82, Buffer.from(name, 'latin1'))),
    ...(request.addresses ?? []).map((address) => tagged(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  return names.length === 0 ? [] : [extension('2.5.29.17', sequence(...names), false)];
}

function extension(id: string, value: Buffer, isCritical: boolean): Buffer {
  return sequence(objectIdentifier(id), ...(isCritical ? [isTrue()] : []), octetString(value));
}

function purpose(usage: CertificateRequest['usage']): string {
  return usage === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
}

function keyId(publicKey: KeyObject): Buffer {
  const bytes = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(bytes).digest().subarray(0, 20);
}

/** 127 random bits, never zero, never negative, no leading zero byte. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes;
}

function defaultValidity(): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 365 * DAY_MS) };
}

function pemOf(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
