import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCatalog } from '../../src/archive/catalog.ts';
import { formatArchiveName } from '../../src/model/archive-name.ts';
import { planRotation, type RotationDecision } from '../../src/retention/plan.ts';
import { executeRotation } from '../../src/retention/rotate.ts';
import {
  archiveOf,
  incompleteManifestOf,
  SMALL,
  temporaryFolder,
  writeArchive,
} from '../archive/zip-fixtures.ts';

const BACKUP = 'openshift-backup';
const FOREIGN = [
  'photos.zip',
  'notes.txt',
  `.${BACKUP}-20261101T001500Z.zip.1-2-3.draft`,
  '.nfs0001',
  'photos.zip.sha256',
];

function fileOf(day: number, isComplete = true): string {
  return formatArchiveName(BACKUP, new Date(Date.UTC(2026, 10, day, 0, 15)), isComplete);
}

/** Fifteen nights, of which the second was incomplete, and files of others. */
async function fillFolder(dir: string): Promise<void> {
  const complete = await archiveOf(SMALL);
  for (let day = 1; day <= 15; day++) await writeArchive(dir, fileOf(day), complete);
  await rm(join(dir, fileOf(2)));
  await rm(join(dir, `${fileOf(2)}.sha256`));
  await writeArchive(dir, fileOf(2, false), await archiveOf(SMALL, incompleteManifestOf(SMALL)));
  for (const file of FOREIGN) await writeFile(join(dir, file), 'x');
}

async function decide(dir: string): Promise<RotationDecision[]> {
  const policy = { retainDays: 7, keepLastCount: 3 };
  const entries = await readCatalog(dir);
  // Files that were written now are young; here they are as old as their names say.
  const dated = entries.map((entry) => ({ ...entry, modifiedAt: entry.name.startedAt }));
  return planRotation(dated, policy, {
    now: new Date(Date.UTC(2026, 10, 15, 1)),
    backup: BACKUP,
    clusterId: 'cluster-a',
    selection: '',
  });
}

test('A rotation removes the decided archives with their checksum files, and nothing else', async (t) => {
  const dir = await temporaryFolder(t);
  await fillFolder(dir);
  const result = await executeRotation(dir, await decide(dir));
  const gone = [7, 6, 5, 4, 3, 2, 1].map((day) => fileOf(day, day !== 2));
  assert.deepEqual(result, { removed: gone, problems: [] });
  const stay = [8, 9, 10, 11, 12, 13, 14, 15].map((day) => fileOf(day));
  assert.deepEqual(
    (await readdir(dir)).toSorted(),
    [...stay, ...stay.map((file) => `${file}.sha256`), ...FOREIGN].toSorted(),
  );
  assert.deepEqual(await executeRotation(dir, await decide(dir)), { removed: [], problems: [] });
});

test('Two rotations at once remove what one would', async (t) => {
  const dir = await temporaryFolder(t);
  await fillFolder(dir);
  const decisions = await decide(dir);
  const results = await Promise.all([executeRotation(dir, decisions), executeRotation(dir, decisions)]);
  for (const { removed, problems } of results) {
    assert.equal(removed.length, 7);
    assert.deepEqual(problems, []);
  }
  assert.equal((await readCatalog(dir)).length, 8);
});

test('What cannot be removed is reported, and the rest goes', async (t) => {
  const dir = await temporaryFolder(t);
  await fillFolder(dir);
  const decisions = await decide(dir);
  // A folder in its place can't be unlinked, not even by root.
  await rm(join(dir, fileOf(5)));
  await mkdir(join(dir, fileOf(5)));
  await rm(join(dir, `${fileOf(4)}.sha256`));
  await mkdir(join(dir, `${fileOf(4)}.sha256`));
  const { removed, problems } = await executeRotation(dir, decisions);
  assert.deepEqual(
    removed,
    [7, 6, 4, 3, 2, 1].map((day) => fileOf(day, day !== 2)),
  );
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? '', /^Cannot remove .*20261105T001500Z\.zip: E/u);
  assert.match(problems[1] ?? '', /^Cannot remove .*20261104T001500Z\.zip\.sha256: E/u);
  const left = await readdir(dir);
  assert.ok(left.includes(`${fileOf(5)}.sha256`), 'the checksum of an archive that stays was removed');
});
