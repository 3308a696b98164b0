import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runPasses } from '../../src/backuper/copy-passes.ts';
import { sideOf } from '../../src/backuper/side-facts.ts';
import type { Stopped } from '../../src/backuper/stopped.ts';
import type { Notes } from '../../src/backuper/task-context.ts';
import { allocated, makeRichTree, manifest } from './rich-tree.ts';
import { backuper, FULL_ROOT, newFolder, OWNER, type Place, ROOT, skip, startWith } from './run-backuper.ts';

/** A source with files, and an empty target, both of one owner. */
async function newPlace(files: Readonly<Record<string, string>> = {}, uid = 0): Promise<Place> {
  const folder = await newFolder();
  const place = { folder, source: path.join(folder, 'source'), target: path.join(folder, 'target') };
  for (const side of [place.source, place.target]) await mkdir(side);
  await write(place.source, files, uid);
  for (const side of [place.source, place.target]) await chown(side, uid, uid);
  return place;
}

async function write(folder: string, files: Readonly<Record<string, string>>, uid = 0): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  execFileSync('chown', ['-hR', `${uid}:${uid}`, folder]);
}

const numbered = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`file-${index}`, `content ${index}`]));

describe('A copy', { skip }, () => {
  for (const [name, checksum] of [
    ['', false],
    [', contents compared', true],
  ] as const) {
    test(`as root keeps everything of several owners${name}`, async () => {
      const place = await newPlace();
      await makeRichTree(place.source, { one: 1000, other: 2000 });
      const report = await backuper(place, { checksum }, FULL_ROOT);
      assert.deepEqual([report.code, report.outcome, report.warnings, report.errors], [0, 'done', [], []]);
      assert.equal(report.verification?.hasReadContents, checksum);
      assert.equal(manifest(place.target), manifest(place.source));
      assert.ok(allocated(path.join(place.target, 'sparse')) < 1024 * 1024, 'holes stay holes');
    });
  }

  test('as the owner keeps everything, in a folder of its own', async () => {
    const place = await newPlace();
    await makeRichTree(place.source, { one: 1000, other: 1000 });
    await chown(place.target, 1000, 1000);
    const report = await backuper(place, { identity: 'owner' });
    assert.deepEqual([report.code, report.outcome, report.message.includes('29 entries')], [0, 'done', true]);
    assert.equal(manifest(place.target), manifest(place.source));
  });

  test("as the owner keeps everything but the folder's own attributes, where that is root's", async () => {
    const place = await newPlace();
    await makeRichTree(place.source, { one: 1000, other: 1000 });
    const asCluster = async (): Promise<void> => {
      await chown(place.target, 0, 1000);
      await chmod(place.target, 0o2775);
      await mkdir(path.join(place.target, 'lost+found'), { recursive: true, mode: 0o700 });
    };
    await asCluster();
    await write(path.join(place.target, 'stale'), { 'old/file': '' }, 1000);
    await write(path.join(place.target, 'shared'), { stale: '' }, 1000);
    // What is a file now was a folder once.
    await write(path.join(place.target, 'one'), { inside: '' }, 1000);
    const report = await backuper(place, { identity: 'owner', checksum: true, mayShrink: true });
    assert.deepEqual([report.code, report.outcome, report.errors], [0, 'done', []], report.message);
    const own = /^\|d\|.*$/mu;
    assert.equal(
      manifest(place.target)
        .replace(own, '')
        .replace(/^lost\+found\|.*\n/mu, ''),
      manifest(place.source).replace(own, ''),
    );
    assert.equal((await lstat(place.target)).uid, 0);
  });

  test('follows the source: what is new, changed, renamed and gone', async () => {
    const place = await newPlace({ 'a/one': '1', 'b/two': '2', 'c/three': '3', four: '4' });
    assert.equal((await backuper(place)).outcome, 'done');
    const { atime, mtime } = await lstat(path.join(place.source, 'four'));
    await rename(path.join(place.source, 'a'), path.join(place.source, 'd'));
    await rm(path.join(place.source, 'b/two'));
    await write(place.source, { 'c/three': 'changed', 'e/five': '5', four: 'x' });
    // Of the same size, in the same second.
    await utimes(
      path.join(place.source, 'four'),
      atime,
      new Date(Math.floor(mtime.getTime() / 1000) * 1000 + 1),
    );
    const report = await backuper(place);
    assert.deepEqual([report.outcome, report.verification?.differences], ['done', []]);
    assert.equal(manifest(place.target), manifest(place.source));
  });

  for (const identity of ['root', 'owner'] as const) {
    test(`as ${identity} makes two files of what is no hard link any more, though it looks the same`, async () => {
      const place = await newPlace({ one: 'same' }, 1000);
      const [one, two] = ['one', 'two'].map((name) => path.join(place.source, name)) as [string, string];
      execFileSync('ln', [one, two]);
      await chown(place.target, 0, 0);
      await chmod(place.target, 0o777);
      assert.equal((await backuper(place, { identity })).outcome, 'done');
      execFileSync('cp', ['-a', one, `${one}.new`]);
      await rename(`${one}.new`, one);
      const report = await backuper(place, { identity });
      assert.equal(report.outcome, 'done', report.verification?.differences.join('\n'));
      assert.equal((await lstat(path.join(place.target, 'two'))).nlink, 1);
    });
  }

  test('takes attributes and ACLs away that the source has no more', async () => {
    const place = await newPlace({ file: '' });
    const file = path.join(place.source, 'file');
    execFileSync('setfattr', ['-n', 'user.colour', '-v', 'red', file]);
    execFileSync('setfacl', ['-m', 'u:4711:r', file]);
    assert.equal((await backuper(place)).outcome, 'done');
    assert.equal(manifest(place.target), manifest(place.source));
    execFileSync('setfattr', ['-x', 'user.colour', file]);
    execFileSync('setfacl', ['-b', file]);
    assert.equal((await backuper(place)).outcome, 'done');
    assert.equal(manifest(place.target), manifest(place.source));
  });

  test('of a folder takes only that, into a folder that is made for it', async () => {
    const place = await newPlace({
      'data/$(reboot) `x`;/in': 'yes',
      'data/lost+found/own': 'kept',
      other: 'no',
    });
    const report = await backuper(place, { sub: 'data', into: 'shop/claims/data' });
    assert.equal(report.outcome, 'done');
    assert.deepEqual(await readdir(place.target), ['shop']);
    assert.equal(
      manifest(path.join(place.target, 'shop/claims/data')),
      manifest(path.join(place.source, 'data')),
    );
    const inner = await backuper(place, { sub: 'data/$(reboot) `x`;', into: 'strange' });
    assert.equal(inner.outcome, 'done');
    assert.deepEqual(await readdir(path.join(place.target, 'strange')), ['in']);
  });

  test('leaves the storage’s own folders at the root alone on both sides', async () => {
    const place = await newPlace({ file: '', 'lost+found/x': '', '.snapshot/y': '' });
    await write(place.target, { 'lost+found/z': '' });
    const report = await backuper(place);
    assert.equal(report.outcome, 'done');
    assert.deepEqual(report.warnings, ['/.snapshot belongs to the storage and is left out']);
    assert.deepEqual((await readdir(place.target)).toSorted(), ['file', 'lost+found']);
    assert.deepEqual(await readdir(path.join(place.target, 'lost+found')), ['z']);
  });

  test('leaves devices out and says so', async () => {
    const place = await newPlace({ file: '' });
    execFileSync('mknod', [path.join(place.source, 'null'), 'c', '1', '3']);
    const report = await backuper(place);
    assert.deepEqual([report.outcome, report.source?.deviceCount], ['done', 1]);
    assert.deepEqual(report.warnings, ['Device nodes are never copied: 1 are left out']);
  });

  test('does not enter a file system that is mounted in the source', async () => {
    const place = await newPlace({ file: '', 'mounted/hidden': '' });
    const mounted = path.join(place.source, 'mounted');
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mounted]);
    try {
      await writeFile(path.join(mounted, 'inside'), '');
      assert.equal((await backuper(place)).outcome, 'done');
      assert.deepEqual(await readdir(path.join(place.target, 'mounted')), []);
    } finally {
      execFileSync('umount', [mounted]);
    }
  });
});

