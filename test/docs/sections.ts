/**
 * What stands between `<!-- name -->` and `<!-- /name -->`, each on a line of its own.
 *
 * @returns whole lines, or nothing
 * @throws Error that names the section when the text doesn't have it exactly once
 */
export function sectionOf(text: string, name: string): string {
  const { start, end } = rangeOf(text, name);
  return text.slice(start, end);
}

/** Replaces a section. @param body whole lines @throws as `sectionOf` does */
export function withSection(text: string, name: string, body: string): string {
  const { start, end } = rangeOf(text, name);
  return `${text.slice(0, start)}${body}${text.slice(end)}`;
}

function rangeOf(text: string, name: string): { start: number; end: number } {
  const [opens, closes] = [linesOf(text, `<!-- ${name} -->\n`), linesOf(text, `<!-- /${name} -->\n`)];
  const [open, close] = [opens[0] ?? 0, closes[0] ?? 0];
  if (opens.length !== 1 || closes.length !== 1 || close < open)
    throw new Error(`There must be one line "<!-- ${name} -->", and behind it one line "<!-- /${name} -->"`);
  return { start: open + `<!-- ${name} -->\n`.length, end: close };
}

/** Where a line stands in a text. */
function linesOf(text: string, line: string): number[] {
  return [...`\n${text}`.matchAll(RegExp(`(?<=\n)${line}`, 'gu'))].map(({ index }) => index - 1);
}
