/** Tags of ASN.1's universal types: https://www.itu.int/rec/T-REC-X.680-202102-I, table 1. */
const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;

/** One value in DER: its tag, its length, its content. The content may have at most 65,535 bytes. */
export function tagged(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

/** Values in the given order. */
export function sequence(...items: readonly Buffer[]): Buffer {
  return tagged(SEQUENCE, ...items);
}

/** A set of one value, the only kind of set in a certificate. */
export function setOf(item: Buffer): Buffer {
  return tagged(SET, item);
}

/** An integer that is not negative, from its big-endian bytes. */
export function integer(bytes: Buffer): Buffer {
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return tagged(INTEGER, isNegative ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** `true`; DER leaves a `false` out where it is the default. */
export function isTrue(): Buffer {
  return tagged(BOOLEAN, Buffer.from([0xff]));
}

/** Bits from their bytes; `unusedBits` (0 to 7) at the end of the last byte don't count. */
export function bitString(bytes: Buffer, unusedBits = 0): Buffer {
  return tagged(BIT_STRING, Buffer.from([unusedBits]), bytes);
}

/** Bytes. */
export function octetString(bytes: Buffer): Buffer {
  return tagged(OCTET_STRING, bytes);
}

/** Text. */
export function utf8String(text: string): Buffer {
  return tagged(UTF8_STRING, Buffer.from(text, 'utf8'));
}

/** An instant, to the second; years 1950 to 2049. */
export function utcTime(instant: Date): Buffer {
  const digits = instant.toISOString().slice(2, 19).replaceAll(/[-:T]/gu, '');
  return tagged(UTC_TIME, Buffer.from(`${digits}Z`, 'latin1'));
}

/** An object identifier from its dotted form, as in `2.5.29.17`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest.flatMap((part) => base128(part))];
  return tagged(OBJECT_IDENTIFIER, Buffer.from(bytes));
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  if (length < 0x10000) return [0x82, length >> 8, length & 0xff];
  throw new RangeError(`${length} bytes are more than this encoder writes`);
}

function base128(part: number): number[] {
  const bytes = [part & 0x7f];
  for (let rest = part >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
