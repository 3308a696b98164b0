import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, link, lutimes, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { verifyCopy } from '../../src/backuper/verify-copy.ts';
import { makeRichTree } from './rich-tree.ts';
import { backuper, FULL_ROOT, newFolder, type Place, skip } from './run-backuper.ts';

/** A copy by other means, of a rich tree. */
async function copied(): Promise<Place> {
  const folder = await newFolder();
  const place = { folder, source: path.join(folder, 'source'), target: path.join(folder, 'target') };
  await mkdir(place.source);
  await makeRichTree(place.source, { one: 1000, other: 2000 });
  execFileSync('cp', ['-a', place.source, place.target]);
  return place;
}

/** Keeps the time of a file or folder, which is another field. */
async function within(name: string, change: () => Promise<unknown>): Promise<void> {
  const seconds = execFileSync('stat', ['-c', '%.9Y', name], { encoding: 'utf8' }).trim();
  await change();
  execFileSync('touch', ['-d', `@${seconds}`, name]);
}

const rewrite = (file: string, content: string): Promise<void> =>
  within(file, () => writeFile(file, content));

/** A change of one field of one entry of the target, and what is said of it. */
const FIELDS: Readonly<
  Record<string, readonly [change: (target: string) => Promise<unknown>, said: RegExp]>
> = {
  'a mode': [(at) => chmod(`${at}/sparse`, 0o600), /^sparse: mode 644, in the target 600$/u],
  'a set-id bit': [(at) => chmod(`${at}/shared`, 0o775), /^shared: mode 2775, in the target 775$/u],
  'an owner': [(at) => chown(`${at}/sparse`, 1001, 1000), /^sparse: owner 1000, in the target 1001$/u],
  'a group': [(at) => chown(`${at}/empty`, 1000, 1001), /^empty: group 1000, in the target 1001/u],
  'an owner of a link': [
    async (at) => execFileSync('chown', ['-h', '7', `${at}/dangling`]),
    /^dangling: owner 1000, in the target 7$/u,
  ],
  'a size': [
    (at) => within(at, () => rewrite(`${at}/empty-file`, 'x')),
    /^empty-file: size 0, in the target 1$/u,
  ],
  'a time, by a nanosecond': [
    async (at) => execFileSync('touch', ['-d', '@1234567890.987000001', `${at}/shared`]),
    /^shared: time 1234567890\.98\d+, in the target 1234567890\.987000001$/u,
  ],
  'a time of a link': [
    (at) => lutimes(`${at}/dangling`, 1, 1),
    /^dangling: time 1100000000\.0+, in the target 1\.0+$/u,
  ],
  'a time of a fifo': [
    (at) => utimes(`${at}/fifo`, 1, 1),
    /^fifo: time 1234567890\.98\d+, in the target 1\.0+$/u,
  ],
  'the time of the root': [(at) => utimes(at, 1, 1), /^\.: time 1234567890\.98\d+, in the target 1\.0+$/u],
  'where a link leads': [
    (at) =>
      within(at, async () => {
        await rm(`${at}/dangling`);
        await symlink('/nowhere/at ALL', `${at}/dangling`);
        execFileSync('chown', ['-h', '1000:1000', `${at}/dangling`]);
        await lutimes(`${at}/dangling`, 1e9, 1.1e9);
      }),
    /^dangling: leads to \/nowhere\/at all, in the target to \/nowhere\/at ALL$/u,
  ],
  'a type': [
    (at) =>
      within(at, async () => {
        await within(`${at}/fifo`, async () => {
          await rm(`${at}/fifo`);
          await writeFile(`${at}/fifo`, '', { mode: 0o644 });
          await chown(`${at}/fifo`, 1000, 1000);
        });
      }),
    /^fifo: type p, in the target f/u,
  ],
  'an entry too few': [
    (at) => within(`${at}/private/deep`, () => rm(`${at}/private/deep/secret`)),
    /^private\/deep\/secret: missing in the target$/u,
  ],
  'an entry too many': [
    (at) => within(`${at}/empty`, () => writeFile(`${at}/empty/new\n`, '')),
    /^empty\/new\\u\{a\}: only in the target$/u,
  ],
  'a file that is no hard link any more': [
    (at) =>
      within(`${at}/shared`, async () => {
        execFileSync('cp', ['-a', `${at}/shared/three`, `${at}/shared/x`]);
        await rename(`${at}/shared/x`, `${at}/shared/three`);
      }),
    /^(?:one|private\/two|shared\/three): hard links only in the source$/u,
  ],
  'a name that is no UTF-8': [
    (at) =>
      within(`${at}/names`, async () =>
        rename(
          Buffer.concat([Buffer.from(`${at}/names/`), Buffer.from([0x66, 0xe4, 0xff, 0x0a, 0x80])]),
          Buffer.concat([Buffer.from(`${at}/names/`), Buffer.from([0x66, 0xe4, 0xff, 0x0a, 0x81])]),
        ),
      ),
    /^names\/f\\xe4\\xff\\u\{a\}\\x8[01]: (?:missing|only) in the target$/u,
  ],
};

