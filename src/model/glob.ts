/**
 * Makes the question whether a name matches a name or a glob: `*` stands for any characters, a dot among
 * them, `?` for one.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  if (!isGlob(pattern)) return (name) => name === pattern;
  const source = pattern
    // Two stars in a row match no more than one, and can take for ever not to match.
    .replaceAll(/\*+/gu, '*')
    .replaceAll(/[^*?]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 'su');
  return (name) => expression.test(name);
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
