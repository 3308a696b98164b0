import type { IgnoreRule } from '../../src/drift/ignore-rule.ts';
import { OBJECT_SEVERITIES } from '../../src/drift/object-severities.ts';
import { SEVERITY_RULES } from '../../src/drift/severity-rules.ts';

/** The ignore file that the page shows. */
export const EXAMPLE = `- group: apps
  kind: Deployment
  namespace: shop-*
  name: web
  paths:
    - spec.template.spec.containers[name=web].image
    - metadata.annotations[example.com/deployed-at]
  reason: the pipeline deploys several times a day
  expires: "2026-12-31"
- kind: ConfigMap
  name: leader-*
  changes: [added, removed]
  paths: ["*"]
  reason: locks of the workers
- group: apps
  kind: Deployment
  jsonPointers: [/spec/replicas]
  jqPathExpressions: ['.spec.template.spec.containers[] | select(.name == "proxy") | .image']
  managedFieldsManagers: [vpa-updater]
  reason: as in the Application of Argo CD
`;

/** Ways to say which fields are meant, and what each means. */
export const FORMS: readonly (readonly [form: string, meaning: string])[] = [
  ['spec.template', 'the field and all that is below it'],
  ['metadata.annotations[example.com/key]', 'a key with dots or slashes, in brackets'],
  ['metadata.annotations["example.com/key"]', 'the same; in quotes `*` and `?` stand for themselves'],
  ['metadata.annotations[example.com/*]', 'every key that begins so'],
  ['spec.rules[*]', 'every element of a list, or every value of an object'],
  [
    'spec.template.spec.containers[name=web].image',
    'elements with such a field; the value may be a glob, or stand in quotes',
  ],
  ['spec.ports[port=80,protocol=UDP]', 'elements with both fields'],
  ['spec.accessModes[=ReadWriteOnce]', 'a text in a list of texts'],
  ['spec.template.spec.containers[0]', 'the element that stands first, before or after'],
];

/** The Markdown page of the ignore rules, and of how much a change matters. */
export function ignoreDocument(rules: readonly IgnoreRule[]): string {
  return [
    '# Which changes do not count, and how much the others do\n',
    'Written by the code (`UPDATE_DOCS=1 node --test test/drift/ignore-doc.test.ts`).',
    'What changes by itself mostly is not in an archive at all ([rules.md](rules.md)). The rules here are for what only two archives together show. A rule that kept something out is named in every report, with the number of changes.\n',
    '## Rules that are built in\n',
    table(
      ['rule', 'group', 'kind', 'field', 'where', 'why'],
      rules.map(({ id, group, kind, paths, when, reason, source = '' }) => [
        code(id),
        group === '' ? 'core' : code(group),
        code(kind),
        paths.map(({ text }) => code(text)).join(', '),
        prose(when?.text ?? 'everywhere'),
        `${prose(reason)} ([source](${source}))`,
      ]),
    ),
    '## An ignore file\n',
    'A list of rules in YAML or JSON, or an object that has the list under `ignoreDifferences`, as an Application of Argo CD has it.\n',
    `\`\`\`text\n${EXAMPLE}\`\`\`\n`,
    ...KEYS.map((line) => `- ${line}`),
    '\nA key that is not known, a path that cannot be read and a rule that would keep everything out are errors.\n',
    '### Paths\n',
    table(
      ['path', 'what it means'],
      FORMS.map(([form, meaning]) => [code(form), meaning]),
    ),
    'An object or list that came or went as a whole is kept out if a rule covers all that is in it.\n',
    '## How much a change matters\n',
    'The first row that is for a field counts.\n',
    table(
      ['severity', 'types', 'field', 'why'],
      SEVERITY_RULES.map(({ severity, types, paths = [], reason }) => [
        severity,
        typesOf(types),
        paths.length === 0 ? 'all but `metadata`' : paths.map(({ text }) => code(text)).join(', '),
        prose(reason),
      ]),
    ),
    'Of an object that was added or removed:\n',
    table(
      ['severity', 'types', 'why'],
      OBJECT_SEVERITIES.map(({ severity, types, reason }) => [severity, typesOf(types), prose(reason)]),
    ),
  ].join('\n');
}

const KEYS = [
  '`kind` (needed), `group` (none is the core group), `namespace` and `name`: names or globs.',
  '`reason` (needed): why the change does not count.',
  '`expires`: the last day on which the rule holds, in UTC. A rule whose day is over is named, and keeps nothing out.',
  '`paths`: fields, as below.',
  '`jsonPointers`: as in Argo CD. A number is a key, or the place of an element, before or after.',
  '`jqPathExpressions`: as in Argo CD, but only plain paths: keys, `[]`, `[0]`, and `| select(.name == "x")` after `[]`.',
  '`managedFieldsManagers`: as in Argo CD, as far as an archive can tell: what is there and was written by these alone since the first archive. A field that is gone is always shown, for nobody is named for it.',
  '`changes`: `added`, `removed`, `renamed`: whole objects.',
];

function typesOf(types: '*' | readonly string[]): string {
  return types === '*' ? 'every type' : types.map(code).join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function code(text: string): string {
  return `\`${text.replaceAll('|', String.raw`\|`)}\``;
}

function prose(text: string): string {
  return text.replaceAll(/[\\`*<|]/gu, String.raw`\$&`);
}
