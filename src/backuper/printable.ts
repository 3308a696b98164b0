import { safeText } from '../model/text.ts';

const LENGTH_MAX = 200;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A path for people: one line, at most 200 characters, with bytes that are no UTF-8 as `\xe4`; `.` for the root. */
export function printablePath(bytes: Uint8Array): string {
  return cut(safeText(textOf(bytes)), LENGTH_MAX) || '.';
}

/** A text of at most so many characters, which ends in `…` where it was cut. */
export function cut(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1).toWellFormed()}…` : text;
}

function textOf(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return Array.from(bytes, byteText).join('');
  }
}

function byteText(byte: number): string {
  return byte < 0x80 ? String.fromCodePoint(byte) : `\\x${byte.toString(16)}`;
}
