/** A text as a code span, in which nothing is markup; also in a cell of a table. Takes text that is safe to show. */
export function codeSpan(text: string): string {
  // A pipe ends a cell even in a code span.
  if (text.includes('|')) return `<code>${references(text)}</code>`;
  const fence = '`'.repeat(longestRun(text) + 1);
  const isBare = text !== '' && !/^`|`$|^ .* $/u.test(text);
  return isBare ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}

/** Lines in a block of code that none of them can end. Takes lines that are safe to show. */
export function fenced(language: string, lines: readonly string[]): string {
  const fence = '`'.repeat(Math.max(3, ...lines.map((line) => longestRun(line) + 1)));
  return [`${fence}${language}`, ...lines, fence].join('\n');
}

/** A text in HTML that stands in Markdown. */
export function htmlText(text: string): string {
  return text.replaceAll(/[&<>"']/gu, reference);
}

/** A sentence in which nothing is markup, and nothing becomes a link or a mention. */
export function plainSentence(text: string): string {
  return references(text);
}

/** Everything that could be markup, as references to characters, which never are. */
function references(text: string): string {
  return text
    .replaceAll(/:(?=\/\/)|[^\p{L}\p{N} .,:;()/-]/gu, reference)
    .replaceAll(/www\./giu, (start) => `${start.slice(0, -1)}&#46;`);
}

function reference(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

/** How long the longest run of backticks is. */
function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/gu)].map(([run]) => run.length));
}
