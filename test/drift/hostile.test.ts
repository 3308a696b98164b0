import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { driftText } from '../../src/cli/drift-text.ts';
import { CHANGES_MAX } from '../../src/drift/change-list.ts';
import { compareArchives, type DriftQuestion } from '../../src/drift/compare-archives.ts';
import type { Drift } from '../../src/drift/drift.ts';
import { summaryLine } from '../../src/drift/summary.ts';
import { archiveOf, listOf, manifestOf, temporaryFolder, writeArchive } from '../archive/zip-fixtures.ts';
import { type Night, stored, writeNightOf } from './nights.ts';

/** Clears the screen, turns the line round, hides text, ends the line. */
const NASTY = 'x\u001B[2J\u202E\u009B31m\u0007\r\n\u2028\u{E0041}';
const QUESTION: Omit<DriftQuestion, 'before' | 'after'> = {
  projects: [],
  types: [],
  rules: [],
  findsRenames: true,
  isForced: false,
};
const FORMATS = ['text', 'json', 'patch', 'markdown', 'name'] as const;

function outputsOf(drift: Drift): string[] {
  const stdout = process.stdout;
  const context = {
    stdout,
    stderr: stdout,
    environment: { TERM: 'dumb' },
    signal: new AbortController().signal,
  };
  const print = (output: (typeof FORMATS)[number], ...switches: readonly string[]): string =>
    driftText(drift, { process: context, output }, new Set(switches), new Map());
  return [...FORMATS.map((format) => print(format)), print('text', 'stat'), print('text', 'oneLine')];
}

async function driftOf(
  dir: string,
  before: Night,
  after: Night,
  question: Partial<DriftQuestion> = {},
): Promise<Drift> {
  const paths = { before: await writeNightOf(dir, 19, before), after: await writeNightOf(dir, 20, after) };
  return await compareArchives({ ...QUESTION, ...paths, ...question });
}

function manySettings(value: string): Night {
  return {
    objects: Array.from({ length: CHANGES_MAX + 500 }, (_value, index) =>
      stored('ConfigMap', `c-${index}`, { data: { a: value } }),
    ),
  };
}

function largeSettings(letter: string): Night {
  return {
    objects: Array.from({ length: 30 }, (_value, index) =>
      stored('ConfigMap', `c-${index}`, { data: { a: letter.repeat(1_000_000) } }),
    ),
  };
}

function twoProjects(value: string): Night {
  return {
    objects: ['shop', 'blog'].flatMap((project) => [
      stored('ConfigMap', 'c', { data: { a: value } }, project),
      stored('Secret', 's', { data: { a: value } }, project),
    ]),
  };
}

