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
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { BackuperRequest } from '../../src/model/backuper.ts';
import { makeRichTree, manifest } from './rich-tree.ts';
import { backuper, FULL_ROOT, newFolder, OWNER, type Place, type Runner, skip } from './run-backuper.ts';

const NIGHTS = ['20261119T001500Z', '20261120T001500Z', '20261121T001500Z', '20261122T001500Z'] as const;
const [FIRST, SECOND, THIRD, FOURTH] = NIGHTS;

async function newPlace(other = 2000): Promise<Place> {
  const folder = await newFolder();
  const place = { folder, source: path.join(folder, 'source'), target: path.join(folder, 'target') };
  for (const side of [place.source, place.target]) await mkdir(side);
  await makeRichTree(place.source, { one: 1000, other });
  await chown(place.target, 1000, 1000);
  return place;
}

function night(
  place: Place,
  generation: string,
  given: Partial<BackuperRequest> = {},
  runner: Runner = FULL_ROOT,
): ReturnType<typeof backuper> {
  return backuper(place, { mode: 'generations', generation, into: 'nights', ...given }, runner);
}

const at = (place: Place, ...parts: string[]): string => path.join(place.target, 'nights', ...parts);
const inode = async (file: string): Promise<number> => (await lstat(file)).ino;
/** How many links a file has says something of the other generations too. */
const withoutLinks = (text: string): string => text.replaceAll(/\|\d+$/gmu, '');

