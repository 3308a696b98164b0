/** What the checks ask of a Markdown text. */
export interface Markdown {
  readonly fences: readonly Fence[];
  /** The texts that stand in backticks. */
  readonly codeSpans: readonly string[];
  /** Where links and images lead to, as it is written. */
  readonly links: readonly string[];
  /** What `#…` in a link can name: headings as GitHub writes them, and `id` attributes. */
  readonly anchors: ReadonlySet<string>;
  readonly headings: readonly string[];
}

/** A fenced block of code; `language` is empty where none is given. */
export interface Fence {
  readonly language: string;
  readonly text: string;
}

const FENCE =
  /^ {0,3}(?<mark>`{3,}|~{3,}) *(?<language>[^\s`]*)[^\n`]*\n(?<text>[^]*?)^ {0,3}\k<mark>[`~]* *$/gmu;
const CODE_SPAN = /(?<mark>`+)(?<text>[^`]|[^`][^]*?[^`])\k<mark>(?!`)/gu;
const LINKS = [
  /\]\(\s*<?(?<target>[^)\s>]+)/gu,
  /^ {0,3}\[[^\]]+\]: *<?(?<target>[^\s>]+)/gmu,
  /\b(?:href|src)="(?<target>[^"]+)"/gu,
];

/** Takes a Markdown text apart; what stands in code is no link and no heading. */
export function readMarkdown(text: string): Markdown {
  const fences = groups(text, FENCE).map(({ language = '', text: code = '' }) => ({ language, text: code }));
  const unfenced = text.replaceAll(FENCE, '');
  const codeSpans = groups(unfenced, CODE_SPAN).map(({ text: code = '' }) => code.trim());
  const prose = unfenced.replaceAll(CODE_SPAN, '');
  const headings = groups(unfenced, /^#{1,6} +(?<title>.*)$/gmu).map(({ title = '' }) => title.trim());
  const ids = groups(prose, /\b(?:id|name)="(?<id>[^"]+)"/gu).map(({ id = '' }) => id);
  return {
    fences,
    codeSpans,
    links: LINKS.flatMap((link) => groups(prose, link).map(({ target = '' }) => target)),
    anchors: new Set([...ids, ...slugs(headings)]),
    headings,
  };
}

/** As GitHub makes them: the second of two equal headings gets `-1`. */
function slugs(headings: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    const title = heading.replaceAll(/\]\([^)]*\)/gu, '').toLowerCase();
    const slug = title.replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

function groups(text: string, pattern: RegExp): Readonly<Record<string, string | undefined>>[] {
  return [...text.matchAll(pattern)].map((match) => match.groups ?? {});
}
