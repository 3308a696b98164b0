import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compareArchives } from '../../src/drift/compare-archives.ts';
import type { Drift, FieldChange, ObjectChange } from '../../src/drift/drift.ts';
import { MARKDOWN_CHARACTERS_MAX, markdownReport } from '../../src/drift/markdown-report.ts';
import { codeSpan, fenced, plainSentence } from '../../src/drift/markdown-text.ts';
import { temporaryFolder } from '../archive/zip-fixtures.ts';
import { HOSTILE, hostileNight, project } from '../report/report-nights.ts';
import { stored, writeNightOf } from './nights.ts';

const SIDE = { startedAt: '2026-11-19T00:15:00.000Z', isComplete: true, ruleSet: 'r', gaps: [] };

function driftOf(changes: readonly ObjectChange[]): Drift {
  const counts = changes.map(({ project: name, type }) => ({
    type,
    ...(name !== undefined && { project: name }),
    added: 0,
    removed: 0,
    changed: 1,
    renamed: 0,
  }));
  return {
    before: { ...SIDE, name: 'a.zip' },
    after: { ...SIDE, name: "b'; rm -rf ~ #.zip" },
    changes,
    counts,
    omittedCount: 0,
    comparedCount: changes.length,
    notComparable: [],
    suppressed: [],
    notes: [],
  };
}

function fieldOf(value: string): FieldChange {
  return {
    path: [{ key: 'data' }, { key: value.slice(0, 50) }],
    op: 'changed',
    before: value,
    after: `${value}!`,
    severity: 'high',
  };
}

function changed(text: string, fields: readonly string[]): ObjectChange {
  return {
    type: 'configmaps',
    kind: 'ConfigMap',
    project: text,
    name: text,
    change: 'changed',
    severity: 'high',
    fields: fields.map(fieldOf),
  };
}

