import type { ListedRule, Verdict } from '../../src/prune/rule-list.ts';

/** The Markdown page of all rules: what is left out, type by type. */
export function rulesDocument(rules: readonly ListedRule[]): string {
  const wholeTypes = rules.filter(({ verdict }) => verdict === 'type left out');
  const secrets = rules.filter(({ verdict }) => verdict === 'secret');
  const others = rules.filter((rule) => !wholeTypes.includes(rule) && !secrets.includes(rule));
  return [
    '# What is left out, and why\n',
    'Written by the code (`UPDATE_DOCS=1 node --test test/prune/rules-doc.test.ts`); `openshift-backup rules` prints the same.',
    'Everything that is not named here is stored as the server gives it, default values included. Every reason ends in a link to where the fact can be looked up.\n',
    '## Types that are left out\n',
    table(
      ['rule', 'types', 'why'],
      wholeTypes.map((rule) => [code(rule.id), typesOf(rule), whyText(rule)]),
    ),
    '## What is left out of the other types\n',
    `- **${MEANING['object left out'][0]}**: ${MEANING['object left out'][1]}`,
    `- **${MEANING['never stored'][0]}**: ${MEANING['never stored'][1]}`,
    `- **${MEANING['not applied'][0]}**: ${MEANING['not applied'][1]}\n`,
    table(
      ['type', 'verdict', 'field, or condition on the object', 'rule', 'why'],
      rowsByType(others).map(([type, rule]) => [
        type === '*' ? 'every type' : code(type),
        MEANING[rule.verdict][0],
        code(rule.what),
        code(rule.id),
        whyText(rule),
      ]),
    ),
    '## Values that are secret\n',
    'They are stored, unless Secrets are to be kept out; then a fingerprint stands in their place.\n',
    table(
      ['type', 'field', 'rule', 'why'],
      rowsByType(secrets).map(([type, rule]) => [code(type), code(rule.what), code(rule.id), whyText(rule)]),
    ),
  ].join('\n');
}

const MEANING: Readonly<Record<Verdict, readonly [short: string, long: string]>> = {
  'type left out': ['type left out', 'no object of the type is stored'],
  'object left out': ['object left out', 'an object for which the condition holds is not stored'],
  'never stored': ['never stored', 'the field is taken out before the object is stored'],
  'not applied': ['not applied', 'the field is stored, and taken out of what is to be applied'],
  secret: ['secret', 'the value is secret'],
};

/** Each rule under each of its types: rules for every type first, then by the names of the types. */
function rowsByType(rules: readonly ListedRule[]): (readonly [type: string, rule: ListedRule])[] {
  const rows = rules.flatMap((rule) =>
    (rule.types === '*' ? ['*'] : rule.types).map((type) => [type, rule] as const),
  );
  return rows.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
}

function typesOf({ types, what }: ListedRule): string {
  return types === '*' ? `every type: ${what}` : types.map(code).join(', ');
}

function whyText({ reason, source }: ListedRule): string {
  return `${prose(reason)} ([source](${source}))`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function code(text: string): string {
  // Also in code a bar would end the cell (https://github.github.com/gfm/#tables-extension-).
  return `\`${text.replaceAll('|', String.raw`\|`)}\``;
}

function prose(text: string): string {
  return text.replaceAll(/[\\`*<|]/gu, String.raw`\$&`);
}
