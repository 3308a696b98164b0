import { X509Certificate } from 'node:crypto';
import type { ObjectIdentity, Segment, Value } from './drift.ts';

/** No chain of certificates is as long as this; a text that is longer is something else. */
const LENGTH_MAX = 1_000_000;
const BEGIN = '-----BEGIN CERTIFICATE-----';

/**
 * What can be said of a change in a text that is a certificate, or a chain of them, of which the first
 * counts: whether it was renewed, and until when it is valid. Certificates are public, so this can be said
 * where the values are hidden; of them only the date is told.
 *
 * @param before PEM; in the data of a Secret as base64
 * @returns undefined when one of the two is no certificate
 */
export function certificateNote(
  { type }: ObjectIdentity,
  path: readonly Segment[],
  before: Value | undefined,
  after: Value | undefined,
): string | undefined {
  const [first] = path;
  const isBase64 = type === 'secrets' && first !== undefined && 'key' in first && first.key === 'data';
  const old = certificateOf(before, isBase64);
  const present = certificateOf(after, isBase64);
  if (!old || !present) return undefined;
  const until = `valid until ${present.validToDate.toISOString().slice(0, 10)}`;
  const others = Object.entries({
    subject: old.subject !== present.subject,
    names: old.subjectAltName !== present.subjectAltName,
    issuer: old.issuer !== present.issuer,
  }).flatMap(([what, isOther]) => (isOther ? [what] : []));
  if (old.fingerprint256 === present.fingerprint256) return `the same certificate, ${until}`;
  if (others.length > 0) return `another certificate (other ${others.join(', ')}), ${until}`;
  const key = publicKeyOf(old) === publicKeyOf(present) ? 'the same key' : 'a new key';
  const verb = present.validToDate > old.validToDate ? 'renewed' : 'replaced by one that is not valid longer';
  return `${verb}, ${until}: same subject, names and issuer, ${key}`;
}

function certificateOf(value: Value | undefined, isBase64: boolean): X509Certificate | undefined {
  if (typeof value !== 'string' || value.length > LENGTH_MAX) return undefined;
  const text = isBase64 ? Buffer.from(value, 'base64').toString('latin1') : value;
  if (!text.trimStart().startsWith(BEGIN)) return undefined;
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

function publicKeyOf({ publicKey }: X509Certificate): string {
  return publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}
