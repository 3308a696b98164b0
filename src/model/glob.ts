/**
 * Makes the question whether a name matches a name or a glob: `*` stands for any characters, a dot among
 * them, `?` for one. No glob takes longer than its length times that of the name: a regular expression with
 * several stars could take for ever.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (!isGlob(pattern)) return (name) => name === pattern;
  const steps = Array.from(pattern);
  return (name) => fits(steps, Array.from(name));
}

/** Goes back to the last star only, which is enough: what an earlier one could take more of, the last one can. */
function fits(steps: readonly string[], characters: readonly string[]): boolean {
  let [at, place, star, resumed] = [0, 0, -1, 0];
  while (place < characters.length) {
    if (steps[at] === '*') {
      star = at++;
      resumed = place;
    } else if (steps[at] === '?' || (at < steps.length && steps[at] === characters[place])) {
      at++;
      place++;
    } else if (star === -1) {
      return false;
    } else {
      at = star + 1;
      place = ++resumed;
    }
  }
  return steps.slice(at).every((step) => step === '*');
}

/** Whether a text is a glob, and no name. */
export function isGlob(pattern: string): boolean {
  return /[*?]/u.test(pattern);
}

/** Makes the question whether a name matches one of these names and globs. */
export function anyGlobMatcher(patterns: readonly string[]): (name: string) => boolean {
  const matchers = patterns.map(globMatcher);
  return (name) => matchers.some((matches) => matches(name));
}
