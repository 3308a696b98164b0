/**
 * What a node is. `encoded` and `number` are strings and numbers that the canonical form may write in another
 * way; a `string`, and a `literal` (an integer, true, false or null), is written as it is. Of an `unread`
 * value, an object, nothing is on the tape but where it begins and ends.
 */
export const Kind = {
  object: 1,
  array: 2,
  string: 3,
  encoded: 4,
  literal: 5,
  number: 6,
  removed: 7,
  replaced: 8,
  unread: 9,
} as const;

/** Integers a node takes on the tape: kind, start and end in the bytes, and where the next sibling is. */
export const NODE_SIZE = 4;

/** A defect: somebody needs a value that was passed over when the text was read. */
export function passedOver(): Error {
  return new Error('A value was passed over when the text was read, and now it is asked for');
}
