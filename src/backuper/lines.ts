import { StringDecoder } from 'node:string_decoder';

/** Longer lines are cut: nobody shows more of one. */
const LINE_LENGTH_MAX = 8192;

/**
 * Cuts a stream of bytes into lines that end in `\n` or `\r`; empty ones are left out. Give it an empty buffer at
 * the end, for a last line without an end.
 */
export function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const emit = (line: string): void => {
    if (line !== '') onLine(line.slice(0, LINE_LENGTH_MAX));
  };
  return (chunk) => {
    const parts = `${rest}${decoder.write(chunk)}`.split(/[\r\n]/u);
    rest = (parts.pop() ?? '').slice(0, LINE_LENGTH_MAX);
    for (const part of parts) emit(part);
    if (chunk.length > 0) return;
    emit(rest + decoder.end());
    rest = '';
  };
}