describe('What a well-known predecessor got wrong', { skip }, () => {
  test('a volume with only folders at its root is not empty', async () => {
    const place = await newPlace({ 'userdata/PG_VERSION': '16', 'userdata/base/1': 'x' }, 26);
    const report = await backuper(place, { identity: 'owner' }, { kind: 'user', uid: 26, gid: 26 });
    assert.deepEqual(
      [report.outcome, report.source?.owners],
      ['done', [{ uid: 26, gid: 26, entryCount: 4 }]],
    );
  });

  test('a folder that is missing is no copy of everything', async () => {
    const place = await newPlace({ file: '' });
    const report = await backuper(place, { sub: 'gone/x' });
    assert.deepEqual([report.code, report.outcome], [1, 'missing-folder']);
    assert.deepEqual(await readdir(place.target), []);
  });

  test('several owners are not all given to one', async () => {
    const place = await newPlace({ a: '', b: '' }, 1000);
    await chown(path.join(place.source, 'b'), 2000, 2000);
    const report = await backuper(place, { identity: 'owner' });
    assert.deepEqual([report.code, report.outcome], [1, 'owners-refused']);
    assert.match(
      report.message,
      /2 owners, among them user 2000, group 2000, and this is user 1000: copy as root$/u,
    );
    assert.deepEqual(await readdir(place.target), []);
  });

  test('a copy that fails is a failure', async () => {
    const place = await newPlace({ a: '' });
    execFileSync('chattr', ['+i', place.target]);
    try {
      const report = await backuper(place);
      assert.deepEqual([report.code, report.outcome], [1, 'failed']);
      assert.match(report.message, /^Nothing can be written to the target: /u);
    } finally {
      execFileSync('chattr', ['-i', place.target]);
    }
  });

  test('two sources on one target do not mix', async () => {
    const one = await newPlace({ a: 'one', b: 'one' });
    const two = { ...(await newPlace({ a: 'two' })), target: one.target };
    assert.equal((await backuper(one, { into: 'one' })).outcome, 'done');
    assert.equal((await backuper(two, { into: 'two' })).outcome, 'done');
    assert.equal((await backuper(one, { into: 'one' })).outcome, 'done');
    assert.equal(manifest(path.join(one.target, 'one')), manifest(one.source));
    assert.equal(manifest(path.join(one.target, 'two')), manifest(two.source));
  });

  test('a newer but broken file in the target is replaced', async () => {
    const place = await newPlace({ dump: 'good' });
    await write(place.target, { dump: 'truncated-bad' });
    await utimes(path.join(place.target, 'dump'), 4e9, 4e9);
    assert.equal((await backuper(place, { mayShrink: true })).outcome, 'done');
    assert.equal(await readFile(path.join(place.target, 'dump'), 'utf8'), 'good');
  });
});