describe('Generations', { skip }, () => {
  for (const [name, runner, other] of [
    ['root', FULL_ROOT, 2000],
    ['the owner', OWNER, 1000],
  ] as const) {
    test(`as ${name}: each is whole, shares what is unchanged, and outlives its source`, async () => {
      const place = await newPlace(other);
      const identity = runner === OWNER ? 'owner' : 'root';
      if (runner === OWNER) await chown(place.target, 1000, 1000);
      const first = await night(place, FIRST, { identity }, runner);
      assert.deepEqual([first.outcome, first.target?.generations], ['done', [FIRST]], first.message);
      const before = manifest(place.source);
      assert.equal(manifest(at(place, FIRST)), before);
      await writeFile(path.join(place.source, 'empty-file'), 'changed');
      await chmod(path.join(place.source, 'sparse'), 0o600);
      const second = await night(place, SECOND, { identity, checksum: true }, runner);
      assert.deepEqual(
        [second.outcome, second.target?.generations],
        ['done', [FIRST, SECOND]],
        second.message,
      );
      assert.equal(withoutLinks(manifest(at(place, SECOND))), withoutLinks(manifest(place.source)));
      assert.equal(withoutLinks(manifest(at(place, FIRST))), withoutLinks(before));
      assert.equal(await inode(at(place, FIRST, 'one')), await inode(at(place, SECOND, 'one')));
      assert.notEqual(await inode(at(place, FIRST, 'sparse')), await inode(at(place, SECOND, 'sparse')));
      assert.equal(await inode(at(place, SECOND, 'one')), await inode(at(place, SECOND, 'shared/three')));
    });
  }

  test('that have expired go after a complete one, by name, and the new one never', async () => {
    const place = await newPlace();
    for (const name of [FIRST, SECOND]) assert.equal((await night(place, name)).outcome, 'done');
    await writeFile(at(place, 'notes'), 'of somebody');
    await mkdir(at(place, 'other'));
    const report = await night(place, THIRD, { expired: [FIRST, '20200101T000000Z', THIRD] });
    assert.deepEqual([report.outcome, report.target?.generations], ['done', [SECOND, THIRD]]);
    assert.deepEqual((await readdir(at(place))).toSorted(), [SECOND, THIRD, 'notes', 'other']);
    const probe = await backuper(place, { task: 'probe', mode: 'generations', into: 'nights' });
    assert.deepEqual([probe.target?.generations, probe.target?.entryCount], [[SECOND, THIRD], 29]);
  });

  test('of a user go too, when their folders are closed to writing', async () => {
    const place = await newPlace(1000);
    await chmod(path.join(place.source, 'private/deep'), 0o500);
    await chmod(path.join(place.source, 'private'), 0o500);
    for (const name of [FIRST, SECOND]) {
      const report = await night(
        place,
        name,
        { identity: 'owner', expired: name === SECOND ? [FIRST] : [] },
        OWNER,
      );
      assert.equal(report.outcome, 'done', report.message);
    }
    assert.deepEqual(await readdir(at(place)), [SECOND]);
  });

  test('stay when the new one fails, which gets no name', async () => {
    const place = await newPlace();
    await night(place, FIRST);
    execFileSync('find', [place.source, '-mindepth', '1', '-delete']);
    const report = await night(place, SECOND, { expired: [FIRST] });
    assert.deepEqual([report.outcome, await readdir(at(place))], ['shrunk', [FIRST]]);
    const allowed = await night(place, THIRD, { expired: [FIRST], mayShrink: true });
    assert.deepEqual([allowed.outcome, await readdir(at(place))], ['done', [THIRD]]);
  });

  test('that were interrupted are gone on with, without a change to a complete one', async () => {
    const place = await newPlace();
    await night(place, FIRST);
    const before = manifest(at(place, FIRST));
    // As an interrupted run leaves it: some files linked, one copied, one half there, one too many, others missing.
    const half = at(place, `.incomplete-${SECOND}`);
    execFileSync('cp', ['-al', at(place, FIRST), half]);
    await rm(path.join(half, 'shared'), { recursive: true });
    await writeFile(path.join(place.source, 'fresh'), 'new this night');
    execFileSync('cp', ['-a', path.join(place.source, 'fresh'), half]);
    const copiedInode = await inode(path.join(half, 'fresh'));
    await writeFile(path.join(half, '.half.Xy12ab'), 'half');
    await mkdir(at(place, `.incomplete-20261101T001500Z/old`), { recursive: true });
    await mkdir(at(place, `.removing-20261101T001500Z/old`), { recursive: true });
    // These would be changed in both, if the two were still one file.
    await chmod(path.join(place.source, 'empty-file'), 0o600);
    await utimes(path.join(place.source, 'one'), 1e9, 1e9);
    const report = await night(place, THIRD);
    assert.deepEqual([report.outcome, report.verification?.differences], ['done', []], report.message);
    assert.deepEqual(await readdir(at(place)), [FIRST, THIRD]);
    assert.equal(withoutLinks(manifest(at(place, FIRST))), withoutLinks(before));
    assert.equal(withoutLinks(manifest(at(place, THIRD))), withoutLinks(manifest(place.source)));
    assert.equal(await inode(at(place, THIRD, 'fresh')), copiedInode, 'what was copied is not copied again');
  });

  test('that are complete already are compared, and not touched', async () => {
    const place = await newPlace();
    await night(place, FIRST);
    const before = manifest(at(place, FIRST));
    const again = await night(place, FIRST);
    assert.deepEqual([again.outcome, again.copied], ['done', undefined]);
    await writeFile(path.join(place.source, 'one'), 'changed');
    assert.equal((await night(place, FIRST)).outcome, 'unequal');
    assert.equal(manifest(at(place, FIRST)), before);
  });

  test('can be compared later, by name', async () => {
    const place = await newPlace();
    for (const name of [FIRST, SECOND]) await night(place, name);
    assert.equal((await night(place, FIRST, { task: 'verify' })).outcome, 'done');
    await chmod(at(place, FIRST, 'empty'), 0o700);
    assert.equal((await night(place, FIRST, { task: 'verify' })).outcome, 'unequal');
    assert.equal((await night(place, SECOND, { task: 'verify' })).outcome, 'done');
    assert.equal((await night(place, FOURTH, { task: 'verify' })).outcome, 'missing-folder');
  });

  test('keep apart what is no hard link any more, though it looks the same', async () => {
    const place = await newPlace();
    await night(place, FIRST);
    const three = path.join(place.source, 'shared/three');
    execFileSync('cp', ['-a', three, `${three}.new`]);
    await rename(`${three}.new`, three);
    const report = await night(place, SECOND);
    assert.equal(report.outcome, 'done', report.verification?.differences.join('\n'));
    assert.equal(await readFile(at(place, SECOND, 'shared/three'), 'utf8'), 'linked');
  });
});
