/** Numbers that look random and are the same for the same seed. */
export interface Chance {
  /** From 0 to below 1. */
  readonly part: () => number;
  /** A whole number from 0 to below `limit`. */
  readonly below: (limit: number) => number;
  /** Whether something of this probability happens. */
  readonly happens: (probability: number) => boolean;
  readonly oneOf: <T>(choices: readonly [T, ...T[]]) => T;
}

/** Chance from a seed, by the generator mulberry32 (https://github.com/cprosche/mulberry32/blob/main/README.md). */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const part = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(part() * limit);
  return {
    part,
    below,
    happens: (probability) => part() < probability,
    oneOf: (choices) => choices[below(choices.length)] ?? choices[0],
  };
}
