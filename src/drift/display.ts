import { safeText } from '../model/text.ts';
import type { Segment, Value } from './drift.ts';
import { jsonText } from './value.ts';

/** A longer value is shown in part: what is in the way of reading is no use. */
export const VALUE_CHARACTERS_MAX = 400;

/** A path as people write it: `spec.containers[name=web].image`, `metadata.annotations["a.b/c"]`. Safe to show. */
export function pathText(path: readonly Segment[]): string {
  return safeText(path.map(segmentText).join('').replace(/^\./u, ''));
}

/** A value on one line, as JSON; a long one in part. Safe to show. */
export function valueText(value: Value): string {
  return shortened(jsonText(value));
}

/** A text on one line; a long one in part. Safe to show. */
export function shortened(text: string): string {
  if (text.length <= VALUE_CHARACTERS_MAX) return safeText(text);
  // Not through the middle of a character that takes two units.
  const shown = text.slice(0, VALUE_CHARACTERS_MAX).replace(/[\uD800-\uDBFF]$/u, '');
  return `${safeText(shown)}… (${text.length.toLocaleString('en')} characters)`;
}

function segmentText(segment: Segment): string {
  if ('index' in segment) return `[${segment.index}]`;
  if ('key' in segment) return isPlain(segment.key) ? `.${segment.key}` : `[${JSON.stringify(segment.key)}]`;
  const parts = Object.entries(segment.match).map(([name, text]) => {
    const value = /^[^\s"[\],=]+$/u.test(text) ? text : JSON.stringify(text);
    return name === '' ? value : `${name}=${value}`;
  });
  return `[${parts.join(',')}]`;
}

function isPlain(key: string): boolean {
  return /^[A-Za-z_][\w-]*$/u.test(key);
}

/** A point in time to the second, for people: `2026-11-20 00:15:00Z`. */
export function timeText(iso: string): string {
  return safeText(iso.replace('T', ' ').replace(/\.\d+Z$/u, 'Z'));
}
