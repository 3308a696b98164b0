import type { Declined, DeclineReason } from '../copy.ts';

/** A copy that is not made; the message names what is the matter and what to do, on one line. */
export function declined(reason: DeclineReason, message: string): Declined {
  return { kind: 'declined', reason, message: message.replaceAll(/\s+/gu, ' ') };
}
