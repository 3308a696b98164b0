import assert from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { DEFAULT_IGNORES } from '../../src/drift/default-ignores.ts';
import { readReport } from '../../src/report/read-report.ts';
import { REPORT_BYTES_MAX, reportPage } from '../../src/report/report-page.ts';
import { statusOf } from '../../src/status/backup-status.ts';
import { readFacts } from '../../src/status/folder-facts.ts';
import { temporaryFolder } from '../archive/zip-fixtures.ts';
import { type Night, stored, writeNightOf } from '../drift/nights.ts';
import { hostileNight, project, writeMonth } from './report-nights.ts';

const NOW = new Date('2026-11-20T07:00:00Z');
const nextAfter = (instant: Date): Date =>
  new Date(Math.floor(instant.getTime() / 86_400_000) * 86_400_000 + 86_400_000 + 900_000);

async function pageOf(dir: string, now = NOW): Promise<string> {
  const facts = await readFacts(dir);
  const viewpoint = { now, timeZone: 'Etc/UTC', dueAfter: nextAfter };
  // How full this machine's volume is has nothing to do with the archives.
  const space = { freeBytes: 2 ** 30, sizeBytes: 2 ** 31 };
  const question = {
    dir,
    backup: 'openshift-backup',
    viewpoint,
    rules: DEFAULT_IGNORES,
    toolVersion: '1.2.3',
  };
  return reportPage(await readReport({ ...question, facts: { ...facts, space } }));
}

/** What a person reads of it: without elements, references resolved, one space between words. */
function wordsOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/su, '')
    .replaceAll(/<[^>]*>/gu, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/gu, ' ');
}

/** The cells of the row of the map that begins with this name. */
function mapRow(page: string, name: string): string[] {
  const [, row = ''] =
    new RegExp(`<a href="#p\\d+" title="${name}">${name}</a></th>(.*?)</tr>`, 'su').exec(page) ?? [];
  return [...row.matchAll(/<td[^>]*>(.*?)<\/td>/gsu)].map(([, cell = '']) => wordsOf(cell).trim());
}

/** More than a report has room for, each value longer once it is escaped. */
function many(version: number): Night {
  return {
    objects: Array.from(
      { length: 70 },
      (_value, index) => `project-${String(index).padStart(3, '0')}`,
    ).flatMap((name) => [
      ...Array.from({ length: 22 }, (_value, place) =>
        stored(
          'ConfigMap',
          `c-${place}`,
          {
            data: Object.fromEntries(
              Array.from({ length: 10 }, (_v, key) => [`k${key}`, `${'<&"'.repeat(60)}${version}`]),
            ),
          },
          name,
        ),
      ),
      ...(name === 'project-000'
        ? [stored('ConfigMap', 'z', { data: { huge: `${'<'.repeat(1_000_000)}${version}` } }, name)]
        : []),
    ]),
    outcomes: Object.fromEntries(
      Array.from({ length: 400 }, (_value, index) => [
        `type-${index}.${'&'.repeat(100)}`,
        [{ scope: '*', result: 'skipped', rule: '"'.repeat(100), reason: '<'.repeat(1000) }] as const,
      ]),
    ),
  };
}

