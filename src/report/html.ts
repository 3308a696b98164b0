import { safeText } from '../model/text.ts';

/** HTML that is complete in itself: no value in it can end an element or an attribute. */
export interface Html {
  readonly html: string;
}

/** What can stand in HTML: a text becomes a text, whatever is in it; a list its parts. */
export type HtmlValue = string | number | Html | readonly HtmlValue[];

/** So long a name or a reason may be, in characters. */
const TEXT_MAX = 200;

/**
 * HTML with values in it, each escaped for text and for attributes in double quotes. What the source has of
 * indents is left out; that of values stays.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = strings.map(
    (string, index) =>
      `${string.replaceAll(/\s*\n\s*/gu, '\n')}${index < values.length ? asHtml(values[index]) : ''}`,
  );
  return { html: parts.join('') };
}

/** Nothing. */
export const NOTHING: Html = { html: '' };

/** A text from an archive: what a reader could not see, or what would turn the line round, are escapes; cut where it is too long. */
export function plain(text: string, max = TEXT_MAX): string {
  return shortened(safeText(text), max);
}

/** A text that is cut where it is too long. */
export function shortened(text: string, max = TEXT_MAX): string {
  if (text.length <= max) return text;
  // Not through the middle of a character that takes two units.
  return `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/u, '')}…`;
}

/** How many bytes it takes in UTF-8. */
export function byteLength({ html: text }: Html): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // Half of a pair takes half of its four bytes.
    if (unit < 0x80) bytes += 1;
    else bytes += unit < 0x8_00 || (unit >= 0xd8_00 && unit < 0xe0_00) ? 2 : 3;
  }
  return bytes;
}

/** The first of the parts, as many as fit into so many bytes, and how many don't. */
export function fitting(
  parts: readonly Html[],
  bytesMax: number,
): { readonly shown: readonly Html[]; readonly omittedCount: number } {
  let bytes = 0;
  const cut = parts.findIndex((part) => (bytes += byteLength(part)) > bytesMax);
  const shown = cut === -1 ? parts : parts.slice(0, cut);
  return { shown, omittedCount: parts.length - shown.length };
}

function asHtml(value: HtmlValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return value.toLocaleString('en');
  if (typeof value === 'string') return escaped(value);
  return 'html' in value ? value.html : value.map(asHtml).join('');
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  // A carriage return and a null would be changed by the parser, and no text from an archive has them.
  return text.replaceAll(/[&<>"']/gu, (character) => REFERENCES[character] ?? '');
}