describe('what an archive holds', () => {
  test('moves no cursor, wherever it stands', async (context) => {
    const dir = await temporaryFolder(context);
    const named = stored('ConfigMap', NASTY, { data: { [NASTY]: NASTY, lines: `a\n${NASTY}\nb` } });
    const facts = {
      apiVersion: 'openshift-backup.io/v1',
      created: NASTY,
      kind: 'Facts',
      managers: [{ manager: NASTY, operation: NASTY, time: '2026-11-19T14:03:00Z' }],
      metadata: { name: NASTY },
      uid: NASTY,
    };
    const drift = await driftOf(
      dir,
      { objects: [named], facts: { 'shop/configmaps': [{ ...facts, managers: [] }] } },
      {
        objects: [{ ...named, data: { [NASTY]: `${NASTY}!`, lines: `a\n${NASTY}!\nb` } }],
        facts: { 'shop/configmaps': [facts] },
        outcomes: { [NASTY]: [{ scope: NASTY, result: 'failed', reason: NASTY }] },
        manifest: { ruleSet: NASTY },
      },
    );
    assert.deepEqual([drift.changes.length, drift.notComparable.length, drift.notes.length], [1, 1, 2]);
    const hostile: Drift = {
      ...drift,
      before: { ...drift.before, name: NASTY, startedAt: NASTY },
      suppressed: [{ rule: NASTY, reason: NASTY, count: 1 }],
      counts: drift.counts.map((count) => ({ ...count, project: NASTY, type: NASTY })),
      changes: drift.changes.flatMap((change) => [
        change,
        { ...change, type: NASTY, project: NASTY, previousName: NASTY, change: 'renamed' },
        { ...change, type: 'namespaces', project: NASTY, name: NASTY, change: 'removed' },
      ]),
    };
    for (const output of outputsOf(hostile))
      assert.doesNotMatch(output.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    assert.equal(summaryLine(hostile).includes('\n'), false);
  });

  const BROKEN: readonly (readonly [what: string, items: readonly object[], message: RegExp])[] = [
    [
      'objects that are not sorted',
      [stored('ConfigMap', 'b', { data: { a: '1' } }), stored('ConfigMap', 'a')],
      /not sorted by name/u,
    ],
    [
      'one object twice',
      [stored('ConfigMap', 'b', { data: { a: '1' } }), stored('ConfigMap', 'b', { data: { a: '2' } })],
      /not sorted by name/u,
    ],
    ['an object without a name', [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }], /without a name/u],
  ];
  for (const [what, items, message] of BROKEN) {
    test(`${what} are a damaged archive`, async (context) => {
      const dir = await temporaryFolder(context);
      const before = await writeNightOf(dir, 19, {
        objects: [stored('ConfigMap', 'a', { data: { x: '1' } })],
      });
      const contents = { 'shop/configmaps.json': listOf(...items) };
      const after = await writeArchive(
        dir,
        'openshift-backup-20261120T001500Z.zip',
        await archiveOf(contents, manifestOf(contents)),
      );
      await assert.rejects(compareArchives({ ...QUESTION, before, after }), { kind: 'failed', message });
    });
  }

  test('is told up to a limit, and counted beyond it', async (context) => {
    const dir = await temporaryFolder(context);
    const drift = await driftOf(dir, manySettings('1'), manySettings('2'));
    assert.deepEqual([drift.changes.length, drift.omittedCount], [CHANGES_MAX, 500]);
    assert.deepEqual(drift.counts, [
      { type: 'configmaps', project: 'shop', added: 0, removed: 0, changed: CHANGES_MAX + 500, renamed: 0 },
    ]);
    const [text = '', json = ''] = outputsOf(drift);
    assert.match(
      text,
      /^10,500 objects changed in 1 project: 10,000 medium, and 500 others that were only counted$/mu,
    );
    assert.match(text, /^Only counted: 500 changed objects beyond those shown/mu);
    assert.equal(
      (JSON.parse(json) as { summary: { changedCount: number } }).summary.changedCount,
      CHANGES_MAX + 500,
    );
  });

  test('takes no more memory than it is allowed to, however long its values are', async (context) => {
    const dir = await temporaryFolder(context);
    const drift = await driftOf(dir, largeSettings('a'), largeSettings('b'));
    assert.ok(drift.changes.length < 20 && drift.changes.length > 10, String(drift.changes.length));
    assert.equal(drift.changes.length + drift.omittedCount, 30);
    for (const output of outputsOf(drift).filter((_output, index) => index !== 1))
      assert.ok(output.length < 100_000);
  });

  test('is compared by project and type as it was asked for', async (context) => {
    const dir = await temporaryFolder(context);
    const names = async (question: Partial<DriftQuestion>): Promise<string[]> => {
      const { changes } = await driftOf(dir, twoProjects('YQ=='), twoProjects('Yg=='), question);
      return changes.map(({ project, type }) => `${String(project)}/${type}`).toSorted();
    };
    assert.deepEqual(await names({ projects: ['shop'] }), ['shop/configmaps', 'shop/secrets']);
    assert.deepEqual(await names({ projects: ['b*'], types: ['sec*'] }), ['blog/secrets']);
    assert.deepEqual(await names({ types: ['configmaps', 'deployments'] }), [
      'blog/configmaps',
      'shop/configmaps',
    ]);
    await assert.rejects(names({ projects: ['shop', 'absent'] }), { kind: 'usage', message: /absent/u });
    await assert.rejects(names({ types: ['absent'] }), { kind: 'usage', message: /absent/u });
  });
});
