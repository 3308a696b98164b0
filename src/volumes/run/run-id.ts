import { randomInt } from 'node:crypto';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The id of a new run, which sorts by time: `20261121t001500-k3x9q`. */
export function newRunId(now: Date): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/gu, '').toLowerCase();
  return `${time}-${Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
}

/** The name of a generation of copies that is begun now: `20261121T001500Z`. */
export function generationName(now: Date): string {
  return `${now.toISOString().slice(0, 19).replaceAll(/[-:]/gu, '')}Z`;
}