describe('a report', () => {
  test('of a month tells how the backup does and what changed', async (context) => {
    const dir = await temporaryFolder(context);
    await writeMonth(dir);
    const page = await pageOf(dir);
    const words = wordsOf(page);
    for (const text of [
      'openshift-backup · written 2026-11-20 07:00 (Etc/UTC)',
      'Complete: every type was read Last complete archive: 2026-11-20 00:15 (6 hours ago), openshift-backup-20261120T001500Z.zip',
      'Archives 29 ',
      'Next run due 2026-11-21 00:15',
      '2026-11-06: missing',
      '2026-11-09: incomplete',
      'Project blog 42 changes in 14 of 27 nights',
      'critical changed clusterroles.rbac.authorization.k8s.io/reader + rules[0].verbs[*]: "*"',
      '@@ line 1 @@ a=1 -b=113 +b=114 c=3',
      '! data.password: changed (secret, not shown)',
      'openshift-backup diff openshift-backup-20261118T001500Z.zip openshift-backup-20261119T001500Z.zip -n blog',
      '– skipped – run-records: gone after an hour',
      '⊘ denied – the service account may not list it',
    ])
      assert.ok(words.includes(text), `${text}\n${words.slice(0, 20_000)}`);
    assert.equal(words.includes('canary'), false, 'no value of a secret is in it');
    // 30 nights, of which one is missing and one is incomplete, and the sum.
    const blog = mapRow(page, 'blog');
    assert.deepEqual(
      [blog.length, blog[0], blog[1], blog.at(-2), blog.at(-1)],
      [29, '– nothing before it', '0', '0', '42'],
    );
    assert.equal(
      blog.slice(1, -1).reduce((sum, cell) => sum + Number(cell), 0),
      42,
    );
    assert.equal(page.split('Content-Security-Policy').length, 2);
    assert.doesNotMatch(page, /https?:|<script|url\(|@import|\bon[a-z]+=/u);
  });

  test('is the same for the same archives and the same time', async (context) => {
    const dir = await temporaryFolder(context);
    await writeMonth(dir);
    const page = await pageOf(dir);
    assert.equal(await pageOf(dir), page);
    assert.notEqual(await pageOf(dir, new Date('2026-11-20T11:00:00Z')), page);
  });

  test('has no hostile text but as a text', async (context) => {
    const dir = await temporaryFolder(context);
    for (const day of [18, 19, 20]) await writeNightOf(dir, day, hostileNight(day));
    const page = await pageOf(dir);
    assert.equal(page.split('</style>').length, 2);
    assert.doesNotMatch(page, /<(?:img|script|iframe|textarea|!--)|<[^>]*\son\w+=/u);
    assert.doesNotMatch(page.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    for (const part of [
      'configmaps/0&lt;img src=x onerror=&quot;document.title=&#39;owned&#39;&quot;&gt;',
      'by &lt;img src=x onerror=&quot;document.title=&#39;owned&#39;&quot;&gt;&lt;/style&gt;',
      'configmaps/1&lt;/style&gt;&lt;/title&gt;',
    ])
      assert.ok(page.includes(part), part);
  });

  test('names archives that can not be read or compared, and compares the others', async (context) => {
    const dir = await temporaryFolder(context);
    await writeNightOf(dir, 16, { objects: project('shop', 1) });
    await truncate(await writeNightOf(dir, 17, { objects: project('shop', 2) }), 200);
    await writeNightOf(dir, 18, { objects: project('shop', 3) });
    const cluster = { id: 'cluster-b', serverVersion: 'v1.36.0' };
    await writeNightOf(dir, 19, { objects: project('shop', 3), manifest: { cluster } });
    await writeNightOf(dir, 20, { objects: project('shop', 4), manifest: { cluster } });
    const page = await pageOf(dir);
    assert.deepEqual(mapRow(page, 'shop'), [
      '– nothing before it',
      '? not known',
      '3',
      '? not known',
      '3',
      '6',
    ]);
    assert.match(wordsOf(page), /The archives are of two clusters/u);
  });

  const EMPTY: readonly (readonly [what: string, days: readonly number[], text: string])[] = [
    ['without an archive', [], 'No run yet There is no complete archive.'],
    ['with one archive', [20], 'Nothing has changed between the archives that could be compared.'],
  ];
  for (const [what, days, text] of EMPTY) {
    test(`${what} says so`, async (context) => {
      const dir = await temporaryFolder(context);
      for (const day of days) await writeNightOf(dir, day, { objects: project('shop', 1) });
      assert.ok(wordsOf(await pageOf(dir)).includes(text));
    });
  }

  test('stays below a megabyte, and says what is left out', async (context) => {
    const dir = await temporaryFolder(context);
    for (const day of [18, 19, 20]) await writeNightOf(dir, day, many(day));
    const page = await pageOf(dir);
    const bytes = Buffer.byteLength(page);
    assert.ok(bytes < REPORT_BYTES_MAX && bytes > 400_000, String(bytes));
    const words = wordsOf(page);
    assert.match(words, /10 are not shown by themselves/u);
    assert.match(words, /3 more objects\. All of it: openshift-backup diff /u);
    assert.match(words, /; \d+ are not shown/u);
  });
});

test('Of projects and nights without number the newest nights are told, and the others counted', () => {
  const archive = `openshift-backup-${'x'.repeat(100)}.zip`;
  const one = { added: 0, removed: 0, changed: 1, renamed: 0, changes: [] };
  const names = Array.from({ length: 70 }, (_value, index) => `${'<'.repeat(70)}${index}`);
  const drift = {
    beforeArchive: archive,
    headline: '',
    projects: new Map(names.map((name) => [name, one])),
    suppressedCount: 0,
    notComparableCount: 0,
    remarks: [],
  };
  const nights = Array.from({ length: 31 }, (_value, index) => ({
    archive,
    startedAt: new Date(Date.UTC(2026, 9, 20 + index)).toISOString(),
    sizeBytes: 1,
    objectCounts: new Map<string, number>(),
    drift: index === 0 ? undefined : drift,
  }));
  const viewpoint = { now: NOW, timeZone: 'Etc/UTC', dueAfter: undefined };
  const status = statusOf('x', { runs: [], archives: [], space: undefined }, viewpoint);
  const report = { status, viewpoint, space: undefined, nights, coverage: undefined, toolVersion: '1' };
  const page = reportPage(report);
  assert.ok(Buffer.byteLength(page) < REPORT_BYTES_MAX, String(Buffer.byteLength(page)));
  const words = wordsOf(page);
  const missing = [
    ...words.matchAll(/(\d+) more nights? with changes; there is no room for them here/gu),
  ].map(([, count]) => Number(count));
  assert.deepEqual([missing.length, missing.every((count) => count > 5 && count < 30)], [60, true]);
  assert.match(words, /10 other projects – nothing before it 10 10 /u);
  // The map leads to the project where the night itself is not told.
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/gu)].map(([, id]) => id));
  const links = [...page.matchAll(/ href="#([^"]+)"/gu)].map(([, id]) => id);
  assert.deepEqual([links.length > 1800, links.filter((id) => !ids.has(id))], [true, []]);
});
