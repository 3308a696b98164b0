import { counted } from '../model/text.ts';
import type { Viewpoint } from '../status/backup-status.ts';

/** How long ago, in words: `12 minutes ago`, `3 days ago`. */
export function agoText(ageMs: number): string {
  const minutes = Math.max(0, Math.floor(ageMs / 60_000));
  if (minutes < 120) return `${counted(minutes, 'minute')} ago`;
  if (minutes < 48 * 60) return `${counted(Math.floor(minutes / 60), 'hour')} ago`;
  return `${counted(Math.floor(minutes / 1440), 'day')} ago`;
}

/** A point in time in the zone of the reader: `2026-11-20 00:15`. */
export function momentText(instant: string | Date, { timeZone }: Pick<Viewpoint, 'timeZone'>): string {
  // Swedish dates are written as ISO 8601 has them.
  const format = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'short', timeZone });
  return format.format(new Date(instant));
}

/** A difference with its sign: `+3`, `−2`, `0`. */
export function differenceText(difference: number): string {
  if (difference === 0) return '0';
  return `${difference > 0 ? '+' : '−'}${Math.abs(difference).toLocaleString('en')}`;
}