/** Folders, and what is said of them, before anything is written. */
const FOLDERS: Readonly<
  Record<string, readonly [request: { sub?: string; into?: string }, outcome: string]>
> = {
  'out of the source': [{ sub: '../source' }, 'bad-folder'],
  'out of the source, further in': [{ sub: 'data/../../target' }, 'bad-folder'],
  'from the root': [{ sub: '/etc' }, 'bad-folder'],
  'with an empty part': [{ sub: 'data//x' }, 'bad-folder'],
  'with a part that is too long': [{ sub: 'x'.repeat(256) }, 'bad-folder'],
  'by a link out of the source': [{ sub: 'etc' }, 'bad-folder'],
  'below a link out of the source': [{ sub: 'etc/ssl' }, 'bad-folder'],
  'that is a file': [{ sub: 'file' }, 'bad-folder'],
  'below a file': [{ sub: 'file/x' }, 'missing-folder'],
  'behind a link to nothing': [{ sub: 'nothing' }, 'bad-folder'],
  'into a link out of the target': [{ into: 'etc' }, 'bad-folder'],
  'into a folder below one': [{ into: 'etc/new' }, 'bad-folder'],
  'into a link to nothing': [{ into: 'nothing/new' }, 'bad-folder'],
  'into the folder above': [{ into: '..' }, 'bad-folder'],
};
describe('A folder', { skip }, () => {
  for (const [name, [request, outcome]] of Object.entries(FOLDERS)) {
    test(`${name}: ${outcome}`, async () => {
      const place = await newPlace({ 'data/x': '', file: '' });
      for (const side of [place.source, place.target]) {
        await symlink('/etc', path.join(side, 'etc'));
        await symlink('/nonexistent', path.join(side, 'nothing'));
      }
      const before = manifest(place.target);
      const report = await backuper(place, request);
      assert.deepEqual([report.code, report.outcome], [1, outcome], report.message);
      assert.equal(manifest(place.target), before);
    });
  }

  test('that a link within the volume leads to is taken', async () => {
    const place = await newPlace({ 'releases/2/x': '' });
    await symlink('releases/2', path.join(place.source, 'current'));
    assert.equal((await backuper(place, { sub: 'current' })).outcome, 'done');
    assert.deepEqual(await readdir(place.target), ['x']);
  });

  test('is not copied onto itself', async () => {
    const place = await newPlace({ x: '' });
    const report = await backuper({ ...place, target: place.source });
    assert.deepEqual([report.outcome, report.code], ['bad-folder', 1]);
  });
});