/** The text without its blocks of code, as CommonMark finds them: a fence ends with one that is as long. */
function withoutBlocks(markdown: string): string {
  const kept: string[] = [];
  let fence = '';
  for (const line of markdown.split('\n')) {
    const [, run = ''] = /^(`{3,})/u.exec(line) ?? [];
    if (fence === '' && run !== '') fence = run;
    else if (fence !== '' && run.length >= fence.length && run === line) fence = '';
    else if (fence === '') kept.push(line);
  }
  assert.equal(fence, '', 'every block ends');
  return kept.join('\n');
}

/** What is left when code spans of the one line are taken out. */
function withoutSpans(line: string): string {
  return line.replaceAll(/(?<!`)(`+)(?!`)(?:.*?[^`])\1(?!`)/gu, 'CODE');
}

/** The cells of a row, as GFM splits it: at every bar, in code too. */
function cellCount(row: string): number {
  return row.split('|').length - 2;
}

const TEXTS = fc.oneof(
  fc.constantFrom(
    ...HOSTILE,
    '```',
    '`',
    '``a`',
    '|',
    String.raw`\|`,
    String.raw`\\`,
    '~~~',
    '</details>',
    '@all #1 www.a.example',
    '*a*',
    '[a](b)',
    '',
  ),
  fc.string({
    unit: fc.constantFrom('`', '|', '\\', ' ', 'a', '<', '*', '\n', '~', '\u202E'),
    maxLength: 30,
  }),
);

describe('the Markdown of a drift', () => {
  test('is for a ticket: counts, a table for each project, the fields folded away', async (context) => {
    const dir = await temporaryFolder(context);
    const role = stored('ClusterRole', 'reader', { rules: [{ verbs: ['get'] }] });
    const before = await writeNightOf(dir, 19, { objects: [...project('shop', 1), role] });
    const after = await writeNightOf(dir, 20, {
      objects: [...project('shop', 2), { ...role, rules: [{ verbs: ['*', 'get'] }] }],
      outcomes: { nodes: [{ scope: '*', result: 'denied' }] },
    });
    const question = { projects: [], types: [], rules: [], findsRenames: true, isForced: false };
    const text = markdownReport(await compareArchives({ ...question, before, after }));
    for (const part of [
      '## 4 objects changed in 1 project and outside of projects: 1 critical, 2 high, 1 medium\n',
      '| before | `openshift-backup-20261119T001500Z.zip` | 2026-11-19 00:15:00Z | complete |\n',
      '| Objects changed | 4 |\n',
      '| Changes left out by ignore rules | 0 |\n',
      '| Parts not comparable | 1 |\n',
      '### Outside of projects\n\n| change | object | severity | last written |\n| --- | --- | --- | --- |\n| changed | `clusterroles.rbac.authorization.k8s.io/reader` | **critical** |  |\n',
      '### Project `shop`\n',
      '<details><summary>changed <code>configmaps/settings</code>: 1 field</summary>\n\n```diff\n  data["a.conf"]:\n@@ line 1 @@\n a=1\n-b=1\n+b=2\n c=3\n```\n\n</details>\n',
      '! data.password: changed (secret, not shown)\n',
      '- spec.template.spec.containers[name=web].image: "registry.example.com/web:1"\n',
      '### What this does not show\n\n```text\nNot comparable:\n  nodes; the archive after: denied',
    ])
      assert.ok(text.includes(part), `${part}\n---\n${text}`);
    assert.equal(text.includes('canary'), false);
  });

  test('has no markup but its own, whatever the texts are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(TEXTS, fc.array(TEXTS, { maxLength: 3 })), { maxLength: 4 }),
        (objects) => {
          const text = markdownReport(driftOf(objects.map(([name, fields]) => changed(`${name}x`, fields))));
          assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
          for (const line of withoutBlocks(text).split('\n')) {
            const bare = withoutSpans(line);
            assert.match(
              bare,
              /^(?:$|#{2,3} |\*\*Left out\*\*|\||<details><summary>changed <code>[^<>]*<\/code>: \d fields?<\/summary>$|<\/details>$)/u,
            );
            if (line.startsWith('|')) assert.ok([2, 4].includes(cellCount(line)), line);
            if (!line.startsWith('<'))
              assert.doesNotMatch(bare.replaceAll(/<\/?code>/gu, ''), /[<`~@[]|www\./u);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of a hostile archive holds nothing that a reader would obey', async (context) => {
    const dir = await temporaryFolder(context);
    const before = await writeNightOf(dir, 19, hostileNight(19));
    const after = await writeNightOf(dir, 20, hostileNight(20));
    const question = { projects: [], types: [], rules: [], findsRenames: true, isForced: false };
    const bare = withoutBlocks(markdownReport(await compareArchives({ ...question, before, after })));
    assert.doesNotMatch(bare.split('\n').map(withoutSpans).join('\n'), /<(?!\/?(?:details|summary|code)>)/u);
  });

  const SIZES: readonly (readonly [what: string, objects: readonly ObjectChange[], leftOut: RegExp])[] = [
    [
      'many objects',
      Array.from({ length: 3000 }, (_v, index) => changed(`p${index % 40}`, [`v${index}`])),
      /2,\d{3} objects, the fields of \d,\d{3} objects/u,
    ],
    [
      'many projects',
      Array.from({ length: 3000 }, (_v, index) => changed(`p${index}`, ['v'])),
      /2,\d{3} projects/u,
    ],
    [
      'long values',
      Array.from({ length: 60 }, (_v, index) =>
        changed(
          'p',
          Array.from({ length: 100 }, () => `${'`'.repeat(500)}${index}`),
        ),
      ),
      /the fields of \d\d objects/u,
    ],
    ['values of a megabyte', [changed('<|`'.repeat(100_000), ['a\n'.repeat(500_000)])], /^$/u],
  ];
  for (const [what, objects, leftOut] of SIZES) {
    test(`of ${what} fits into a ticket, and says what is left out`, () => {
      const text = markdownReport(driftOf(objects));
      assert.ok(text.length <= MARKDOWN_CHARACTERS_MAX, String(text.length));
      const [, said = '', command = ''] =
        /^\*\*Left out\*\*, to stay below 65,536 characters: (.*)\. All of it: (.*)$/mu.exec(text) ?? [];
      assert.match(said, leftOut);
      if (said !== '')
        assert.equal(command, String.raw`${'`'}openshift-backup diff a.zip 'b'\''; rm -rf ~ #.zip'${'`'}`);
      assert.match(
        text,
        /### What this does not show\n\n```text\nNot comparable: nothing\nLeft out by ignore rules: nothing\n```\n$/u,
      );
    });
  }

  test('says that nothing differs', () => {
    assert.match(markdownReport(driftOf([])), /^## No difference in 0 objects\n/u);
  });
});

describe('texts in Markdown', () => {
  test('are code spans that end where they should', () => {
    for (const [text, span] of [
      ['a', '`a`'],
      ['', '`  `'],
      ['`', '`` ` ``'],
      ['a`b', '``a`b``'],
      [' a ', '`  a  `'],
      ['a|b<', '<code>a&#124;b&#60;</code>'],
    ] as const)
      assert.equal(codeSpan(text), span);
  });

  test('are blocks that end where they should, and sentences without links', () => {
    assert.equal(fenced('diff', ['````']), '`````diff\n````\n`````');
    assert.equal(
      plainSentence('https://a.b www.c.d @e <f>'),
      'https&#58;//a.b www&#46;c.d &#64;e &#60;f&#62;',
    );
  });
});