describe('A comparison', { skip }, () => {
  test('of a copy that is one finds nothing', async () => {
    const place = await copied();
    const report = await backuper(place, { task: 'verify', checksum: true }, FULL_ROOT);
    assert.deepEqual([report.code, report.outcome], [0, 'done'], report.verification?.differences.join('\n'));
    assert.deepEqual(report.verification, {
      entryCount: 29,
      differenceCount: 0,
      differences: [],
      hasReadContents: true,
    });
  });

  for (const [name, [change, said]] of Object.entries(FIELDS)) {
    test(`finds ${name}`, async () => {
      const place = await copied();
      await change(place.target);
      const report = await backuper(place, { task: 'verify' });
      assert.deepEqual([report.code, report.outcome], [1, 'unequal']);
      const differences = report.verification?.differences ?? [];
      assert.match(differences[0] ?? '', said);
      assert.ok((report.verification?.differenceCount ?? 0) <= 2, differences.join('\n'));
    });
  }

  test('finds files that are one in the target only', async () => {
    const place = await copied();
    for (const side of [place.source, place.target]) {
      for (const name of ['x', 'y']) await writeFile(path.join(side, name), 'same');
    }
    await within(place.target, async () => {
      await rm(path.join(place.target, 'y'));
      await link(path.join(place.target, 'x'), path.join(place.target, 'y'));
    });
    execFileSync('touch', ['-d', '@1', ...['x', 'y', '.'].map((name) => path.join(place.source, name))]);
    execFileSync('touch', ['-d', '@1', ...['x', 'y', '.'].map((name) => path.join(place.target, name))]);
    const { verification } = await backuper(place, { task: 'verify' });
    assert.equal(verification?.differenceCount, 1);
    assert.match(verification.differences[0] ?? '', /^[xy]: hard links only in the target$/u);
  });

  test('finds other contents only when it reads them', async () => {
    const place = await copied();
    await within(`${place.target}/private/deep`, () =>
      rewrite(`${place.target}/private/deep/secret`, 'SECRET'),
    );
    assert.equal((await backuper(place, { task: 'verify' })).outcome, 'done');
    const report = await backuper(place, { task: 'verify', checksum: true });
    assert.equal(report.outcome, 'unequal');
    assert.deepEqual(report.verification?.differences, ['private/deep/secret: contents differ']);
  });

  test('calls a difference fuzzy where the source is live and has changed, and no other', async () => {
    const place = await copied();
    await writeFile(`${place.source}/sparse`, 'changed now');
    const live = await backuper(place, { task: 'verify', isLive: true });
    assert.deepEqual([live.code, live.outcome], [0, 'fuzzy']);
    assert.match(live.message, /keep the application still/u);
    assert.equal((await backuper(place, { task: 'verify' })).outcome, 'unequal');
  });

  test('does not call it fuzzy where the source has long been as it is', async () => {
    const place = await copied();
    await chown(`${place.target}/private/deep/secret`, 1000, 2000);
    const comparison = {
      source: { folder: place.source, leftOut: [] },
      target: { folder: place.target, leftOut: [] },
      isRootCompared: true,
      timeDigits: 9,
      expectedCount: 0,
    };
    const verify = async (beganSeconds: number): Promise<string> => {
      const options = { comparison: { ...comparison, beganSeconds }, contents: undefined, isLive: true };
      return (await verifyCopy({ ...options, signal: new AbortController().signal })).outcome;
    };
    assert.equal(await verify(Date.now() / 1000 + 60), 'unequal');
    assert.equal(await verify(Date.now() / 1000 - 300), 'fuzzy');
  });

  test('of folders it may not enter is no success', async () => {
    const place = await copied();
    const report = await backuper(place, { task: 'verify', identity: 'owner' });
    assert.deepEqual([report.code, report.outcome], [1, 'unreadable']);
  });

  test('of a copy that is not there says so', async () => {
    const place = await copied();
    const report = await backuper(place, { task: 'verify', into: 'gone' });
    assert.deepEqual([report.code, report.outcome], [1, 'missing-folder']);
  });
});