describe('A copy is refused', { skip }, () => {
  test('when the source can’t be read, with a path', async () => {
    const place = await newPlace({ a: '', 'b/c': '' }, 1000);
    await chown(path.join(place.source, 'b'), 2000, 2000);
    await chmod(path.join(place.source, 'b'), 0o700);
    const report = await backuper(place, { identity: 'owner' });
    assert.deepEqual(
      [report.outcome, report.source?.unreadableCount, report.source?.unreadable],
      ['unreadable', 1, ['b']],
    );
    assert.deepEqual(await readdir(place.target), []);
    // What root can read without any right to the disk of others.
    assert.equal(
      (await backuper(place, {}, { kind: 'root', capabilities: ['chown'] })).outcome,
      'unreadable',
    );
  });

  test('when the target takes no other owners', async () => {
    const place = await newPlace({ a: '' }, 1000);
    await chown(place.target, 0, 0);
    await chown(place.source, 0, 0);
    const report = await backuper(place, {}, { kind: 'root', capabilities: ['dac_override', 'fowner'] });
    assert.deepEqual([report.code, report.outcome], [1, 'owners-refused']);
    assert.match(report.message, /does not take user 1000, group 1000 \(EPERM/u);
    assert.deepEqual(await readdir(place.target), []);
  });

  test('when the owner may not write to the target', async () => {
    const place = await newPlace({ a: '' }, 1000);
    await chown(place.target, 0, 0);
    const report = await backuper(place, { identity: 'owner' });
    assert.deepEqual([report.code, report.outcome], [1, 'failed']);
    assert.match(report.message, /user 1000 may not write there/u);
  });

  test('with arguments that are none', async () => {
    const place = await newPlace();
    const { code, report, reportBytes } = await (await startWith(place, ['copy', 'sub=..'])).finished;
    assert.deepEqual([code, report?.outcome, report?.task], [1, 'bad-request', 'probe']);
    assert.ok(reportBytes > 0);
  });

  const SHRUNK: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'is empty': {},
    'has lost most of its entries': numbered(4),
    'has lost most of its bytes': Object.fromEntries(Object.keys(numbered(10)).map((name) => [name, ''])),
  };
  for (const [name, files] of Object.entries(SHRUNK)) {
    test(`when the source ${name}, unless that is allowed`, async () => {
      const place = await newPlace(files);
      await write(place.target, numbered(10));
      const before = manifest(place.target);
      const report = await backuper(place);
      assert.deepEqual([report.code, report.outcome], [1, 'shrunk']);
      assert.match(
        report.message,
        /and the copy 10 entries \(90 B\), of which \d+ entr(?:y|ies) would be removed/u,
      );
      assert.equal(manifest(place.target), before);
      assert.equal((await backuper(place, { mayShrink: true })).outcome, 'done');
      assert.equal(manifest(place.target), manifest(place.source));
    });
  }

  test('a folder that is empty counts as a source that is', async () => {
    const place = await newPlace({ 'full/x': 'x' });
    await mkdir(path.join(place.source, 'sub'));
    await write(place.target, { kept: 'x' });
    assert.equal((await backuper(place, { sub: 'sub' })).outcome, 'shrunk');
  });

  test('not when nearly everything is replaced every night, though there is a limit', async () => {
    const place = await newPlace(numbered(2500));
    assert.equal((await backuper(place)).outcome, 'done');
    for (const name of await readdir(place.source)) {
      await rename(path.join(place.source, name), path.join(place.source, `new-${name}`));
    }
    const report = await backuper(place);
    assert.deepEqual([report.outcome, report.copied?.deletedCount, report.errors], ['done', 2500, []]);
  });
});

