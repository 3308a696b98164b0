import fc from 'fast-check';

/**
 * Keys without a backslash: V8's JSON.parse (Node.js 24.21) may take the key "a\\nb" of a text, whose first
 * three characters are a, backslash and n, for a key of these three characters that it has met before. So it
 * can't be the judge of them; the table in canonical-writer.test.ts has some.
 */
const KEYS = fc
  .oneof(
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      '10',
      '9',
      '-1',
      'é',
      'a b',
      'A',
      'a',
      '',
      '"',
      '\n',
      '\u{1f600}',
      '\uffee',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 3 }),
  )
  .filter((key) => !key.includes('\\'));
const STRINGS = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme-ascii', minLength: 30, maxLength: 90 }),
  fc.constantFrom('line\nline', '\ud800', '\u2028', '<&>', '\u007f', 'ä'.repeat(60)),
);
const NUMBERS = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
);

/** JSON texts as other programs write them: any order of keys, with and without white space, escaped or not. */
export const JSON_TEXTS: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false'),
    NUMBERS.map((value) => JSON.stringify(value)),
    stringTexts(STRINGS),
    fc.array(tie('text'), { maxLength: 5 }).map((items) => `[${items.join(' ,')}]`),
    fc
      .array(fc.tuple(stringTexts(KEYS), tie('text')), { maxLength: 30 })
      .map((members) => `{${members.map(([key, value]) => `${key}: ${value}`).join(',\n')} }`),
  ),
})).text;

/** A string as JavaScript writes it, or as Go does, which escapes what could be HTML. */
function stringTexts(strings: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(strings, fc.boolean())
    .map(([text, isEscaped]) => (isEscaped ? escaped(text) : JSON.stringify(text)));
}

function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_value, index) =>
    text.charCodeAt(index).toString(16).padStart(4, '0'),
  );
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`;
}