test('A source that loses its entries after they were counted stops at a limit', { skip }, async () => {
  const place = await newPlace();
  await write(place.target, numbered(3000));
  const { signal } = new AbortController();
  const notes: Notes = { warnings: [], errors: [] };
  const form = {
    source: place.source,
    target: place.target,
    leftOut: [],
    keepsAcls: false,
    keepsXattrs: false,
    keepsLinks: true,
    keepsHoles: false,
    timeDigits: 9,
    bandwidthKiB: 0,
    isRootForeign: false,
    linkFrom: undefined,
    isTight: false,
  };
  const options = {
    signal,
    isLive: false,
    descriptors: [],
    totalBytes: 0,
    onProgress: () => undefined,
    notes,
  };
  const guarded = await sideOf({ folder: place.target, leftOut: [] }, signal);
  await assert.rejects(runPasses({ form, options, guarded }), (error: Stopped) => error.outcome === 'shrunk');
  assert.deepEqual([notes.copied?.rsyncExit, notes.copied?.deletedCount], [25, 1500]);
  assert.equal((await readdir(place.target)).length, 1500);
});

describe('A probe', { skip }, () => {
  test('counts what decides who may copy, and changes nothing', async () => {
    const place = await newPlace();
    await makeRichTree(place.source, { one: 1000, other: 2000 });
    const device = path.join(place.source, 'null');
    execFileSync('mknod', [device, 'c', '1', '3']);
    await chown(device, 0, 0);
    const before = manifest(place.folder.concat('/source'));
    const { source, ...report } = await backuper(place, { task: 'probe', identity: 'owner' });
    assert.deepEqual([report.code, report.outcome, report.identity?.uid], [0, 'done', 1000]);
    assert.equal(report.identity?.capEff, '0000000000000000');
    assert.ok(source);
    const { totalBytes, freeBytes, freeInodes, allocatedBytes, fileSystem, ...rest } = source;
    assert.ok(totalBytes > freeBytes && freeInodes > 0);
    assert.ok(allocatedBytes < 1024 * 1024);
    assert.notEqual(fileSystem, 'unknown');
    assert.deepEqual(rest, {
      entryCount: 29,
      fileCount: 18,
      folderCount: 5,
      linkCount: 3,
      specialCount: 2,
      deviceCount: 1,
      sizeBytes: 52_428_871,
      hardLinkCount: 3,
      setIdCount: 2,
      aclCount: 2,
      xattrCount: 3,
      unreadableCount: 1,
      unreadable: ['private/deep'],
      owners: [
        { uid: 1000, gid: 1000, entryCount: 27 },
        { uid: 0, gid: 0, entryCount: 1 },
        { uid: 2000, gid: 2000, entryCount: 1 },
      ],
      ownerCount: 3,
      root: { uid: 1000, gid: 1000, mode: 0o2775 },
    });
    assert.equal(manifest(place.source), before);
    const asRoot = await backuper(place, { task: 'probe' }, { kind: 'root', capabilities: ['dac_override'] });
    assert.deepEqual([asRoot.source?.unreadableCount, asRoot.source?.entryCount], [0, 30]);
  });

  test('of names that nobody can print stays within its message', async () => {
    const place = await newPlace(undefined, 2000);
    const names = Array.from({ length: 20 }, (_, index) => `${index}\u{1b}[2J${'\n'.repeat(200)}`);
    await write(place.source, Object.fromEntries(names.map((name) => [name, ''])), 2000);
    for (const name of names) await chmod(path.join(place.source, name), 0o600);
    await chmod(place.source, 0o755);
    const { report, reportBytes } = await (await startWith(place, probeArguments(), OWNER)).finished;
    assert.ok(reportBytes <= 4096);
    assert.equal(report?.source?.unreadableCount, 20);
    for (const shown of report.source.unreadable) assert.match(shown, /^\P{C}+$/u);
  });

  test('without a target, and with one that lacks the folder', async () => {
    const place = await newPlace({ x: '' });
    const alone = await backuper({ ...place, target: '/nonexistent/target' }, { task: 'probe' });
    assert.deepEqual([alone.outcome, alone.target], ['done', undefined]);
    const both = await backuper(place, { task: 'probe', into: 'not/yet' }, ROOT);
    assert.deepEqual([both.outcome, both.target?.entryCount], ['done', 0]);
    assert.deepEqual(await readdir(place.target), []);
  });
});

function probeArguments(): string[] {
  const rest = ['mode=mirror', 'generation=', 'live=0', 'shrink=0', 'checksum=0', 'bandwidth=0'];
  return ['probe', 'identity=owner', 'sub=', 'into=', ...rest];
}
